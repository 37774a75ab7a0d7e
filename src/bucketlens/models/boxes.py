"""From the raw maps of a detector to boxes: pure functions over arrays.

The maps are those of a one-stage detector with generalised focal loss: for each cell of each
stride the class scores before their sigmoid, then for each of the four sides a distribution over
`bins` distances before its softmax. Only the cells with a score above the floor are decoded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bucketlens.models.card import DetectorDecoding

SIDES = 4


@dataclass(frozen=True, slots=True)
class Detections:
    """What was found in one image, surest first.

    Attributes:
        class_index: Index into the detector's labels, int32 (K,).
        score: The detector's own score, float32 (K,), 0 to 1.
        box: left, top, width, height as ratios of the image, float32 (K, 4), 0 to 1.
    """

    class_index: NDArray[np.int32]
    score: NDArray[np.float32]
    box: NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of objects."""
        return len(self.score)


def decode_image(
    maps: Sequence[NDArray[np.float32]], classes: int, decoding: DetectorDecoding
) -> Detections:
    """Return the objects of one image.

    Args:
        maps: For each stride, (classes + 4 * bins, rows, columns).
        classes: How many labels the detector has.
        decoding: Strides, floor, overlap and limits, from the model card.
    """
    columns, rows = maps[0].shape[2], maps[0].shape[1]
    size = np.array([columns, rows], np.float32) * decoding.strides[0]
    flat = [level.reshape(level.shape[0], -1) for level in maps]
    chosen = _candidates([level[:classes] for level in flat], decoding)
    corners = np.empty((len(chosen.score), SIDES), np.float32)
    for number, stride in enumerate(decoding.strides):
        (here,) = np.nonzero(chosen.level == number)
        sides = flat[number][classes:, chosen.cell[here]]
        width = maps[number].shape[2]
        corners[here] = _corners(sides, chosen.cell[here], width, stride, decoding.bins)
    corners = np.clip(corners / np.tile(size, 2), 0.0, 1.0)
    kept = suppress(corners, chosen.class_index, decoding.iou)[: decoding.max_detections]
    corners = corners[kept]
    box = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    return Detections(chosen.class_index[kept], chosen.score[kept], box)


def suppress(
    corners: NDArray[np.float32], class_index: NDArray[np.int32], iou: float
) -> NDArray[np.intp]:
    """Return which boxes stay when, of two of one class that overlap, the surer one does.

    Args:
        corners: left, top, right, bottom, (K, 4), the surest first.
        class_index: Boxes of different classes never suppress each other, (K,).
        iou: Overlap (intersection over union) above which the less sure box goes.
    """
    count = len(corners)
    rank = np.arange(count, dtype=np.int32)
    of_one_class = (class_index[:, None] == class_index) & (rank[:, None] < rank)
    pairs = np.flatnonzero(of_one_class)
    surer = pairs // max(count, 1)
    other = pairs - surer * count
    sides = np.ascontiguousarray(corners.T)
    rivals = overlaps(sides[:, surer], sides[:, other]) > iou
    gone = [False] * count
    # In the order of the surer box: whether that one stays is settled before it comes up.
    for first, second in zip(surer[rivals].tolist(), other[rivals].tolist(), strict=True):
        if not gone[first]:
            gone[second] = True
    return np.flatnonzero(~np.array(gone, dtype=bool))


def overlaps(some: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the intersection over union of each box with its partner: (4, N) twice to (N,)."""
    left, top, right, bottom = some
    other_left, other_top, other_right, other_bottom = others
    width = np.minimum(right, other_right) - np.maximum(left, other_left)
    height = np.minimum(bottom, other_bottom) - np.maximum(top, other_top)
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    area = (right - left) * (bottom - top)
    other_area = (other_right - other_left) * (other_bottom - other_top)
    union = area + other_area - shared
    # Two boxes without area overlap in nothing.
    ratio: NDArray[np.float32] = shared / np.maximum(union, np.finfo(np.float32).tiny)
    return ratio


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Classes and cells with a score above the floor, the surest first, arrays of (K,)."""

    level: NDArray[np.int32]
    class_index: NDArray[np.int32]
    cell: NDArray[np.intp]
    score: NDArray[np.float32]


def _candidates(logits: Sequence[NDArray[np.float32]], decoding: DetectorDecoding) -> _Candidates:
    """Return the surest cells of all levels; ``logits`` holds (classes, cells) for each."""
    # Thresholding before the sigmoid saves it for all cells but a few.
    floor = np.float32(np.log(decoding.score_floor / (1 - decoding.score_floor)))
    # In one dimension, where NumPy finds what is true five times as fast.
    found = [np.flatnonzero(level > floor) for level in logits]
    score = np.concatenate(
        [1 / (1 + np.exp(-level.ravel()[at])) for level, at in zip(logits, found, strict=True)]
    )
    # A stable sort: equal scores stay in the order of the maps, on every machine.
    order = np.argsort(-score, kind="stable")[: decoding.max_candidates]
    cells = [level.shape[1] for level in logits]
    numbers = np.repeat(np.arange(len(cells), dtype=np.int32), [len(at) for at in found])[order]
    place = np.concatenate(found)[order]
    across = np.array(cells, np.intp)[numbers]
    return _Candidates(numbers, (place // across).astype(np.int32), place % across, score[order])


def _corners(
    sides: NDArray[np.float32], cell: NDArray[np.intp], columns: int, stride: int, bins: int
) -> NDArray[np.float32]:
    """Return corners in pixels of the input, (K, 4), from what the cells say of their sides."""
    distances = _expectation(sides, bins) * np.float32(stride)
    centre = np.stack([cell % columns, cell // columns]).astype(np.float32) + np.float32(0.5)
    centre *= np.float32(stride)
    corners: NDArray[np.float32] = np.concatenate(
        [centre - distances[:2], centre + distances[2:]]
    ).T
    return corners


def _expectation(logits: NDArray[np.float32], bins: int) -> NDArray[np.float32]:
    """Return the mean distance in cells for each side, (4, K), from logits (4 * bins, K)."""
    grouped = logits.reshape(SIDES, bins, -1)
    weights = np.exp(grouped - grouped.max(axis=1, keepdims=True))
    ladder = np.arange(bins, dtype=np.float32)[None, :, None]
    mean: NDArray[np.float32] = (weights * ladder).sum(axis=1) / weights.sum(axis=1)
    return mean
