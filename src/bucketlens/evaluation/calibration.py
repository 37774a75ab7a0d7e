"""How far confidences are from the share that is right.

The expected calibration error of n answers is the mean distance, over bins of answers of like
confidence, between the mean confidence and the share that is right. Plainly computed it is too
large: even a perfect calibrator's answers are right a little more or less often than it says in
each bin. So each bin's distance is corrected by what chance alone adds to it, and beside the result
stands what a perfect calibrator would show on as many answers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BINS = 15
LEAST_IN_BIN = 20
"""Answers in a bin at least: with fewer, its share says nothing, so there are fewer bins."""

RESAMPLES = 1000
SEED = 20260
OUTER = (2.5, 97.5)
"""Percentiles of a 95 % interval."""

HARDLY_CHANCE = 95.0
"""The percentile of what a perfect calibrator shows that is told beside its mean."""


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """Answers of like confidence.

    Attributes:
        low: Least confidence in it, 0 to 1.
        high: Largest confidence in it, 0 to 1.
        count: Answers.
        confidence: Their mean confidence, 0 to 1.
        right: The share of them that is right, 0 to 1.
    """

    low: float
    high: float
    count: int
    confidence: float
    right: float


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """How well confidences can be taken at their word.

    Attributes:
        count: Answers.
        error: Expected calibration error, equal-mass bins, debiased, 0 to 1.
        low: Lower end of its 95 % bootstrap interval.
        high: Upper end of it.
        perfect: The mean error that a perfect calibrator shows on as many answers.
        perfect_high: The 95th percentile of that: more is hardly chance.
        confidence: Mean confidence; more than ``right`` is over-confident.
        right: Share that is right.
        bins: The reliability diagram.
    """

    count: int
    error: float
    low: float
    high: float
    perfect: float
    perfect_high: float
    confidence: float
    right: float
    bins: tuple[Bin, ...]


def measure_calibration(
    confidence: Sequence[float] | NDArray[np.float64],
    right: Sequence[bool] | NDArray[np.bool_],
    *,
    groups: Sequence[int] | None = None,
    resamples: int = RESAMPLES,
) -> Calibration | None:
    """Measure calibration; None without answers. The same input gives the same result.

    Args:
        confidence: Of each answer, 0 to 1, (n,).
        right: Whether it was right, (n,).
        groups: What each answer belongs to (its photo), (n,): answers of one group are drawn
            together in the bootstrap, since they are right or wrong together.
        resamples: Draws for the interval and for the perfect calibrator.
    """
    said = np.asarray(confidence, dtype=np.float64)
    hit = np.asarray(right, dtype=np.float64)
    if len(said) == 0:
        return None
    random = np.random.default_rng(SEED)
    members = _members(groups, len(said))
    drawn = []
    for _ in range(resamples):
        rows = _draw(members, random)
        drawn.append(calibration_error(said[rows], hit[rows]))
    error = calibration_error(said, hit)
    # Drawing with replacement repeats answers, which adds to the error: that much is taken off.
    low, high = np.maximum(np.percentile(drawn, OUTER) - (np.mean(drawn) - error), 0.0)
    perfect = [
        calibration_error(said, (random.random(len(said)) < said).astype(np.float64))
        for _ in range(resamples)
    ]
    return Calibration(
        count=len(said),
        error=error,
        low=float(low),
        high=float(high),
        perfect=float(np.mean(perfect)),
        perfect_high=float(np.percentile(perfect, HARDLY_CHANCE)),
        confidence=float(said.mean()),
        right=float(hit.mean()),
        bins=reliability(said, hit),
    )


def calibration_error(
    confidence: NDArray[np.float64], right: NDArray[np.float64], *, bins: int = BINS
) -> float:
    """Expected calibration error with equal-mass bins, debiased, 0 to 1.

    Args:
        confidence: Of each answer, 0 to 1, (n,).
        right: 1 where it was right, 0 where not, (n,).
        bins: At most so many.
    """
    counts, said, hit, _ = _binned(confidence, right, bins)
    gap = np.abs(hit - said)
    # Chance moves a bin's share by about this much; a share of 0 or 1 would claim that it moves by
    # nothing, so one answer that is as right as it said counts along.
    share = (hit * counts + said) / (counts + 1.0)
    spread = np.sqrt(share * (1.0 - share) / counts)
    debiased = 2.0 * gap - _folded_mean(gap, spread)
    return max(0.0, float((counts * debiased).sum() / counts.sum()))


def reliability(
    confidence: NDArray[np.float64], right: NDArray[np.float64], *, bins: int = BINS
) -> tuple[Bin, ...]:
    """The bins, lowest confidence first; arguments as for :func:`calibration_error`."""
    counts, said, hit, edges = _binned(confidence, right, bins)
    return tuple(
        Bin(low=float(low), high=float(high), count=int(n), confidence=float(s), right=float(h))
        for n, s, h, (low, high) in zip(counts, said, hit, edges, strict=True)
    )


def _binned(
    confidence: NDArray[np.float64], right: NDArray[np.float64], bins: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Counts, mean confidences, shares and (lowest, highest) confidence of equal-mass bins."""
    order = np.argsort(confidence, kind="stable")
    said, hit = confidence[order], right[order]
    many = max(1, min(bins, len(said) // LEAST_IN_BIN))
    starts = np.arange(many) * len(said) // many
    counts = np.diff(np.append(starts, len(said))).astype(np.float64)
    edges = np.stack([said[starts], said[np.append(starts[1:], len(said)) - 1]], axis=1)
    mean_said = np.add.reduceat(said, starts) / counts
    mean_hit = np.add.reduceat(hit, starts) / counts
    return counts, mean_said, mean_hit, edges


def _folded_mean(mean: NDArray[np.float64], spread: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean magnitude of a normal variable: what a distance is on average, chance included."""
    safe = np.maximum(spread, 1e-12)
    ratio = mean / safe
    inner: NDArray[np.float64] = np.array([math.erf(r / math.sqrt(2.0)) for r in ratio.tolist()])
    near: NDArray[np.float64] = safe * math.sqrt(2.0 / math.pi) * np.exp(-0.5 * ratio**2)
    return near + mean * inner


def _members(groups: Sequence[int] | None, count: int) -> list[NDArray[np.intp]]:
    """The rows of each group."""
    if groups is None:
        return [np.array([row]) for row in range(count)]
    order = np.argsort(groups, kind="stable")
    _, starts = np.unique(np.asarray(groups)[order], return_index=True)
    return np.split(order, starts[1:])


def _draw(members: list[NDArray[np.intp]], random: np.random.Generator) -> NDArray[np.intp]:
    """Rows of as many groups as there are, drawn with replacement."""
    chosen = random.integers(len(members), size=len(members))
    return np.concatenate([members[i] for i in chosen.tolist()])
