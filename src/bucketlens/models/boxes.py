"""From the raw maps of a detector to boxes: pure functions over arrays.

The maps are those of a one-stage detector with generalised focal loss: for each cell of each
stride the class scores before their sigmoid, then for each of the four sides a distribution over
`bins` distances before its softmax. Only the cells with a score above the floor are decoded.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
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
    found = _above_floor(maps, classes, decoding)
    corners = _corners(maps, classes, found, decoding)
    size = np.array([maps[0].shape[2], maps[0].shape[1]], np.float32) * decoding.strides[0]
    corners = np.clip(corners / np.tile(size, 2), 0.0, 1.0).astype(np.float32)
    kept = suppress(corners, found.class_index, decoding.iou)[: decoding.max_detections]
    corners = corners[kept]
    box = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    return Detections(found.class_index[kept], _sigmoid(found.logit[kept]), box)


def suppress(
    corners: NDArray[np.float32], class_index: NDArray[np.int32], iou: float
) -> NDArray[np.intp]:
    """Return which boxes stay when, of two of one class that overlap, the surer one does.

    Args:
        corners: left, top, right, bottom, (K, 4), the surest first.
        class_index: Boxes of different classes never suppress each other, (K,).
        iou: Overlap (intersection over union) above which the less sure box goes.
    """
    order = np.argsort(class_index, kind="stable")  # in each class the surest first, as before
    places, sorted_corners = order.tolist(), corners[order]
    borders = np.flatnonzero(np.diff(class_index[order])) + 1
    kept: list[int] = []
    for start, end in pairwise([0, *borders.tolist(), len(order)]):
        if end - start == 1:
            kept.append(places[start])
            continue
        rivals = overlaps(sorted_corners[start:end]) > iou
        gone = np.zeros(end - start, dtype=bool)
        for row, place in enumerate(places[start:end]):
            if not gone[row]:
                kept.append(place)
                gone |= rivals[row]
    return np.sort(np.array(kept, dtype=np.intp))


def overlaps(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the intersection over union of each pair of boxes, (K, K)."""
    left, top, right, bottom = corners.T
    width = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
    height = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    area = (right - left) * (bottom - top)
    union = area[:, None] + area - shared
    # Two boxes without area overlap in nothing.
    ratio: NDArray[np.float32] = shared / np.maximum(union, np.finfo(np.float32).tiny)
    return ratio


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Scores above the floor, the surest first: where they are and whose."""

    logit: NDArray[np.float32]
    class_index: NDArray[np.int32]
    level: NDArray[np.int32]
    cell: NDArray[np.intp]


def _above_floor(
    maps: Sequence[NDArray[np.float32]], classes: int, decoding: DetectorDecoding
) -> _Candidates:
    """Return the surest scores of all maps, at most as many as the card allows."""
    # Thresholding before the sigmoid saves it for all cells but a few.
    floor = np.float32(np.log(decoding.score_floor / (1 - decoding.score_floor)))
    logits, class_indices, levels, cells = [], [], [], []
    for number, level in enumerate(maps):
        flat = level[:classes].reshape(-1)
        places = np.flatnonzero(flat > floor)
        index, cell = np.divmod(places, level.shape[1] * level.shape[2])
        logits.append(flat[places])
        class_indices.append(index.astype(np.int32))
        levels.append(np.full(len(places), number, np.int32))
        cells.append(cell)
    logit = np.concatenate(logits)
    # A stable sort: equal scores stay in the order of the maps, on every machine.
    order = np.argsort(-logit, kind="stable")[: decoding.max_candidates]
    return _Candidates(
        logit[order],
        np.concatenate(class_indices)[order],
        np.concatenate(levels)[order],
        np.concatenate(cells)[order],
    )


def _corners(
    maps: Sequence[NDArray[np.float32]],
    classes: int,
    found: _Candidates,
    decoding: DetectorDecoding,
) -> NDArray[np.float32]:
    """Return left, top, right, bottom in pixels of the input, (K, 4)."""
    logits = np.empty((len(found.cell), SIDES * decoding.bins), np.float32)
    for number, level in enumerate(maps):
        here = np.flatnonzero(found.level == number)
        logits[here] = level[classes:].reshape(logits.shape[1], -1).T[found.cell[here]]
    stride = np.array(decoding.strides, np.float32)[found.level]
    columns = np.array([level.shape[2] for level in maps])[found.level]
    distances = _expectation(logits.T, decoding.bins) * stride
    centre = np.stack(np.divmod(found.cell, columns)[::-1]).astype(np.float32)
    centre = (centre + np.float32(0.5)) * stride
    return np.concatenate([centre - distances[:2], centre + distances[2:]]).T


def _expectation(logits: NDArray[np.float32], bins: int) -> NDArray[np.float32]:
    """Return the mean distance in cells for each side, (4, K), from logits (4 * bins, K)."""
    grouped = logits.reshape(SIDES, bins, -1)
    weights = np.exp(grouped - grouped.max(axis=1, keepdims=True))
    ladder = np.arange(bins, dtype=np.float32)[None, :, None]
    mean: NDArray[np.float32] = (weights * ladder).sum(axis=1) / weights.sum(axis=1)
    return mean


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return (1 / (1 + np.exp(-logits))).astype(np.float32)
