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
    found = [
        _decode_level(level, stride, classes, decoding)
        for level, stride in zip(maps, decoding.strides, strict=True)
    ]
    index, score, corners = (np.concatenate(parts) for parts in zip(*found, strict=True))
    corners = np.clip(corners / np.tile(size, 2), 0.0, 1.0)
    # A stable sort: equal scores stay in the order of the maps, on every machine.
    order = np.argsort(-score, kind="stable")[: decoding.max_candidates]
    index, score, corners = index[order], score[order], corners[order]
    kept = suppress(corners, index, decoding.iou)[: decoding.max_detections]
    corners = corners[kept]
    box = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    return Detections(index[kept], score[kept], box)


def suppress(
    corners: NDArray[np.float32], class_index: NDArray[np.int32], iou: float
) -> NDArray[np.intp]:
    """Return which boxes stay when, of two of one class that overlap, the surer one does.

    Args:
        corners: left, top, right, bottom, (K, 4), the surest first.
        class_index: Boxes of different classes never suppress each other, (K,).
        iou: Overlap (intersection over union) above which the less sure box goes.
    """
    rivals = overlaps(corners) > iou
    rivals &= class_index[:, None] == class_index[None, :]
    gone = np.zeros(len(corners), dtype=bool)
    kept: list[int] = []
    for row in range(len(corners)):
        if not gone[row]:
            kept.append(row)
            gone |= rivals[row]
    return np.array(kept, dtype=np.intp)


def overlaps(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the intersection over union of each pair of boxes, (K, K)."""
    left, top, right, bottom = corners.T
    width = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
    height = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    area = (right - left) * (bottom - top)
    union = area[:, None] + area - shared
    # Two boxes without area overlap in nothing.
    return shared / np.maximum(union, np.finfo(np.float32).tiny)


def _decode_level(
    level: NDArray[np.float32], stride: int, classes: int, decoding: DetectorDecoding
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
    """Return class, score and corners in pixels of the input, of what is above the floor."""
    columns = level.shape[2]
    flat = level.reshape(level.shape[0], -1)
    # Thresholding before the sigmoid saves it for all cells but a few.
    floor = np.float32(np.log(decoding.score_floor / (1 - decoding.score_floor)))
    index, cell = np.nonzero(flat[:classes] > floor)
    score = 1 / (1 + np.exp(-flat[index, cell]))
    distances = _expectation(flat[classes:, cell], decoding.bins) * np.float32(stride)
    centre = np.stack([cell % columns, cell // columns]).astype(np.float32) + np.float32(0.5)
    centre *= np.float32(stride)
    corners = np.concatenate([centre - distances[:2], centre + distances[2:]]).T
    return index.astype(np.int32), score, corners


def _expectation(logits: NDArray[np.float32], bins: int) -> NDArray[np.float32]:
    """Return the mean distance in cells for each side, (4, K), from logits (4 * bins, K)."""
    grouped = logits.reshape(SIDES, bins, -1)
    weights = np.exp(grouped - grouped.max(axis=1, keepdims=True))
    ladder = np.arange(bins, dtype=np.float32)[None, :, None]
    return (weights * ladder).sum(axis=1) / weights.sum(axis=1)
