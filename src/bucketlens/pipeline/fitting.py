"""An image in a form that DetectLabels takes: as it is where it can be, or as a smaller JPEG."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from bucketlens.errors import UnsupportedError
from bucketlens.imaging import Cover, decode, encode_jpeg, fit
from bucketlens.imaging.exif import UPRIGHT

if TYPE_CHECKING:
    from bucketlens.imaging import Limits
    from bucketlens.types import DecodedImage, RGBPixels

MAX_SENT = 5_242_880
"""Bytes of an image that is sent with the call."""

MAX_STORED = 15 * 1024 * 1024
"""Bytes of an image that the service reads from its bucket."""

SHORTEST, LONGEST = 80, 10_000
"""Pixels of a side, at least and at most."""

CONVERTED = 2048
"""Long side of a converted image, pixels: small things stay large enough to be seen, and the
JPEG stays below 5 MB, but for pure noise."""

QUALITIES = (90, 75, 50)


def fits(image: DecodedImage, size: int, *, stored: bool) -> bool:
    """Whether the service takes a file as it is, and sees it as we do.

    Only of a JPEG does it apply the orientation; another format's boxes would be of the image
    lying on its side.

    Args:
        image: Decoded from the file.
        size: Of the file, bytes.
        stored: It would be read from a bucket, not sent.
    """
    upright = image.format == "png" and image.orientation == UPRIGHT
    sides = image.width, image.height
    within = min(sides) >= SHORTEST and max(sides) <= LONGEST
    taken = upright or image.format == "jpeg"
    return taken and within and size <= (MAX_STORED if stored else MAX_SENT)


def converted(data: bytes, limits: Limits) -> bytes:
    """The image as an upright JPEG within all limits; ratios of its sides stay, nearly.

    Raises:
        UnsupportedError: It is so narrow that one side can't be brought into the limits without
            the other leaving them.
    """
    pixels = decode(data, limits=limits, cover=Cover(short=SHORTEST, long=CONVERTED)).pixels
    pixels = _large_enough(fit(pixels, CONVERTED))
    for quality in QUALITIES:
        jpeg = encode_jpeg(pixels, quality)
        if len(jpeg) <= MAX_SENT:
            return jpeg
    return encode_jpeg(fit(pixels, CONVERTED // 2), QUALITIES[-1])


def _large_enough(pixels: RGBPixels) -> RGBPixels:
    rows, columns = pixels.shape[:2]
    scale = SHORTEST / min(rows, columns)
    if scale <= 1.0:
        return pixels
    if max(rows, columns) * scale > LONGEST:
        raise UnsupportedError(
            f"is {columns} x {rows} pixels after scaling, too narrow for Rekognition, which takes"
            f" sides from {SHORTEST} to {LONGEST:,} pixels"
        )
    size = max(SHORTEST, round(columns * scale)), max(SHORTEST, round(rows * scale))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))
