"""The temperature at which a classifier's first class is as sure as it is right.

How far it still is from that, ``bucketlens.evaluation.calibration`` measures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def fit_temperature(logits: NDArray[np.floating], right_if_top: NDArray[np.bool_]) -> float:
    """Return the temperature at which the confidence of the top class is most believable.

    It minimises the log loss of "the top class is right", which is what users see, rather than
    that of the whole distribution.

    Args:
        logits: (N, C).
        right_if_top: Whether the class with the largest logit is right, (N,).
    """
    grid = np.geomspace(0.2, 5.0, 1200)
    losses = [_top_log_loss(logits, right_if_top, float(temperature)) for temperature in grid]
    return float(grid[int(np.argmin(losses))])


def top_confidence(logits: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """Return the probability of the top class at a temperature, (N,)."""
    scaled = np.asarray(logits, np.float64) / temperature
    top: NDArray[np.float64] = 1 / np.exp(scaled - scaled.max(axis=1, keepdims=True)).sum(axis=1)
    return top


def _top_log_loss(
    logits: NDArray[np.floating], right: NDArray[np.bool_], temperature: float
) -> float:
    top = np.clip(top_confidence(logits, temperature), 1e-12, 1 - 1e-12)
    return float(-np.log(np.where(right, top, 1 - top)).mean())
