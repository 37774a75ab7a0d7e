"""Where the 8-bit grids lie, and which grid point each weight goes to: numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Floats = npt.NDArray[np.floating]

LEVELS = 255
# Seven bits: processors without VNNI add two products of 8 by 8 bits in 16, and two of
# 255 x 64 just fit. With eight bits for the weights they saturate there, and only there.
LARGEST_WEIGHT = 64
LOW_SHARES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1)
HIGH_SHARES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5, 0.45, 0.4)
WEIGHT_SHARES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6)
DAMPING = 0.01
SMALLEST_STEP = 1e-4
SMALLEST_MOMENT = 1e-9


@dataclass(frozen=True)
class RoundedWeights:
    """The weights of one layer on their grid.

    Attributes:
        codes: int8, of the shape of the weights.
        scale: The step of each output channel, float32 (O,).
        bias_shift: What the bias must take back of the mean rounding error, (O,).
    """

    codes: npt.NDArray[np.int8]
    scale: npt.NDArray[np.float32]
    bias_shift: Floats


def narrowed(
    values: Floats, extremes: tuple[float, float], after: Callable[[Floats], Floats]
) -> tuple[float, float]:
    """Return the range whose 255 steps do the least harm to `after(values)`, squared and summed.

    Few values are far out, and a range that holds them all leaves coarse steps to the rest.
    """
    exact = after(values)
    low, high = min(extremes[0], 0.0), max(extremes[1], 0.0)
    ranges = [
        (low * below, high * above)
        for below in (LOW_SHARES if low < 0 else (1.0,))
        for above in HIGH_SHARES
    ]
    harm = [np.mean(np.square(after(on_grid(values, *one)) - exact)) for one in ranges]
    return ranges[int(np.argmin(harm))]


def on_grid(values: Floats, low: float, high: float) -> Floats:
    """Return the values as 8 bits over a range that holds zero would keep them."""
    step = (high - low) / LEVELS
    zero = np.rint(-low / step)
    return (np.clip(np.rint(values / step) + zero, 0, LEVELS) - zero) * step


def round_weights(
    weights: Floats, rows: Floats, smallest_step: float | None = None
) -> RoundedWeights:
    """Round a layer's weights so that its outputs, rather than its weights, change least.

    One input after the other is rounded, and the error that this makes on the calibration
    inputs is taken back as far as possible by the inputs that are still to come (the method
    known as GPTQ or optimal brain quantisation).

    Args:
        weights: (O, ...).
        rows: Inputs of the layer, (M, K), where K weights belong to each output; or (M, O, K)
            where each output has inputs of its own.
        smallest_step: No channel gets a finer one. A channel that training left without weights
            would otherwise have no step that its bias fits on.
    """
    if smallest_step is None:
        smallest_step = float(np.abs(weights).max()) / LARGEST_WEIGHT * SMALLEST_STEP
    if rows.ndim == 3:  # noqa: PLR2004 - the layer is depthwise: each channel is a layer
        each = [
            round_weights(weights[i : i + 1], rows[:, i], smallest_step)
            for i in range(len(weights))
        ]
        return RoundedWeights(
            np.concatenate([one.codes for one in each]),
            np.concatenate([one.scale for one in each]),
            np.concatenate([one.bias_shift for one in each]),
        )
    flat = weights.reshape(len(weights), -1).astype(np.float64)
    inputs = rows.astype(np.float64)
    moments = inputs.T @ inputs / len(inputs)
    scale = np.maximum(_weight_scale(flat, np.diag(moments)), smallest_step).astype(np.float32)
    step = scale.astype(np.float64)
    # An input that is always zero would leave nothing to invert.
    moments[np.diag_indices_from(moments)] += DAMPING * np.diag(moments).mean() + SMALLEST_MOMENT
    order = np.argsort(-np.diag(moments), kind="stable")  # what matters most goes first
    feedback = np.linalg.cholesky(np.linalg.inv(moments[np.ix_(order, order)])).T
    left, codes = flat[:, order], np.zeros_like(flat)
    for column, place in enumerate(order):
        codes[:, place] = _codes(left[:, column], step)
        error = (left[:, column] - codes[:, place] * step) / feedback[column, column]
        left[:, column:] -= np.outer(error, feedback[column, column:])
    bias_shift = (flat - codes * step[:, None]) @ inputs.mean(axis=0)
    return RoundedWeights(codes.reshape(weights.shape).astype(np.int8), scale, bias_shift)


def _weight_scale(flat: Floats, importance: Floats) -> Floats:
    """Return the step of each output channel; clipping its largest weights often pays."""
    widest = np.maximum(np.abs(flat).max(axis=1), np.finfo(np.float32).tiny)
    scales = np.outer(WEIGHT_SHARES, widest / LARGEST_WEIGHT)
    harm = [
        (np.square(flat - _codes(flat, scale[:, None]) * scale[:, None]) * importance).sum(axis=1)
        for scale in scales
    ]
    best: Floats = scales[np.argmin(harm, axis=0), np.arange(len(flat))]
    return best


def _codes(values: Floats, step: Floats) -> Floats:
    clipped: Floats = np.clip(np.rint(values / step), -LARGEST_WEIGHT, LARGEST_WEIGHT)
    return clipped
