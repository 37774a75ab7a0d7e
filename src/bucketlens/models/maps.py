"""From the raw maps of a detector to the few cells that may be something: pure functions.

A map holds, for each cell of one stride, a score for each class before its sigmoid, then for each
of the four sides `bins` numbers before their softmax. It comes as floats in planes, or as the
bytes that an 8-bit graph computes, with all numbers of a cell together. Bytes are compared and
sorted as bytes, and only the candidates are turned into floats: the same numbers, sooner.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import UNSET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bucketlens.models.card import DetectorDecoding, Grid

SIDES = 4
BYTE_VALUES = 256
PLACE_BITS = 40
PLACES = (1 << PLACE_BITS) - 1
"""Of a 64-bit key, what holds map, class and cell; above it stands the rank of the score."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Scores above the floor, the surest first; equal ones by map, class and cell.

    Attributes:
        logit: The score before its sigmoid, float32 (K,).
        class_index: Index into the detector's labels, int32 (K,).
        level: Index into the maps, (K,).
        cell: Index into the cells of the map, row by row, (K,).
        bins: What stands behind the scores of the cell, float32 (K, 4 * bins).
    """

    logit: NDArray[np.float32]
    class_index: NDArray[np.int32]
    level: NDArray[np.intp]
    cell: NDArray[np.intp]
    bins: NDArray[np.float32]


def map_size(level: NDArray[Any], decoding: DetectorDecoding) -> tuple[int, int]:
    """Return rows and columns of a map."""
    rows, columns = level.shape[1:] if decoding.grids is UNSET else level.shape[:2]
    return rows, columns


def candidates(
    maps: Sequence[NDArray[Any]], classes: int, decoding: DetectorDecoding
) -> Candidates:
    """Return the surest scores of all maps, at most as many as the card allows.

    Args:
        maps: For each stride float32 (classes + 4 * bins, rows, columns), or, where the card tells
            the grids of bytes, uint8 (rows, columns, classes + 4 * bins).
        classes: How many labels the detector has.
        decoding: From the model card.
    """
    if decoding.grids is UNSET:
        return _of_planes(maps, classes, decoding)
    return _of_bytes(maps, classes, decoding, byte_table(decoding.grids, decoding.score_floor))


def _of_planes(
    maps: Sequence[NDArray[np.float32]], classes: int, decoding: DetectorDecoding
) -> Candidates:
    floor = logit_floor(decoding.score_floor)
    logits, places, sizes = [], [], []
    for level in maps:
        flat = level[:classes].reshape(-1)
        above = np.flatnonzero(flat > floor)
        logits.append(flat[above])
        places.append(above)
        sizes.append(level.shape[1] * level.shape[2])
    logit = np.concatenate(logits)
    # A stable sort: equal scores stay in the order of the maps, on every machine.
    order = np.argsort(-logit, kind="stable")[: decoding.max_candidates]
    number = np.repeat(np.arange(len(maps)), [len(above) for above in places])[order]
    class_index, cell = np.divmod(np.concatenate(places)[order], np.array(sizes)[number])
    bins = np.empty((len(order), SIDES * decoding.bins), np.float32)
    for index, level in enumerate(maps):
        here = np.flatnonzero(number == index)
        bins[here] = level[classes:].reshape(bins.shape[1], -1).T[cell[here]]
    return Candidates(logit[order], class_index.astype(np.int32), number, cell, bins)


@dataclass(frozen=True, slots=True)
class ByteTable:
    """What the bytes of each map stand for.

    Attributes:
        scale: Of each map, float32 (maps,).
        zero: Of each map, float32 (maps,).
        lowest: The least byte above the floor, for each map; 256 where none is.
        rank: Of each byte of each map among all numbers, the largest first, int64 (maps, 256).
        number: The number of each rank, float32.
    """

    scale: NDArray[np.float32]
    zero: NDArray[np.float32]
    lowest: tuple[int, ...]
    rank: NDArray[np.int64]
    number: NDArray[np.float32]


@lru_cache(maxsize=8)
def byte_table(grids: tuple[Grid, ...], score_floor: float) -> ByteTable:
    """Return the table of a card's grids, worked out once."""
    scale = np.array([grid.scale for grid in grids], np.float32)
    zero = np.array([grid.zero for grid in grids], np.float32)
    numbers = (np.arange(BYTE_VALUES, dtype=np.float32) - zero[:, None]) * scale[:, None]
    not_above = np.count_nonzero(numbers <= logit_floor(score_floor), axis=1)
    number, rank = np.unique(-numbers, return_inverse=True)
    return ByteTable(scale, zero, tuple(not_above.tolist()), rank.reshape(numbers.shape), -number)


def _of_bytes(
    maps: Sequence[NDArray[np.uint8]], classes: int, decoding: DetectorDecoding, table: ByteTable
) -> Candidates:
    levels = [level.reshape(-1, level.shape[2]) for level in maps]
    starts = np.cumsum([0, *(len(cells) for cells in levels)])
    key = np.sort(_keys(levels, starts, classes, table))[: decoding.max_candidates]
    place, cell = np.divmod(key & PLACES, starts[-1])
    level, class_index = np.divmod(place, classes)
    cell -= starts[level]
    codes = np.empty((len(key), SIDES * decoding.bins), np.uint8)
    for number, cells in enumerate(levels):
        here = np.flatnonzero(level == number)
        codes[here] = cells[cell[here], classes:]
    bins = (codes - table.zero[level, None]) * table.scale[level, None]
    logit = table.number[key >> PLACE_BITS]
    return Candidates(logit, class_index.astype(np.int32), level, cell, bins)


def _keys(
    levels: Sequence[NDArray[np.uint8]], starts: NDArray[np.intp], classes: int, table: ByteTable
) -> NDArray[np.int64]:
    """Return the rank, map, class and cell of each score above the floor, in one number each.

    However they are sorted, they come in the order that a stable sort by score would give.

    Args:
        levels: The bytes of each map, (cells, classes + 4 * bins).
        starts: Cells of all maps before each one, and of all.
        classes: How many labels the detector has.
        table: What the bytes stand for.
    """
    above = np.empty((starts[-1], classes), np.bool_)
    for number, cells in enumerate(levels):
        part = above[starts[number] : starts[number + 1]]
        np.greater_equal(cells[:, :classes], table.lowest[number], out=part)
    cell, class_index = np.divmod(np.flatnonzero(above), classes)
    ends = np.searchsorted(cell, starts).tolist()
    keys = []
    for number, cells in enumerate(levels):
        here = slice(ends[number], ends[number + 1])
        codes = cells[cell[here] - starts[number], class_index[here]]
        key = table.rank[number, codes] << PLACE_BITS
        key += (number * classes + class_index[here]) * len(above) + cell[here]
        keys.append(key)
    return np.concatenate(keys)


def logit_floor(score_floor: float) -> np.float32:
    """The floor before the sigmoid, which saves it for all cells but a few."""
    return np.float32(np.log(score_floor / (1 - score_floor)))
