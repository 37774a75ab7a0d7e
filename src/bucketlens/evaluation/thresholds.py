"""What other thresholds would give, so that users can choose theirs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from bucketlens.evaluation.judging import judge
from bucketlens.evaluation.metrics import Share, coverage_of, precision_of, recall_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bucketlens.evaluation.answers import Answer
    from bucketlens.evaluation.truth import Truth


class SweepRow(msgspec.Struct, frozen=True, kw_only=True):
    """What another threshold would give."""

    threshold: float
    precision: Share
    recall: Share
    coverage: Share
    without_label: int
    labels_per_photo: float


def sweep(
    truths: Sequence[Truth | None],
    answers: Sequence[Answer | None],
    thresholds: Iterable[tuple[float, Sequence[float]]],
) -> tuple[SweepRow, ...]:
    """What other thresholds would give.

    Args:
        truths: Of each photo.
        answers: Of each photo; ``offered`` must reach down to the lowest threshold.
        thresholds: Pairs of a common threshold and that of each label under it, 0 to 100.
    """
    rows = []
    for common, each in thresholds:
        cut = [None if answer is None else _cut(answer, each) for answer in answers]
        photos = judge(truths, cut)
        rows.append(
            SweepRow(
                threshold=common,
                precision=precision_of(photos),
                recall=recall_of(photos),
                coverage=coverage_of(photos),
                without_label=sum(not photo.labels for photo in photos),
                labels_per_photo=sum(len(p.labels) for p in photos) / max(1, len(photos)),
            )
        )
    return tuple(rows)


def _cut(answer: Answer, thresholds: Sequence[float]) -> Answer:
    kept = tuple(s for s in answer.offered if s.confidence >= thresholds[s.label])
    return replace(answer, shown=kept)
