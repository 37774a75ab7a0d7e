"""Calibration is told apart from chance."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bucketlens.evaluation.calibration import calibration_error, measure_calibration, reliability

if TYPE_CHECKING:
    from numpy.typing import NDArray


def confidences(count: int) -> NDArray[np.float64]:
    """Confidences as a classifier gives them: most of them high."""
    return np.random.default_rng(1).beta(4.0, 1.0, count)


def answers(confidence: NDArray[np.float64], seed: int = 2) -> NDArray[np.bool_]:
    """Answers that are right as often as they are said to be."""
    return np.random.default_rng(seed).random(len(confidence)) < confidence


def test_a_perfect_calibrator_is_within_what_chance_shows():
    """Confidences that hold are not called wrong, for few answers or many."""
    for count in (100, 600, 5000):
        said = confidences(count)
        measured = measure_calibration(said, answers(said), resamples=200)
        assert measured is not None
        assert measured.error <= measured.perfect_high


def test_a_broken_calibrator_is_measured_as_broken_as_it_is():
    """Who says 90 where 70 is true has an error of 0.2, whatever the number of answers."""
    for count in (200, 2000):
        said = np.full(count, 0.9)
        errors = [
            calibration_error(said, answers(np.full(count, 0.7), seed).astype(float))
            for seed in range(50)
        ]
        assert np.mean(errors) == pytest.approx(0.2, abs=0.01)


def test_the_correction_takes_away_what_chance_adds():
    """Plain equal-mass bins show 0.03 on 600 perfect answers; corrected they show less than half.

    Mean over repetitions; the plain error is computed here as everybody does.
    """
    said = confidences(600)
    plain, corrected = [], []
    for seed in range(60):
        hit = answers(said, seed).astype(float)
        bins = reliability(said, hit)
        plain.append(sum(b.count * abs(b.confidence - b.right) for b in bins) / 600)
        corrected.append(calibration_error(said, hit))
    assert np.mean(plain) > 0.03
    assert np.mean(corrected) < 0.5 * np.mean(plain) + 0.01


def test_the_interval_holds_the_error_of_a_broken_calibrator():
    """The truth (0.1 here) lies in the interval, and the measured error too."""
    said = np.full(1000, 0.8)
    measured = measure_calibration(said, answers(said - 0.1), resamples=300)
    assert measured is not None
    assert measured.low < 0.1 < measured.high
    assert measured.low < measured.error < measured.high


def test_answers_of_one_photo_are_drawn_together():
    """Ten equal answers of each of 100 photos are worth 100 answers: the interval is wider."""
    said = np.full(1000, 0.9)
    hit = np.repeat(answers(np.full(100, 0.7)), 10)
    apart = measure_calibration(said, hit, resamples=300)
    together = measure_calibration(
        said, hit, groups=np.repeat(range(100), 10).tolist(), resamples=300
    )
    assert apart is not None
    assert together is not None
    assert together.high - together.low > 2.0 * (apart.high - apart.low)


def test_bins_hold_equally_many_answers_in_order():
    """The diagram's bins are of equal mass and climb."""
    bins = reliability(confidences(603), answers(confidences(603)).astype(float))
    assert len(bins) == 15
    assert {b.count for b in bins} <= {40, 41}
    assert all(a.high <= b.low for a, b in pairwise(bins))


def test_few_answers_have_few_bins():
    """Thirty answers make one bin: two would be mostly noise."""
    assert len(reliability(confidences(30), answers(confidences(30)).astype(float))) == 1


def test_nothing_is_measured_of_nothing():
    """No answers, no number."""
    assert measure_calibration([], []) is None


def test_the_same_answers_give_the_same_numbers():
    """Chance is drawn from a fixed seed."""
    said = confidences(100)
    first, second = (measure_calibration(said, answers(said), resamples=50) for _ in range(2))
    assert first == second
