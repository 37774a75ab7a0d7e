"""Holding what is shown against what is true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bucketlens.evaluation.truth import Truth, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketlens.evaluation.answers import Answer, Shown

BAD = (Verdict.WRONG, Verdict.SILLY)
CERTAIN = (Verdict.RIGHT, *BAD)
"""The verdicts on labels that could be judged."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A shown label and the verdict on it."""

    shown: Shown
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class JudgedPhoto:
    """A photo with all that was shown of it, judged.

    Attributes:
        index: The photo's place in its set.
    """

    index: int
    truth: Truth
    answer: Answer
    labels: tuple[Judged, ...]

    def with_verdict(self, *verdicts: Verdict) -> tuple[Judged, ...]:
        """The labels that were judged so."""
        return tuple(judged for judged in self.labels if judged.verdict in verdicts)


def judge(truths: Sequence[Truth | None], answers: Sequence[Answer | None]) -> list[JudgedPhoto]:
    """Judge what is shown; photos without a truth or without an answer are left out."""
    return [
        JudgedPhoto(
            index,
            truth,
            answer,
            tuple(
                Judged(shown, truth.verdict(shown.label, found=shown.found))
                for shown in answer.shown
            ),
        )
        for index, (truth, answer) in enumerate(zip(truths, answers, strict=True))
        if truth is not None and answer is not None
    ]
