"""From the raw maps of a detector to boxes: pure functions over arrays.

The maps (see `maps`) are those of a one-stage detector with generalised focal loss: for each cell
of each stride the class scores before their sigmoid, then for each of the four sides a distribution
over `bins` distances before its softmax. Only the cells with a score above the floor are decoded.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from bucketlens.models.maps import SIDES, candidates, map_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bucketlens.models.card import DetectorDecoding
    from bucketlens.models.maps import Candidates

TINY = np.finfo(np.float32).tiny

PARTIAL_SUMS = 8
"""That NumPy keeps while it adds up to 128 neighbours."""


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
    maps: Sequence[NDArray[Any]], classes: int, decoding: DetectorDecoding
) -> Detections:
    """Return the objects of one image.

    Args:
        maps: One for each stride, in the form that the card describes (see `candidates`).
        classes: How many labels the detector has.
        decoding: Strides, floor, overlap and limits, from the model card.
    """
    found = candidates(maps, classes, decoding)
    sizes = [map_size(level, decoding) for level in maps]
    corners = _corners(sizes, found, decoding)
    size = np.array(sizes[0][::-1], np.float32) * decoding.strides[0]
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
    places, sorted_corners = order.tolist(), np.ascontiguousarray(corners[order].T)
    borders = np.flatnonzero(np.diff(class_index[order])) + 1
    kept: list[int] = []
    for start, end in pairwise([0, *borders.tolist(), len(order)]):
        if end - start == 1:
            kept.append(places[start])
            continue
        rivals = overlaps(sorted_corners[:, start:end]) > iou
        gone = np.zeros(end - start, dtype=bool)
        for row, place in enumerate(places[start:end]):
            if not gone[row]:
                kept.append(place)
                gone |= rivals[row]
    return np.sort(np.array(kept, dtype=np.intp))


def overlaps(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the intersection over union of each pair of boxes, (K, K).

    Args:
        corners: A row each of left, top, right, bottom, (4, K).
    """
    near, far = corners[:2], corners[2:]
    # Of both directions at once: of a handful of boxes, a call takes longer than its numbers.
    sides = np.minimum(far[:, :, None], far[:, None])
    sides -= np.maximum(near[:, :, None], near[:, None])
    width, height = np.maximum(sides, 0, out=sides)
    shared = width * height
    width, height = far - near
    area = width * height
    union = area[:, None] + area
    union -= shared
    # Two boxes without area overlap in nothing.
    np.maximum(union, TINY, out=union)
    ratio: NDArray[np.float32] = np.divide(shared, union, out=union)
    return ratio


def _corners(
    sizes: Sequence[tuple[int, int]], found: Candidates, decoding: DetectorDecoding
) -> NDArray[np.float32]:
    """Return left, top, right, bottom in pixels of the input, (K, 4)."""
    stride = np.array(decoding.strides, np.float32)[found.level]
    columns = np.array([columns for _, columns in sizes])[found.level]
    distances = _expectation(found.bins, decoding.bins) * stride
    centre = np.stack(np.divmod(found.cell, columns)[::-1]).astype(np.float32)
    centre = (centre + np.float32(0.5)) * stride
    return np.concatenate([centre - distances[:2], centre + distances[2:]]).T


def _expectation(logits: NDArray[np.float32], bins: int) -> NDArray[np.float32]:
    """Return the mean distance in cells for each side, (4, K), from logits (K, 4 * bins)."""
    # One row for each bin: sums over eleven long rows take a tenth of 1,600 sums of eleven numbers.
    rows = np.ascontiguousarray(logits.reshape(-1, bins).T)
    weights = np.exp(rows - rows.max(axis=0, initial=-np.inf))
    ladder = np.arange(bins, dtype=np.float32)[:, None]
    mean: NDArray[np.float32] = added(weights * ladder) / added(weights)
    return mean.reshape(-1, SIDES).T


def added(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sum of rows, added in the order in which NumPy adds neighbours in memory.

    Sums of floats depend on their order in the last bit; with this one, boxes are those that
    earlier versions found.
    """
    whole = len(rows) - len(rows) % PARTIAL_SUMS
    total: NDArray[np.float32] = rows[0]
    if whole:
        parts = rows[:whole].reshape(whole // PARTIAL_SUMS, PARTIAL_SUMS, -1).sum(axis=0)
        pairs = parts[0::2] + parts[1::2]
        total = (pairs[0] + pairs[1]) + (pairs[2] + pairs[3])
    for row in rows[whole or 1 :]:
        total = total + row
    return total


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return (1 / (1 + np.exp(-logits))).astype(np.float32)
