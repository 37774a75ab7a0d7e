"""What bucketlens says of a photo, in the terms that it is measured in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bucketlens.evaluation.truth import FOUND

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bucketlens.labels.space import Evidence, LabelSpace
    from bucketlens.labels.view import View
    from bucketlens.records import ImageFacts, LabelRecord
    from bucketlens.types import Label, Scores

TOP = 5
"""Classes that are ranked, for top-1 and top-5."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One label that is shown.

    Attributes:
        label: Index of the taxonomy.
        confidence: 0 to 100.
        found: Whether the detector found such an object.
        area: Of its largest box, in pixels; None without boxes.
    """

    label: int
    confidence: float
    found: bool
    area: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one photo.

    Attributes:
        shown: The labels that users see, surest first.
        offered: The labels that a lower threshold would show, for the sweep.
        ranked: The classifier's surest classes with their probabilities, at most five.
    """

    shown: tuple[Shown, ...]
    offered: tuple[Shown, ...] = ()
    ranked: tuple[tuple[int, float], ...] = ()


class AnswerReader:
    """Reads records as answers.

    Args:
        view: What made the labels.
        display_names: Names that labels are shown under, by their own.
        low: The same view with a low threshold, to know what other thresholds would show.
    """

    def __init__(
        self, view: View, *, display_names: Mapping[str, str] | None = None, low: View | None = None
    ) -> None:
        """Index the names that labels are shown under."""
        shown_as = display_names or {}
        self._space = view.space
        self._low = low
        self._index = {
            shown_as.get(label.name, label.name): i for i, label in enumerate(view.taxonomy.labels)
        }

    def read(self, record: LabelRecord) -> Answer:
        """The answer that a record holds."""
        scores = record.scores
        evidence = self._space.evidence(scores)
        return Answer(
            shown=self.shown(record.labels, evidence, record.image),
            offered=(
                self.shown(self._low.labels(scores), evidence, record.image) if self._low else ()
            ),
            ranked=rank_classes(self._space, scores),
        )

    def shown(
        self, labels: Sequence[Label], evidence: Evidence, image: ImageFacts
    ) -> tuple[Shown, ...]:
        """Labels with what speaks for them."""
        return tuple(
            Shown(
                label=self._index[label.name],
                confidence=label.confidence,
                found=evidence.found.get(self._index[label.name], 0.0) >= FOUND,
                area=_largest(label, image),
            )
            for label in labels
        )


def rank_classes(
    space: LabelSpace, scores: Scores, count: int = TOP
) -> tuple[tuple[int, float], ...]:
    """The classifier's surest classes, surest first, with their probabilities (0 to 1)."""
    if not scores.classes:
        return ()
    mean = np.mean([space.class_probabilities(view) for view in scores.classes], axis=0)
    order = np.argsort(-mean, kind="stable")[:count]
    return tuple((int(c), float(mean[c])) for c in order)


def _largest(label: Label, image: ImageFacts) -> float | None:
    boxes = [place.bounding_box for place in label.instances]
    pixels = image.width * image.height
    return max((box.width * box.height * pixels for box in boxes), default=None)
