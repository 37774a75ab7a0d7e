"""ICC profiles: pictures in other colours than sRGB are converted, cheaply.

A profile's transform is built once and kept (2 ms to build). Most photos carry a profile that
says sRGB in other words: those are found by what the transform does to a few colours, and left
alone (a transform costs 13 ns a pixel).
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from PIL import ImageCms

    from bucketlens.types import RGBPixels

KEPT = 16
"""Transforms that are kept: a collection comes from a handful of cameras and programs."""

LARGEST = 4 * 1024 * 1024
"""Bytes of a profile that is looked at; the largest printing profiles take 2.7 MB."""

INVISIBLE = 3
"""Levels of 255 by which a profile may differ from sRGB in any probed colour and count as it."""

SPACES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""Pillow's modes by the colour space that a profile names."""


def to_srgb(picture: RGBPixels | Image.Image, profile: bytes | None) -> RGBPixels:
    """RGB pixels, or an image in L, RGB or CMYK, as RGB pixels in sRGB.

    A profile that is broken, or of another colour model than the picture, is ignored, as viewers
    do. Without one, L and RGB are taken for sRGB, and CMYK is converted by plain multiplication.
    """
    mode = picture.mode if isinstance(picture, Image.Image) else "RGB"
    transform = _transform(profile, mode) if profile and len(profile) <= LARGEST else None
    if not isinstance(picture, Image.Image):
        if transform is None:
            return picture
        picture = Image.fromarray(picture)
    if transform is not None:
        picture = transform.apply(picture)
    return np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB"))


@lru_cache(maxsize=KEPT)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The transform to sRGB; None where the profile says nothing new or nothing usable."""
    from PIL import ImageCms  # noqa: PLC0415 - most photos need none

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if SPACES.get(source.profile.xcolor_space) != mode:
            return None
        target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        transform = ImageCms.ImageCmsTransform(source, target, mode, "RGB")
        return None if mode != "CMYK" and _changes_little(transform, mode) else transform
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _changes_little(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    levels = np.array([0, 32, 64, 128, 192, 255], dtype=np.uint8)
    if mode == "RGB":
        probe = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1)
        probe = probe.reshape(1, -1, 3)
    else:
        probe = levels.reshape(1, -1)
    before = Image.fromarray(probe)
    after = np.asarray(transform.apply(before), dtype=np.int16)
    return int(np.abs(after - np.asarray(before.convert("RGB"), dtype=np.int16)).max()) <= INVISIBLE
