"""Which labels of many images are shown, and those labels: a :class:`View` on a batch."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bucketlens.labels.batch import BatchFormula
from bucketlens.labels.packing import unpack
from bucketlens.labels.stacking import STEPS, stack
from bucketlens.labels.view import DIGITS
from bucketlens.types import Scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bucketlens.labels.batch import Floats, Integers
    from bucketlens.labels.carried import CarriedScores
    from bucketlens.labels.packing import PackedMany
    from bucketlens.labels.stacking import Stack
    from bucketlens.labels.view import View
    from bucketlens.types import Instance, Label

BATCH = 64
"""Images that are best done at once: their arrays stay in the cache of one processor."""

HALF = 1e-3
"""So near to the middle between two rounded numbers, Python decides which one it becomes."""


class Shown(NamedTuple):
    """The labels of several images, each image's surest first, then by name.

    Attributes:
        image: Place of the image among them.
        label: Index in the taxonomy.
        confidence: 0 to 100, rounded.
        instances: In how many places of the image it is shown.
    """

    image: Integers
    label: Integers
    confidence: Floats
    instances: Integers


class BatchView:
    """Labels of many images at once, the same as those of the view.

    Args:
        view: Whose labels are made.
    """

    def __init__(self, view: View) -> None:
        """Work out all that does not depend on photos."""
        self.view = view
        self._shows = "GENERAL_LABELS" in view.settings.features
        self._formula = BatchFormula(view.formula, view.space)
        labels = range(len(view.taxonomy.labels))
        rules = view.rules
        self._thresholds = np.array(rules.thresholds)
        self._may = np.array([label in rules.shown for label in labels])
        self._follows = self._may & np.array([label not in rules.own for label in labels])
        names = [shape.name for shape in view.shapes]
        self._ranks = np.unique(np.array(names, dtype=object), return_inverse=True)[1]
        self._objects = np.array(view.space.objects, dtype=np.int64)
        self._sureness = np.array([100.0 * view.sureness(s / STEPS) for s in range(STEPS + 1)])

    def shown(self, many: PackedMany) -> tuple[Shown, Integers]:
        """The labels of images, and the places of images that only the view itself can do."""
        stacked = unpack(many, len(self.view.space.classes), len(self._objects))
        return self._shown(stacked, self._placed(stacked)), stacked.odd

    def labels(self, many: Sequence[Scores | CarriedScores]) -> list[tuple[Label, ...]]:
        """The labels of each image."""
        stacked = stack(many, len(self.view.space.classes), len(self._objects))
        placed = self._placed(stacked)
        shown = self._shown(stacked, placed)
        instances = self._instances(many, stacked, placed)
        labels: list[list[Label]] = [[] for _ in many]
        for image, label, confidence in zip(
            shown.image.tolist(), shown.label.tolist(), shown.confidence.tolist(), strict=True
        ):
            places = instances.get((image, label), ())
            labels[image].append(self.view.label(label, confidence, places))
        done = [tuple(one) for one in labels]
        for image in stacked.odd.tolist():
            odd = many[image]
            done[image] = self.view.labels(odd if isinstance(odd, Scores) else odd.whole())
        return done

    def _placed(self, stacked: Stack) -> Integers:
        """The detections that are sure enough to be shown as a place of their label."""
        if not len(stacked.kind):
            return stacked.kind
        sureness = self._sureness[stacked.score]
        placed: Integers = (sureness >= self._thresholds[self._objects[stacked.kind]]).nonzero()[0]
        return placed

    def _shown(self, stacked: Stack, placed: Integers) -> Shown:
        count, images = len(self._thresholds), len(stacked.codes)
        if not self._shows:
            return Shown(*(np.zeros(0, dtype=np.int64),) * 2, np.zeros(0), placed[:0])
        confidences = self._formula.confidences(stacked, self.view.rules.lowest / 100.0).ravel()
        known = (confidences > 0.0).nonzero()[0]
        label = known % count
        sure = known[self._may[label] & (100.0 * confidences[known] >= self._thresholds[label])]
        marked = np.zeros(len(confidences), dtype=np.bool_)
        place, above = self._formula.above.of(sure % count)
        follows = self._follows[above]
        marked[(sure - sure % count)[place[follows]] + above[follows]] = True
        marked[sure] = True
        chosen = marked.nonzero()[0]
        image, label = np.divmod(chosen, count)
        confidence = _rounded(100.0 * confidences[chosen])
        owners = stacked.image[placed] * count + self._objects[stacked.kind[placed]]
        instances = np.bincount(owners, minlength=images * count)[chosen]
        order = np.lexsort((label, self._ranks[label], -confidence, image))
        firsts = np.searchsorted(image, np.arange(images))
        order = order[np.arange(len(order)) - firsts[image] < self.view.settings.max_labels]
        return Shown(image[order], label[order], confidence[order], instances[order])

    def _instances(
        self, many: Sequence[Scores | CarriedScores], stacked: Stack, placed: Integers
    ) -> dict[tuple[int, int], list[Instance]]:
        """The places of each label of each image, surest first."""
        instances: dict[tuple[int, int], list[Instance]] = defaultdict(list)
        firsts = np.searchsorted(stacked.image, np.arange(len(many)))
        order = placed[np.lexsort((-stacked.score[placed], stacked.image[placed]))]
        image, score = stacked.image[order], stacked.score[order]
        within = order - firsts[image]
        labels = self._objects[stacked.kind[order]]
        for place, label, number, confidence in zip(
            image.tolist(),
            labels.tolist(),
            within.tolist(),
            self._sureness[score].tolist(),
            strict=True,
        ):
            seen = many[place]
            detection = (
                seen.detections[number] if isinstance(seen, Scores) else seen.detection(number)
            )
            instances[place, label].append(self.view.instance(detection, confidence))
        for places in instances.values():
            places.sort(key=lambda one: -one.confidence)
        return instances


def _rounded(values: Floats) -> Floats:
    """As ``round(value, DIGITS)`` for each."""
    scale = 10.0**DIGITS
    scaled = values * scale
    rounded: NDArray[np.float64] = np.rint(scaled) / scale
    for place in (np.abs(scaled % 1.0 - 0.5) < HALF).nonzero()[0].tolist():
        rounded[place] = round(float(values[place]), DIGITS)
    return rounded
