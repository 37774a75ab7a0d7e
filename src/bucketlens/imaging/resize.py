"""Pixels at the size that a model asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from bucketlens.types import BoundingBox, DecodedImage, RGBPixels

Method: TypeAlias = Literal["bicubic", "bilinear", "area"]
Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom, pixels."""

FILTERS = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "area": Image.Resampling.BOX,
}
"""All widen with the scale when scaling down, so that nothing aliases."""

GAP = 1.3
"""Times the wanted size to which a larger picture is first averaged by whole numbers.

Only sides of 2.6 times the wanted size and more are: for a model of 260 pixels those of 676. Half
of the time of one step, and as many labels are right (docs/performance.md).
"""

REACH = 3
"""Source pixels beyond a box, in units of the scale, that the widest filter may look at."""


def resize(
    pixels: RGBPixels, width: int, height: int, *, method: Method, box: Box | None = None
) -> RGBPixels:
    """Scale pixels, or a box of them, to width x height.

    Args:
        pixels: height x width x 3, 8 bits.
        width: Of the result.
        height: Of the result.
        method: The filter; each averages when scaling down.
        box: The part to scale, in pixels, fractions allowed; None for all.
    """
    rows, columns = pixels.shape[:2]
    if box is None:
        if (columns, rows) == (width, height):
            return pixels
        box = (0.0, 0.0, float(columns), float(rows))
    pixels, box = _cut(pixels, box, width, height)
    image = Image.fromarray(pixels)
    return np.asarray(image.resize((width, height), FILTERS[method], box=box, reducing_gap=GAP))


def model_input(
    image: DecodedImage,
    *,
    width: int,
    height: int,
    crop: float | None,
    method: Method,
    region: BoundingBox | None = None,
) -> RGBPixels:
    """The pixels that a model takes: height x width x 3, 8 bits.

    Args:
        image: The decoded image.
        width: Of the result.
        height: Of the result.
        crop: Take the centre, a square of this share of the region's short side (a rectangle of
            the result's shape where that is not square); None to stretch the whole region.
        method: The filter.
        region: The part of the picture to look at; None for all of it.
    """
    rows, columns = image.pixels.shape[:2]
    left, top, right, bottom = 0.0, 0.0, float(columns), float(rows)
    if region is not None:
        left, top = region.left * columns, region.top * rows
        right = min(left + max(region.width * columns, 1.0), columns)
        bottom = min(top + max(region.height * rows, 1.0), rows)
        left, top = max(0.0, min(left, right - 1.0)), max(0.0, min(top, bottom - 1.0))
    box = (left, top, right, bottom)
    if crop is not None:
        box = _centre(box, width / height, crop)
    if image.picture is not None:
        picture = image.picture.resize((width, height), FILTERS[method], box=box, reducing_gap=GAP)
        return np.asarray(picture)
    return resize(image.pixels, width, height, method=method, box=box)


def _centre(box: Box, shape: float, crop: float) -> Box:
    """The largest box of a shape (width over height) inside another, times ``crop``, centred."""
    left, top, right, bottom = box
    tall = min(bottom - top, (right - left) / shape) * crop
    wide = tall * shape
    middle, centre = (left + right) / 2, (top + bottom) / 2
    return middle - wide / 2, centre - tall / 2, middle + wide / 2, centre + tall / 2


def _cut(pixels: RGBPixels, box: Box, width: int, height: int) -> tuple[RGBPixels, Box]:
    """The pixels that the filter will look at, and the box within them; copying less is faster."""
    rows, columns = pixels.shape[:2]
    left, top, right, bottom = box
    beside = REACH * max(1.0, (right - left) / width)
    above = REACH * max(1.0, (bottom - top) / height)
    first_column, first_row = max(0, int(left - beside)), max(0, int(top - above))
    last_column, last_row = (
        min(columns, int(right + beside) + 1),
        min(rows, int(bottom + above) + 1),
    )
    part = pixels[first_row:last_row, first_column:last_column]
    inner = (
        left - first_column,
        top - first_row,
        min(right - first_column, float(part.shape[1])),
        min(bottom - first_row, float(part.shape[0])),
    )
    return part, inner
