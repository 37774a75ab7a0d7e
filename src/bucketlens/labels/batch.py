"""The view of many images at once: what :class:`View` does, as operations on arrays.

The labels are the same to the bit. Sums of stored probabilities are exact, scores of detections
have four digits, so that what follows from one is looked up, and logarithms of NumPy, which may
differ from those of Python in their last bit, only choose which few labels are worked out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bucketlens.labels.combination import (
    CANDIDATE_MASS,
    LEAST_MASS,
    found_log_odds,
    logit,
    sigmoid,
)
from bucketlens.labels.formula import MOST_MASS, SLACK, SMALLEST
from bucketlens.labels.space import COUNTED, LEAST_TOTAL
from bucketlens.labels.stacking import STEPS
from bucketlens.scores import decode_probabilities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bucketlens.labels.formula import Formula
    from bucketlens.labels.space import LabelSpace
    from bucketlens.labels.stacking import Stack

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]


class Spread(NamedTuple):
    """Lists of numbers, one for each label, behind one another."""

    starts: Integers
    sizes: Integers
    values: Integers

    def of(self, labels: Integers) -> tuple[Integers, Integers]:
        """For each number in the lists of these labels: the place among them, and the number."""
        sizes = self.sizes[labels]
        place = np.repeat(np.arange(len(labels)), sizes)
        ends = np.cumsum(sizes)
        within = np.arange(len(place)) - np.repeat(ends - sizes, sizes)
        return place, self.values[self.starts[labels][place] + within]


class Joins:
    """Joins classes for the labels that they belong to.

    Args:
        classes: With ``labels``: each pair of a class and a label that it adds to.
        labels: See ``classes``.
    """

    def __init__(self, classes: Integers, labels: Integers) -> None:
        """Sort the pairs by label."""
        order = np.argsort(labels, kind="stable")
        self._classes = classes[order]
        self.labels, self._starts = np.unique(labels[order], return_index=True)

    def apply(self, operation: np.ufunc, values: Integers) -> Integers:
        """Of classes x images, the sums (or largest) as labels x images."""
        joined: Integers = operation.reduceat(values[self._classes], self._starts)
        return joined


class Sums:
    """Adds up classes for the labels that they belong to, from running totals.

    In the order of the tree most labels are one run of classes, so that their sum is a difference
    of two totals. Exact for numbers whose sums are, as stored probabilities are.

    Args:
        classes: With ``labels``: each pair of a class and a label that it adds to.
        labels: See ``classes``.
        order: All classes, so that those of a label stand together if possible; values are in it.
        count: How many labels there are, those without classes among them.
    """

    def __init__(self, classes: Integers, labels: Integers, order: Integers, count: int) -> None:
        """Find the runs of each label."""
        at = np.argsort(order)[classes]
        sorting = np.lexsort((at, labels))
        at, labels = at[sorting], labels[sorting]
        new = np.ones(len(at) + 1, dtype=np.bool_)
        new[1:-1] = (labels[1:] != labels[:-1]) | (at[1:] != at[:-1] + 1)
        begins, ends, owners = at[new[:-1]], at[new[1:]] + 1, labels[new[:-1]]
        known, first = np.unique(owners, return_index=True)
        # A label without classes is an empty run.
        self._begins, self._ends = np.zeros((2, count), dtype=np.int64)
        self._begins[known], self._ends[known] = begins[first], ends[first]
        further = np.setdiff1d(np.arange(len(owners)), first)
        self._further = begins[further], ends[further], owners[further]

    def apply(self, values: Floats) -> Floats:
        """Of classes x images, the sums as labels x images."""
        totals = np.empty((len(values) + 1, values.shape[1]))
        totals[0] = 0.0
        np.cumsum(values, axis=0, out=totals[1:])
        sums = totals[self._ends]
        sums -= totals[self._begins]
        begins, ends, owners = self._further
        np.add.at(sums, owners, totals[ends] - totals[begins])
        return sums


class BatchFormula:
    """Confidences of the labels of many images; counterpart of ``Formula``.

    Args:
        formula: The weights of each label.
        space: The labels.
    """

    def __init__(self, formula: Formula, space: LabelSpace) -> None:
        """Work out all that does not depend on photos."""
        self._usual_energy = formula.usual_energy
        self._count = len(space.above)
        self._weights = np.array(formula.rows, dtype=np.float64).T
        sizes = np.array([len(above) for above in space.above], dtype=np.int64)
        flat = np.array([one for above in space.above for one in above], dtype=np.int64)
        self.above = Spread(np.cumsum(sizes) - sizes, sizes, flat)
        self._masses = None
        if space.classes:
            self._order = _in_tree_order(space)
            self._masses = Sums(space.edge_class, space.edge_label, self._order, self._count)
        self._probabilities = decode_probabilities(bytes(range(256)))
        self._kinds = len(space.objects)
        if self._kinds:
            kinds, labels = self.above.of(np.array(space.objects, dtype=np.int64))
            self._objects = Joins(kinds, labels)
            self._rows = np.full(self._count, len(self._objects.labels), dtype=np.int64)
            self._rows[self._objects.labels] = np.arange(len(self._objects.labels))
        steps = [step / STEPS for step in range(STEPS + 1)]
        self._found = np.array([found_log_odds(score) for score in steps])
        self._counted = np.array([score > COUNTED for score in steps])

    def confidences(self, stack: Stack, lowest: float) -> Floats:
        """The confidence (0 to 1) of each label, images x labels; 0 where it has no evidence.

        Args:
            stack: The images.
            lowest: 0 to 1; some that are lower are left out.
        """
        images = len(stack.codes)
        mass = self._mass(stack)
        candidates = mass > CANDIDATE_MASS
        if self._kinds:
            found, objects = self._detected(stack)
            candidates[self._objects.labels] |= found[:-1] >= 0
        label, image = np.divmod(candidates.ravel().nonzero()[0], max(images, 1))
        masses = mass[label, image].clip(LEAST_MASS, MOST_MASS)
        weights = self._weights[:, label]
        energy = np.where(np.isnan(stack.energy), 0.0, stack.energy - self._usual_energy)[image]
        terms = [weights[2] * energy, weights[3]]
        if self._kinds:
            row = self._rows[label]
            terms.append(weights[4] * self._found[found[row, image].clip(min=0)])
            counts = np.array([math.log1p(n) for n in range(int(objects.max(initial=0)) + 1)])
            terms.append(weights[5] * counts[objects[row, image]])
        else:
            terms.append(weights[4] * self._found[0])
        # NumPy's logarithm chooses, with a margin far beyond what it may differ by.
        least = logit(lowest, SMALLEST) - SLACK
        about = _added(weights[0] + weights[1] * np.log(masses / (1.0 - masses)), terms)
        kept = (about >= least - SLACK).nonzero()[0]
        exact = np.array([math.log(m / (1.0 - m)) for m in masses[kept].tolist()])
        first = weights[0, kept] + weights[1, kept] * exact
        log_odds = _added(first, [term[kept] for term in terms])
        own = np.array([sigmoid(one) for one in log_odds.tolist()])
        raised = np.zeros(images * self._count)
        place, above = self.above.of(label[kept])
        np.maximum.at(raised, image[kept][place] * self._count + above, own[place])
        return raised.reshape(images, self._count)

    def _mass(self, stack: Stack) -> Floats:
        """Of each label, labels x images."""
        if self._masses is None:
            return np.zeros((self._count, len(stack.codes)))
        # Codes are put in order, not what they stand for: they are an eighth as large.
        said = self._probabilities.take(stack.codes.T[self._order])
        mass = self._masses.apply(said)
        mass /= np.maximum(said.sum(axis=0), LEAST_TOTAL)
        return np.minimum(mass, 1.0, out=mass)

    def _detected(self, stack: Stack) -> tuple[Integers, Integers]:
        """Of each label that the detector knows: its surest score, -1 for none, and how many.

        One row more stands for all other labels.
        """
        shape = (self._kinds, len(stack.codes))
        place = stack.kind * shape[1] + stack.image
        surest = np.full(shape, -1, dtype=np.int64)
        np.maximum.at(surest.ravel(), place, stack.score)
        counted = place[self._counted[stack.score]]
        count = np.bincount(counted, minlength=shape[0] * shape[1]).reshape(shape)
        found = self._objects.apply(np.maximum, surest)
        objects = self._objects.apply(np.add, count)
        none = np.zeros((1, shape[1]), dtype=np.int64)
        return np.concatenate([found, none - 1]), np.concatenate([objects, none])


def _in_tree_order(space: LabelSpace) -> Integers:
    """The classifier's outputs by the way from the root to their label."""

    def way(label: int) -> tuple[int, ...]:
        parents = space.taxonomy.parent_indices(label)
        return (*way(parents[0]), label) if parents else (label,)

    ways = [way(label) for label in space.classes]
    return np.array(sorted(range(len(ways)), key=ways.__getitem__), dtype=np.int64)


def _added(first: Floats, terms: list[Floats]) -> Floats:
    """The sum, added in the order that the formula for one image adds in."""
    total = first
    for term in terms:
        total = total + term
    return total
