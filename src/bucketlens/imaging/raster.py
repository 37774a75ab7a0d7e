"""What every decoder hands on, and what is done to all of them alike: shrink, colours, turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from bucketlens.errors import UnsupportedError
from bucketlens.imaging.exif import UPRIGHT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bucketlens.types import RGBPixels

BAND = 1 << 20
"""Pixels of a band: large pictures are flattened and shrunk band by band, in little memory."""

FLAT_MODES = frozenset({"L", "RGB", "CMYK"})
WIDE_MODES = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
ALPHA_MODES = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})
LEVELS_8, LEVELS_16 = 255.0, 65535.0
WHITE = (255, 255, 255)

SIDEWAYS = 5
"""Orientations from this one on swap width and height."""


@dataclass(frozen=True, slots=True)
class Raster:
    """A picture out of a decoder, not yet turned upright.

    Attributes:
        picture: RGB pixels, or an image in one of the modes L, RGB or CMYK; perhaps smaller than
            the original.
        width: Width of the original as it is stored, pixels.
        height: Height of the original as it is stored, pixels.
        profile: The ICC profile that its colours are in.
        frames: Frames or pages of the file.
        orientation: The EXIF orientation that is still to be applied.
        turned: The EXIF orientation that the decoder has applied itself.
        taken: When the photo was taken, ISO 8601.
    """

    picture: RGBPixels | Image.Image
    width: int
    height: int
    profile: bytes | None = None
    frames: int = 1
    orientation: int = UPRIGHT
    turned: int = UPRIGHT
    taken: str | None = None


def shrink(image: Image.Image, divisor: int) -> Image.Image:
    """Flatten a loaded picture to L, RGB or CMYK and divide its sides, averaging the pixels.

    Transparent parts show white. The sides are rounded up.
    """
    if divisor == 1 and image.mode in FLAT_MODES and "transparency" not in image.info:
        return image
    width, height = image.size
    rows = max(1, BAND // (width * divisor)) * divisor
    if rows >= height:
        return _reduced(flatten(image), divisor)
    result: Image.Image | None = None
    for top in range(0, height, rows):
        band = _reduced(flatten(image.crop((0, top, width, min(top + rows, height)))), divisor)
        if result is None:
            result = Image.new(band.mode, (band.width, -(-height // divisor)))
        result.paste(band, (0, top // divisor))
    return result or flatten(image)


def flatten(image: Image.Image) -> Image.Image:
    """The picture in L, RGB or CMYK, transparent parts over white, 16 bits cut to 8.

    Raises:
        UnsupportedError: It is in a colour model that can't be converted.
    """
    if image.mode in WIDE_MODES:
        return _from_16_bits(image)
    if image.mode in ALPHA_MODES or "transparency" in image.info:
        colours = image.convert("RGBA")
        opaque = Image.new("RGB", image.size, WHITE)
        opaque.paste(colours, mask=colours.getchannel("A"))
        return opaque
    if image.mode in FLAT_MODES:
        return image
    if image.mode in {"I", "F"}:
        return Image.fromarray(_to_8_bits(np.asarray(image)))
    if image.mode == "1":
        return image.convert("L")
    if image.mode in {"P", "RGBX", "YCbCr", "HSV"}:
        return image.convert("RGB")
    raise UnsupportedError(f"uses the colour model {image.mode}, which is not read")


def upright(pixels: RGBPixels, orientation: int) -> RGBPixels:
    """The pixels turned and mirrored as an EXIF orientation (1 to 8) asks."""
    if orientation == UPRIGHT:
        return pixels
    view = pixels.swapaxes(0, 1) if orientation >= SIDEWAYS else pixels
    if orientation in {3, 4, 7, 8}:
        view = view[::-1]
    if orientation in {2, 3, 6, 7}:
        view = view[:, ::-1]
    turned = np.empty(view.shape, dtype=np.uint8)
    for channel in range(3):  # five times as fast as copying three bytes at a time
        turned[..., channel] = view[..., channel]
    return turned


def _reduced(image: Image.Image, divisor: int) -> Image.Image:
    return image.reduce(divisor) if divisor > 1 else image


def _from_16_bits(image: Image.Image) -> Image.Image:
    """16-bit grey as 8 bits; the one transparent value that a PNG may name shows white."""
    values = np.asarray(image)
    grey = (values >> 8).astype(np.uint8)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        grey[values == transparent] = 255
    return Image.fromarray(grey)


def _to_8_bits(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """32-bit and floating samples as 8 bits, by the range that the values themselves show.

    Whole numbers within 16 bits keep their scale, so that dark scans stay dark; all else, where
    the scale is unknown, is stretched from its least to its largest value.
    """
    samples = np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0)
    least, most = float(samples.min()), float(samples.max())
    if values.dtype.kind == "i" and least >= 0 and most <= LEVELS_16:
        least, most = 0.0, LEVELS_8 if most <= LEVELS_8 else LEVELS_16
    scaled: NDArray[np.float32] = (samples - least) * (LEVELS_8 / ((most - least) or 1.0))
    return np.rint(scaled).astype(np.uint8)
