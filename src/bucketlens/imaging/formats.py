"""The formats that Pillow and libheif decode: PNG, WebP, AVIF, TIFF, BMP, GIF and HEIC."""

from __future__ import annotations

import importlib
import io
from typing import TYPE_CHECKING

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


def decode_with_pillow(kind: str, data: bytes, limits: Limits, cover: Cover | None) -> Raster:
    """Decode the first frame of a format in ``PLUGINS``."""
    exif, frames = Exif(), None
    if kind == "webp":
        # Pillow's decoder allocates the canvas when it opens the file.
        limits.check_pixels(*webp_size(data))
    elif kind == "tiff":
        exif, frames = _inspect_tiff(data, limits)
    elif kind == "gif":
        limits.check_pixels(*gif_size(data))
        frames = count_gif_frames(data)
    with decoding(kind):
        image = _open(kind, data)
        limits.check_pixels(*image.size)
        image.load()
        width, height = image.size
        picture = shrink(image, cover.divisor(width, height) if cover else 1)
    turned = UPRIGHT
    if kind == "tiff":  # Pillow turns TIFF files itself
        turned = exif.orientation
    else:
        exif = read_exif(image.info.get("exif"))
    return Raster(
        picture,
        width,
        height,
        profile=image.info.get("icc_profile"),
        frames=max(1, frames or getattr(image, "n_frames", 1)),
        orientation=UPRIGHT if kind == "tiff" else exif.orientation,
        turned=turned,
        taken=exif.taken,
    )


def decode_heic(data: bytes, limits: Limits, cover: Cover | None) -> Raster:
    """Decode the primary picture of a HEIC file; libheif turns it upright itself.

    The EXIF orientation is left alone, as the standard asks: it repeats what the file's own
    rotation says.
    """
    with decoding("heic"):
        import pi_heif  # noqa: PLC0415 - 20 ms that only HEIC needs

        file = pi_heif.open_heif(data, convert_hdr_to_8bit=True)
        if not len(file):
            raise DamagedError("is HEIC without a picture that can be decoded")
        for item in file:
            limits.check_pixels(*item.size)
        primary = file[file.primary_index]
        image = primary.to_pillow()
        width, height = image.size
        picture = shrink(image, cover.divisor(width, height) if cover else 1)
    return Raster(
        picture,
        width,
        height,
        profile=image.info.get("icc_profile"),
        frames=len(file),
        taken=read_exif(primary.info.get("exif")).taken,
    )


def _open(kind: str, data: bytes) -> ImageFile.ImageFile:
    module, name = PLUGINS[kind]
    plugin = importlib.import_module(f"PIL.{module}")
    image: ImageFile.ImageFile = getattr(plugin, name)(io.BytesIO(data))
    return image


def _inspect_tiff(data: bytes, limits: Limits) -> tuple[Exif, int]:
    """The EXIF facts and the number of pages.

    Raises:
        UnsupportedError: It is a camera's RAW file, whose first picture is a small preview.
        TooLargeError: A tile is over the limit.
        DamagedError: There is no directory.
    """
    with decoding("tiff"):
        tiff = Tiff(data)
        pages = list(tiff.chain())
        if not pages:
            raise DamagedError("is TIFF without a picture")
    camera = raw_camera(data, pages[0])
    if camera:
        raise UnsupportedError(f"is a RAW photo ({camera}); convert it to JPEG, HEIC or TIFF first")
    check_tiles(pages[0], limits)
    return exif_of(tiff, pages[0]), len(pages)
