"""Facts that are read from a file's header because the decoder gives them too late or too dear."""

from __future__ import annotations

from bucketlens.errors import DamagedError

MOST_FRAMES = 100_000
"""Frames that are counted; a longer animation counts as this many."""

WEBP_14_BITS = 0x3FFF
GIF_HEADER = 13


def webp_size(data: bytes) -> tuple[int, int]:
    """Width and height of a WebP file's canvas.

    Raises:
        DamagedError: The header is cut off or of no known kind.
    """
    kind, body = data[12:16], data[20:30]
    if kind == b"VP8X" and len(body) == 10:  # noqa: PLR2004 - flags, then two 24-bit numbers
        return (
            int.from_bytes(body[4:7], "little") + 1,
            int.from_bytes(body[7:10], "little") + 1,
        )
    if kind == b"VP8L" and body[:1] == b"\x2f":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & WEBP_14_BITS) + 1, (bits >> 14 & WEBP_14_BITS) + 1
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        return (
            int.from_bytes(body[6:8], "little") & WEBP_14_BITS,
            int.from_bytes(body[8:10], "little") & WEBP_14_BITS,
        )
    raise DamagedError("is WebP with a broken header")


def gif_size(data: bytes) -> tuple[int, int]:
    """Width and height of a GIF: its screen, or more where the first frame reaches beyond it.

    Raises:
        DamagedError: The header is cut off.
    """
    if len(data) < GIF_HEADER:
        raise DamagedError("is GIF with a broken header")
    width, height = _two_numbers(data, 6)
    at = _first_frame(data)
    if data[at : at + 1] != b",":  # stray bytes, which Pillow passes over; it is asked afterwards
        return width, height
    left, top = _two_numbers(data, at + 1)
    wide, tall = _two_numbers(data, at + 5)
    return max(width, left + wide), max(height, top + tall)


def count_gif_frames(data: bytes) -> int:
    """Frames of a GIF, counted from its blocks; as many as are there if it is cut off."""
    at = _first_frame(data)
    frames = 0
    while data[at : at + 1] == b"," and frames < MOST_FRAMES:
        frames += 1
        at = _skip_blocks(data, at + 11 + _palette_size(data[at + 9 : at + 10]))
        at = _skip_extensions(data, at)
    return frames


def _first_frame(data: bytes) -> int:
    return _skip_extensions(data, GIF_HEADER + _palette_size(data[10:11]))


def _skip_extensions(data: bytes, at: int) -> int:
    while data[at : at + 1] == b"!":
        at = _skip_blocks(data, at + 2)
    return at


def _two_numbers(data: bytes, at: int) -> tuple[int, int]:
    return (
        int.from_bytes(data[at : at + 2], "little"),
        int.from_bytes(data[at + 2 : at + 4], "little"),
    )


def _palette_size(flags: bytes) -> int:
    return 3 << (flags[0] & 7) + 1 if flags and flags[0] & 0x80 else 0


def _skip_blocks(data: bytes, at: int) -> int:
    """The place behind a run of data blocks, each led by its size, ended by an empty one."""
    while at < len(data) and data[at]:
        at += 1 + data[at]
    return at + 1
