"""Pictures for the pages: small JPEGs made from the decoded pixels, without any metadata."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import simplejpeg
from PIL import Image

if TYPE_CHECKING:
    from bucketlens.types import DecodedImage, RGBPixels

SMALL = 320
"""Long side of a thumbnail, and of the copy that colours are counted on, pixels."""

QUALITY = 80
"""Of 100. No artefacts at a normal distance, and 140 KB for a preview of 1,008 x 756."""

NEAR_ENOUGH = (0.75, 1.5)
"""A decoded picture whose long side is within these multiples of the preview's is the preview."""


def encode_jpeg(pixels: RGBPixels, quality: int = QUALITY) -> bytes:
    """Pixels (height x width x 3) as a baseline JPEG with 4:2:0 colour and no metadata."""
    data: bytes = simplejpeg.encode_jpeg(
        np.ascontiguousarray(pixels), quality, "RGB", colorsubsampling="420"
    )
    return data


def with_small(image: DecodedImage) -> DecodedImage:
    """The image together with its small copy, and as Pillow holds it.

    Both are needed more than once, and Pillow's own copy of the pixels is dear.
    """
    picture = Image.fromarray(image.pixels)
    return replace(image, picture=picture, small=_fitted(image.pixels, picture, SMALL))


def small_copy(image: DecodedImage, long_side: int = SMALL) -> RGBPixels:
    """The picture in ``long_side`` pixels at most; the copy that is there already, if it is that.

    What is made from this copy is the same as if it were made from the picture's own pixels.
    """
    if image.small is not None and long_side == SMALL:
        return image.small
    return fit(image.pixels, long_side)


def thumbnail(pixels: RGBPixels, long_side: int = SMALL, quality: int = QUALITY) -> bytes:
    """A JPEG whose long side is ``long_side`` pixels, or less where the picture is smaller."""
    return encode_jpeg(fit(pixels, long_side), quality)


def preview(pixels: RGBPixels, long_side: int = 1024, quality: int = QUALITY) -> bytes:
    """A JPEG of about ``long_side``: the decoded pixels themselves where they are near it."""
    longest = max(pixels.shape[:2])
    least, most = NEAR_ENOUGH
    if longest <= long_side or least * long_side <= longest <= most * long_side:
        return encode_jpeg(pixels, quality)
    return encode_jpeg(fit(pixels, long_side), quality)


def fit(pixels: RGBPixels, long_side: int) -> RGBPixels:
    """The pixels scaled down so that the long side is at most ``long_side``; never up.

    First averaged by a whole number, then scaled by the rest: a third of the time of one step.
    """
    return _fitted(pixels, None, long_side)


def _fitted(pixels: RGBPixels, picture: Image.Image | None, long_side: int) -> RGBPixels:
    rows, columns = pixels.shape[:2]
    scale = long_side / max(rows, columns)
    if scale >= 1.0:
        return pixels
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    picture = picture or Image.fromarray(pixels)
    divisor = int(1.0 / scale)
    if divisor > 1:
        picture = picture.reduce(divisor)
    return np.asarray(picture.resize(size, Image.Resampling.HAMMING))
