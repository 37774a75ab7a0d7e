"""Numbers as bytes: varints, and sorted positions in the shortest of three forms."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Integers = NDArray[np.integer[Any]]

SEVEN_BITS = 7
MOST_BYTES = 5
"""Of a varint here: values are below 2 ** 35."""


class Form(IntEnum):
    """How positions are written; the first byte says which."""

    GAPS = 0
    """Varints: how many positions are skipped before each."""

    BITMAP = 1
    """A bit for each position from 0, the lowest bit of a byte first."""

    RUNS = 2
    """Varints in pairs: how many are skipped, and how many follow each other, less one."""


def encode_varints(values: Integers) -> tuple[Bytes, NDArray[np.int64]]:
    """Whole numbers from 0, seven bits a byte, lowest first, the high bit set on all but the last.

    Returns:
        All bytes, and how many each value takes.
    """
    wide = values.astype(np.int64, copy=False)
    lengths = np.ones(len(wide), np.int64)
    for more in range(1, MOST_BYTES):
        lengths += wide >= 1 << (SEVEN_BITS * more)
    if len(wide) == int(lengths.sum()):
        return wide.astype(np.uint8), lengths
    ends = np.cumsum(lengths)
    starts = ends - lengths
    encoded = np.zeros(int(ends[-1]), np.uint8)
    for byte in range(int(lengths.max())):
        there = lengths > byte
        part = (wide[there] >> (SEVEN_BITS * byte)) & 0x7F
        encoded[starts[there] + byte] = part | ((lengths[there] > byte + 1).astype(np.int64) << 7)
    return encoded, lengths


def decode_varints(data: Bytes) -> NDArray[np.int64]:
    """The values that were encoded, all of them."""
    last = data < 0x80  # noqa: PLR2004 - the high bit
    ends = np.flatnonzero(last)
    lengths = np.diff(ends, prepend=-1)
    values = np.zeros(len(ends), np.int64)
    for byte in range(int(lengths.max(initial=0))):
        there = lengths > byte
        at = ends[there] - lengths[there] + 1 + byte
        values[there] |= (data[at].astype(np.int64) & 0x7F) << (SEVEN_BITS * byte)
    return values


def encode_positions(positions: Integers) -> bytes:
    """Sorted, distinct positions in the form that takes least."""
    wide = positions.astype(np.int64, copy=False)
    gaps, _ = encode_varints(np.diff(wide, prepend=-1) - 1)
    found = (Form.GAPS, gaps.tobytes())
    breaks = np.flatnonzero(np.diff(wide) != 1)
    if 2 * (len(breaks) + 1) < len(found[1]):
        firsts = wide[np.concatenate(([0], breaks + 1))]
        lasts = wide[np.concatenate((breaks, [len(wide) - 1]))]
        skipped = firsts - np.concatenate(([-1], lasts[:-1])) - 1
        pairs, _ = encode_varints(np.stack((skipped, lasts - firsts), axis=1).ravel())
        if len(pairs) < len(found[1]):
            found = (Form.RUNS, pairs.tobytes())
    if len(wide) and int(wide[-1]) // 8 + 1 < len(found[1]):
        bits = np.zeros(int(wide[-1]) + 1, np.uint8)
        bits[wide] = 1
        found = (Form.BITMAP, np.packbits(bits, bitorder="little").tobytes())
    return bytes([found[0]]) + found[1]


def decode_positions(data: bytes) -> NDArray[np.int64]:
    """The positions again.

    Raises:
        ValueError: These are not positions in a form that is known.
    """
    form = Form(data[0])
    body = np.frombuffer(data, np.uint8, offset=1)
    if form is Form.BITMAP:
        return np.flatnonzero(np.unpackbits(body, bitorder="little"))
    values = decode_varints(body)
    if form is Form.GAPS:
        return np.cumsum(values + 1) - 1
    skipped, more = values[0::2], values[1::2]
    lengths = more + 1
    ends = np.cumsum(skipped + lengths)
    within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return np.repeat(ends - lengths, lengths) + within


def framed(blocks: list[bytes]) -> bytes:
    """Blocks one after the other, each led by its length as a varint."""
    lengths, sizes = encode_varints(np.array([len(block) for block in blocks], np.int64))
    raw, parts, at = lengths.tobytes(), [], 0
    for block, size in zip(blocks, sizes.tolist(), strict=True):
        parts += [raw[at : at + size], block]
        at += size
    return b"".join(parts)


def slices_of(data: Bytes, offsets: NDArray[np.int64], chosen: Integers) -> bytes:
    """The chosen ones of many byte strings that stand one after the other, joined.

    Args:
        data: All strings.
        offsets: Where each begins, and the end.
        chosen: Which ones, by number.
    """
    starts = offsets[chosen]
    lengths = offsets[np.asarray(chosen) + 1] - starts
    before = np.cumsum(lengths) - lengths
    at = np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))
    return data[at].tobytes()
