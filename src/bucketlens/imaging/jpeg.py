"""JPEG, decoded at the smallest fast scale that still covers what is asked for."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import simplejpeg
from PIL import Image, JpegImagePlugin

from bucketlens.errors import DamagedError
from bucketlens.imaging.exif import read_exif
from bucketlens.imaging.failures import decoding, reason
from bucketlens.imaging.markers import Markers, read_markers
from bucketlens.imaging.raster import Raster

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bucketlens.imaging.limits import Cover, Limits
    from bucketlens.types import RGBPixels

SCALES = (1, 2, 3, 4)
"""Eighths that decode faster than the whole picture.

Of a 12-megapixel photo (4:2:2, 2.8 MB): 24, 27, 29 and 30 ms against 36 ms for the whole, but 39,
46 and 58 ms for 5, 6 and 7 eighths, which libjpeg-turbo computes without SIMD.
"""

WHOLE = 8

FILL = 128
"""What libjpeg leaves where data are missing: mid-grey in every channel."""

WARNINGS = (
    "Corrupt JPEG data",
    "Premature end of JPEG file",
    "Inconsistent progression",
    "Invalid SOS parameters",
    "Unknown Adobe color transform",
    "Warning",
)
"""How libjpeg's messages begin after which it goes on. simplejpeg tells the first of them, or else
the error that ended the decoding, which it can't tell from a warning."""

TOLERATED_LOSS = 0.05
"""Share of the rows that may be missing at the end: cut-off tails of otherwise whole photos."""


def decode_jpeg(data: bytes, limits: Limits, cover: Cover | None) -> Raster:
    """Decode a JPEG; grey and CMYK come as they are, not as RGB.

    Raises:
        TooLargeError: Over the limits, or made of more scans than any photo has.
        DamagedError: Broken, or more than ``TOLERATED_LOSS`` of it is cut off.
    """
    markers = read_markers(data)
    limits.check_pixels(markers.width, markers.height)
    markers.check_scans(data)
    if not markers.scalable:
        cover = None
    try:
        picture = _decode_fast(data, markers, cover)
    except ValueError as exc:
        picture = _decode_patiently(data, markers, limits, cover, exc)
    exif = read_exif(markers.exif)
    return Raster(
        picture,
        markers.width,
        markers.height,
        profile=markers.profile,
        frames=markers.frames,
        orientation=exif.orientation,
        taken=exif.taken,
    )


def scaled_size(width: int, height: int, cover: Cover | None) -> tuple[int, int]:
    """The size that a JPEG of this size is decoded to: one of ``SCALES``, or the whole."""
    for eighths in SCALES if cover else ():
        scaled = -(-width * eighths // WHOLE), -(-height * eighths // WHOLE)
        if cover and cover.allows(*scaled):
            return scaled
    return width, height


def _decode_fast(data: bytes, markers: Markers, cover: Cover | None) -> RGBPixels | Image.Image:
    """Decode with libjpeg-turbo, refusing whatever it warns about.

    Raises:
        ValueError: The data are not clean.
    """
    width, height = scaled_size(markers.width, markers.height, cover)
    pixels = simplejpeg.decode_jpeg(
        data, markers.pixel_format, min_width=width, min_height=height, strict=True
    )
    return _as_picture(pixels, markers)


def _decode_patiently(
    data: bytes, markers: Markers, limits: Limits, cover: Cover | None, first: ValueError
) -> RGBPixels | Image.Image:
    """Decode what is there of a file that is not clean, or that only Pillow understands."""
    width, height = scaled_size(markers.width, markers.height, cover)
    channels = {"GRAY": 1, "RGB": 3, "CMYK": 4}[markers.pixel_format]
    # Filled beforehand: after a fatal error the rest of the buffer is whatever it was.
    pixels = np.full((height, width, channels), FILL, dtype=np.uint8)
    try:
        simplejpeg.decode_jpeg(
            data,
            markers.pixel_format,
            min_width=width,
            min_height=height,
            buffer=pixels,
            strict=False,
        )
    except ValueError:
        return _decode_with_pillow(data, limits, cover)
    if not str(first).startswith(WARNINGS):
        raise DamagedError(f"is a damaged JPEG: {reason(first)}") from first
    if markers.progressive and not markers.has_detail(data):
        raise DamagedError(f"is a JPEG that is cut off before its details ({reason(first)})")
    lost = missing_rows(pixels) / height
    if lost > TOLERATED_LOSS:
        raise DamagedError(
            f"is a damaged JPEG: the lower {lost:.0%} of the picture are missing ({reason(first)})"
        )
    return _as_picture(pixels, markers)


def missing_rows(pixels: NDArray[np.uint8]) -> int:
    """Rows at the end that hold nothing but what libjpeg fills in for missing data."""
    present = np.flatnonzero((pixels != FILL).any(axis=(1, 2)))
    return len(pixels) - (int(present[-1]) + 1 if len(present) else 0)


def _decode_with_pillow(data: bytes, limits: Limits, cover: Cover | None) -> Image.Image:
    """Decode the few kinds that simplejpeg refuses: odd sampling factors, bytes between markers."""
    with decoding("jpeg"):
        image = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
        limits.check_pixels(*image.size)
        if cover:
            image.draft(None, scaled_size(*image.size, cover))
        image.load()
    return image


def _as_picture(pixels: NDArray[np.uint8], markers: Markers) -> RGBPixels | Image.Image:
    if markers.pixel_format == "RGB":
        return pixels
    if markers.pixel_format == "GRAY":
        return Image.fromarray(pixels[..., 0])
    size = pixels.shape[1], pixels.shape[0]
    # Adobe's convention, which every program follows: ink is stored inverted.
    return Image.frombuffer("CMYK", size, pixels, "raw", "CMYK;I", 0, 1)
