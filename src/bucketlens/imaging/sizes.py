"""How large a picture says it is, before anything is decoded."""

from __future__ import annotations

from dataclasses import dataclass

from bucketlens.imaging.markers import read_markers
from bucketlens.imaging.sniff import sniff

PNG_HEADER = 24


@dataclass(frozen=True, slots=True)
class PictureSize:
    """The format by the bytes, and the sides as they are stored, pixels.

    ``width`` and ``height`` are None for formats that are not looked into here.
    """

    format: str
    width: int | None = None
    height: int | None = None


def picture_size(data: bytes) -> PictureSize:
    """The format of a file and, of JPEG and PNG, the sides of its picture.

    Raises:
        UnsupportedError: Not an image, or of a format that is not read.
        DamagedError: Empty, or its header is broken.
    """
    kind = sniff(data)
    if kind == "jpeg":
        markers = read_markers(data)
        return PictureSize(kind, markers.width, markers.height)
    if kind == "png" and len(data) >= PNG_HEADER:
        return PictureSize(
            kind, int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
        )
    return PictureSize(kind)
