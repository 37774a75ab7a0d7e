"""The formats that Pillow decodes: PNG, WebP, AVIF, TIFF, BMP and GIF."""

from __future__ import annotations

import importlib
import io
from typing import TYPE_CHECKING, NamedTuple

from bucketlens.errors import DamagedError, UnsupportedError
from bucketlens.imaging.exif import UPRIGHT, Exif, exif_of, read_exif
from bucketlens.imaging.failures import decoding
from bucketlens.imaging.headers import count_gif_frames, gif_size, webp_size
from bucketlens.imaging.raster import Raster, shrink
from bucketlens.imaging.tiff import Tiff
from bucketlens.imaging.tiffs import check_tiles, raw_camera

if TYPE_CHECKING:
    from PIL import ImageFile

    from bucketlens.imaging.limits import Cover, Limits

PLUGINS = {
    "png": ("PngImagePlugin", "PngImageFile"),
    "webp": ("WebPImagePlugin", "WebPImageFile"),
    "avif": ("AvifImagePlugin", "AvifImageFile"),
    "tiff": ("TiffImagePlugin", "TiffImageFile"),
    "bmp": ("BmpImagePlugin", "BmpImageFile"),
    "gif": ("GifImagePlugin", "GifImageFile"),
}
"""Pillow's classes, used directly: ``Image.open`` would also try formats that are not meant, and
would hold pictures against a process-wide limit of its own instead of ours."""

WEBP_SHARE = 0.5
"""Of max_pixels: WebP takes 15 bytes a pixel while it is decoded, the others at most 8."""


def decode_with_pillow(kind: str, data: bytes, limits: Limits, cover: Cover | None) -> Raster:
    """Decode the first frame of a format in ``PLUGINS``.

    Raises:
        UnsupportedError: A camera's RAW file, or samples of a kind that is not read.
        TooLargeError: Over the limits.
        DamagedError: Broken or cut off.
    """
    header = _inspect(kind, data, limits)
    with decoding(kind):
        image = _open(kind, data)
        limits.check_pixels(*image.size)
        image.load()
        width, height = image.size
        picture = shrink(image, cover.divisor(width, height) if cover else 1)
        frames = header.frames or int(getattr(image, "n_frames", 1))
    exif = header.exif or read_exif(image.info.get("exif"))
    turned = kind == "tiff"  # by Pillow, while loading
    return Raster(
        picture,
        width,
        height,
        profile=image.info.get("icc_profile"),
        frames=frames,
        orientation=UPRIGHT if turned else exif.orientation,
        turned=exif.orientation if turned else UPRIGHT,
        taken=exif.taken,
    )


def _open(kind: str, data: bytes) -> ImageFile.ImageFile:
    module, name = PLUGINS[kind]
    plugin = importlib.import_module(f"PIL.{module}")
    image: ImageFile.ImageFile = getattr(plugin, name)(io.BytesIO(data))
    return image


class Header(NamedTuple):
    """What is known before Pillow opens a file; None where Pillow will say."""

    frames: int | None = None
    exif: Exif | None = None


def _inspect(kind: str, data: bytes, limits: Limits) -> Header:
    """Look at what Pillow would tell too late, or too slowly."""
    if kind == "webp":
        # Pillow's decoder allocates the canvas when it opens the file.
        limits.check_pixels(*webp_size(data), share=WEBP_SHARE)
    elif kind == "gif":
        limits.check_pixels(*gif_size(data))
        return Header(frames=max(1, count_gif_frames(data)))
    elif kind == "tiff":
        return _inspect_tiff(data, limits)
    return Header()


def _inspect_tiff(data: bytes, limits: Limits) -> Header:
    """The number of pages and the EXIF facts.

    Raises:
        UnsupportedError: It is a camera's RAW file, whose first picture is a small preview.
        TooLargeError: A tile is over the limit.
        DamagedError: There is no directory.
    """
    try:
        tiff = Tiff(data)
    except ValueError as exc:
        raise DamagedError("is TIFF with a broken header") from exc
    pages = list(tiff.chain())
    if not pages:
        raise DamagedError("is TIFF without a picture")
    camera = raw_camera(data, pages[0])
    if camera:
        raise UnsupportedError(f"is a RAW photo ({camera}); convert it to JPEG, HEIC or TIFF first")
    check_tiles(pages[0], limits)
    return Header(frames=len(pages), exif=exif_of(tiff, pages[0]))
