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
        said = [self.class_probabilities(view) for view in views]
        mean = said[0] if len(said) == 1 else np.mean(said, axis=0)
        return np.bincount(
            self._edge_label, weights=mean[self._edge_class], minlength=len(total)
        ).clip(max=1.0)

    def _with_ancestors(self, label: int) -> tuple[int, ...]:
        return (label, *self.taxonomy.ancestor_indices(label))
