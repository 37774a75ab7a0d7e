"""What a TIFF's first directory says before its pixels are touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bucketlens.imaging.limits import Limits
    from bucketlens.imaging.tiff import Directory

SUBFILE_TYPE = 254
WIDTH, HEIGHT = 256, 257
PHOTOMETRIC = 262
MAKE = 271
TILE_WIDTH, TILE_HEIGHT = 322, 323
SUB_DIRECTORIES = 330
DNG_VERSION = 50706

REDUCED = 1
"""Bit of the subfile type: a smaller copy of a picture elsewhere in the file."""

SENSOR_DATA = frozenset({32803, 34892})
"""Photometric interpretations of sensor data: colour filter array and linear raw."""


def raw_camera(data: bytes, first: Directory) -> str | None:
    """The kind of camera RAW that a TIFF-like file is, if it is one.

    RAW files are built like TIFF, and opening them as such yields a thumbnail of 160 pixels.
    """
    if DNG_VERSION in first.tags:
        return "DNG"
    if data[8:10] == b"CR":
        return "Canon CR2"
    make = first.text(MAKE)
    hidden = first.integer(SUBFILE_TYPE) & REDUCED and SUB_DIRECTORIES in first.tags
    if make and (hidden or first.integer(PHOTOMETRIC) in SENSOR_DATA):
        return f"camera {make}"
    return None


def check_tiles(first: Directory, limits: Limits) -> None:
    """Refuse a TIFF whose tiles are larger than any picture may be.

    Raises:
        TooLargeError: The picture or a tile is over ``max_pixels``.
    """
    limits.check_pixels(first.integer(WIDTH), first.integer(HEIGHT))
    limits.check_pixels(first.integer(TILE_WIDTH), first.integer(TILE_HEIGHT))
