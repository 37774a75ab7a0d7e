"""Where the outputs of the models meet the taxonomy.

A class of a model stands for one label; a label's own mass is the sum over the *set* of classes
below it (never over edges: a breed that is both a Dog and a Pet counts once for Animal).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from bucketlens.scores import decode_probabilities

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bucketlens.labels.combination import Situation
    from bucketlens.labels.taxonomy import Taxonomy
    from bucketlens.types import ClassScores, Detection, Scores


LEAST_TOTAL = 1e-12
"""Of all probabilities of a picture, so that none is divided by zero."""

COUNTED = 0.2
"""Score from which a detection counts as one more object."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the models say of each label of the taxonomy; arrays are indexed by label.

    Attributes:
        mass: Probability that the classifier gives to the label's set of classes, 0 to 1.
        energy: Of the classifier's view of the picture; None without a classifier.
        found: Score of the surest detection of the label or of one below it, 0 to 1.
        objects: How many such detections are likely enough to count.
        detections: Each detection with the label that it is an instance of, surest first.
    """

    mass: NDArray[np.float64]
    energy: float | None
    found: dict[int, float]
    objects: dict[int, int]
    detections: tuple[tuple[int, Detection], ...]


class LabelSpace:
    """The classes of one classifier and one detector, placed in a taxonomy.

    Args:
        taxonomy: All labels; must know each class (see ``Taxonomy.with_labels``).
        classifier: Source ids or names of the classifier's outputs, by index.
        detector: The same of the detector.

    Attributes:
        classes: The label of each output of the classifier.
        objects: The label of each class of the detector.
        above: Each label, then all above it.
        edge_class: With ``edge_label``: each pair of a classifier's output and a label that it
            adds to.
        edge_label: See ``edge_class``.
        classified: Labels that the classifier knows something of.
        detected: Labels that the detector knows something of.
        breadth: The log of how many labels each label stands for.
        situations: Which of the models know each label, and how.
    """

    def __init__(
        self, taxonomy: Taxonomy, classifier: Sequence[str], detector: Sequence[str]
    ) -> None:
        """Work out which labels each class adds to."""
        self.taxonomy = taxonomy
        self.classes = tuple(taxonomy.index_of(name) for name in classifier)
        self.objects = tuple(taxonomy.index_of(name) for name in detector)
        above = [self._with_ancestors(label) for label in range(len(taxonomy.labels))]
        self.above = tuple(above)
        edges = [(c, label) for c, leaf in enumerate(self.classes) for label in above[leaf]]
        self.edge_class = np.array([c for c, _ in edges], dtype=np.int64)
        self.edge_label = np.array([label for _, label in edges], dtype=np.int64)
        self.classified = frozenset(label for _, label in edges)
        self.detected = frozenset(label for leaf in self.objects for label in above[leaf])
        below = [len(taxonomy.descendant_indices(label)) for label in range(len(taxonomy.labels))]
        self.breadth = tuple(math.log(1 + count) for count in below)
        self._named = frozenset(self.objects)
        self.situations = tuple(map(self.situation, range(len(taxonomy.labels))))

    def situation(self, label: int) -> Situation:
        """Which of the models know a label, and how."""
        if label not in self.classified:
            return "detected"
        if label not in self.detected:
            return "classified"
        return "named" if label in self._named else "above"

    def evidence(self, scores: Scores) -> Evidence:
        """Read the stored scores as evidence for labels."""
        found: dict[int, float] = {}
        objects: dict[int, int] = {}
        ordered = sorted(scores.detections, key=attrgetter("score"), reverse=True)
        detections = tuple((self.objects[d.class_index], d) for d in ordered)
        for label, detection in detections:
            if label not in found:  # else it, and so all above it, has a surer one
                for above in self.above[label]:
                    found.setdefault(above, detection.score)
            if detection.score > COUNTED:
                for above in self.above[label]:
                    objects[above] = objects.get(above, 0) + 1
        views = scores.classes
        return Evidence(
            mass=self._mass(views),
            energy=views[0].energy if views else None,
            found=found,
            objects=objects,
            detections=detections,
        )

    def class_probabilities(self, said: ClassScores) -> NDArray[np.float64]:
        """Probabilities of one view's classes, summing to 1."""
        probabilities = self._probabilities(said)
        return probabilities / max(float(probabilities.sum()), LEAST_TOTAL)

    def _probabilities(self, said: ClassScores) -> NDArray[np.float64]:
        probabilities = decode_probabilities(said.codes)
        if len(probabilities) != len(self.classes):
            raise ValueError(
                f"the scores are of {len(probabilities)} classes, the model has {len(self.classes)}"
            )
        return probabilities

    def _mass(self, views: Sequence[ClassScores]) -> NDArray[np.float64]:
        if len(views) == 1:
            # Sums of stored probabilities are exact, so those of many images at once are the same.
            said = self._probabilities(views[0])
            return (self._sums(said) / max(float(said.sum()), LEAST_TOTAL)).clip(max=1.0)
        if not views:
            return np.zeros(len(self.taxonomy.labels))
        mean = np.mean([self.class_probabilities(view) for view in views], axis=0)
        return self._sums(mean).clip(max=1.0)

    def _sums(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """For each label the sum over its classes."""
        weights = probabilities[self.edge_class]
        sums = np.bincount(self.edge_label, weights, len(self.taxonomy.labels))
        return sums.astype(np.float64, copy=False)

    def _with_ancestors(self, label: int) -> tuple[int, ...]:
        return (label, *self.taxonomy.ancestor_indices(label))
