"""Where the outputs of the models meet the taxonomy.

A class of a model stands for one label; a label's own mass is the sum over the *set* of classes
below it (never over edges: a breed that is both a Dog and a Pet counts once for Animal).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bucketlens.scores import decode_probabilities

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bucketlens.labels.taxonomy import Taxonomy
    from bucketlens.types import ClassScores, Detection, Scores


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the models say of each label of the taxonomy; arrays are indexed by label.

    Attributes:
        mass: Probability that the classifier gives to the label's set of classes, 0 to 1.
        energy: Of the classifier's view of the picture; None without a classifier.
        margin: How far the first class is ahead of the second, in log-probability.
        found: Score of the surest detection of the label or of one below it, 0 to 1.
        detections: For each detection, the label that it is an instance of.
    """

    mass: NDArray[np.float64]
    energy: float | None
    margin: float
    found: dict[int, float]
    detections: tuple[tuple[int, Detection], ...]


class LabelSpace:
    """The classes of one classifier and one detector, placed in a taxonomy.

    Args:
        taxonomy: All labels; must know each class (see ``Taxonomy.with_labels``).
        classifier: Source ids or names of the classifier's outputs, by index.
        detector: The same of the detector.
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
        self._edge_class = np.array([c for c, _ in edges], dtype=np.int64)
        self._edge_label = np.array([label for _, label in edges], dtype=np.int64)
        self.classified = frozenset(label for _, label in edges)
        self.detected = frozenset(label for leaf in self.objects for label in above[leaf])

    def evidence(self, scores: Scores) -> Evidence:
        """Read the stored scores as evidence for labels."""
        found: dict[int, float] = {}
        detections = []
        for detection in scores.detections:
            label = self.objects[detection.class_index]
            detections.append((label, detection))
            for above in self.above[label]:
                found[above] = max(found.get(above, 0.0), detection.score)
        views = scores.classes
        return Evidence(
            mass=self._mass(views),
            energy=views[0].energy if views else None,
            margin=_margin(views[0]) if views else 0.0,
            found=found,
            detections=tuple(detections),
        )

    def class_probabilities(self, said: ClassScores) -> NDArray[np.float64]:
        """Probabilities of one view's classes, summing to 1."""
        probabilities = decode_probabilities(said.codes)
        if len(probabilities) != len(self.classes):
            raise ValueError(
                f"the scores are of {len(probabilities)} classes, the model has {len(self.classes)}"
            )
        return probabilities / max(float(probabilities.sum()), 1e-12)

    def _mass(self, views: Sequence[ClassScores]) -> NDArray[np.float64]:
        total = np.zeros(len(self.taxonomy.labels))
        if not views:
            return total
        mean = np.mean([self.class_probabilities(view) for view in views], axis=0)
        return np.bincount(
            self._edge_label, weights=mean[self._edge_class], minlength=len(total)
        ).clip(max=1.0)

    def _with_ancestors(self, label: int) -> tuple[int, ...]:
        return (label, *self.taxonomy.ancestor_indices(label))


def _margin(view: ClassScores) -> float:
    """The top-2 margin from the codes alone: the gap of the two least depths."""
    depths = np.frombuffer(view.codes, dtype=np.uint8)
    if len(depths) < 2:  # noqa: PLR2004 - two are compared
        return 0.0
    first, second = np.partition(depths, 1)[:2].astype(np.float64)
    return float((second**2 - first**2) * 16.0 / 255.0**2)
