"""From the bytes of a file to upright RGB pixels: the one door into this package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketlens.imaging.formats import decode_with_pillow
from bucketlens.imaging.heic import decode_heic
from bucketlens.imaging.jpeg import decode_jpeg
from bucketlens.imaging.profiles import to_srgb
from bucketlens.imaging.raster import SIDEWAYS, Raster, upright
from bucketlens.imaging.sniff import sniff
from bucketlens.types import DecodedImage

if TYPE_CHECKING:
    from bucketlens.imaging.limits import Cover, Limits


def decode(data: bytes, *, limits: Limits, cover: Cover | None = None) -> DecodedImage:
    """Decode the first picture of a file, at full size or the smallest that covers what is asked.

    The format is found by the bytes. Messages of errors begin with the verb: the caller puts the
    object's key in front.

    Args:
        data: The whole file.
        limits: Checked before memory is taken for pixels.
        cover: How small the pixels may be; None for the original size.

    Raises:
        UnsupportedError: Not an image, or of a format that is not read.
        TooLargeError: Over ``limits``; ``setting`` names which.
        DamagedError: Empty, broken or cut off.
    """
    limits.check_bytes(len(data))
    kind = sniff(data)
    raster = _decode(kind, data, limits, cover)
    pixels = to_srgb(raster.picture, raster.profile)
    width, height = raster.width, raster.height
    if raster.orientation >= SIDEWAYS:
        width, height = height, width
    return DecodedImage(
        pixels=upright(pixels, raster.orientation),
        width=width,
        height=height,
        format=kind,
        frames=raster.frames,
        orientation=max(raster.orientation, raster.turned),
        taken=raster.taken,
    )


def _decode(kind: str, data: bytes, limits: Limits, cover: Cover | None) -> Raster:
    if kind == "jpeg":
        return decode_jpeg(data, limits, cover)
    if kind == "heic":
        return decode_heic(data, limits, cover)
    return decode_with_pillow(kind, data, limits, cover)
