"""HEIC, decoded by libheif through pi-heif, without registering anything with Pillow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bucketlens.errors import DamagedError
from bucketlens.imaging.exif import read_exif
from bucketlens.imaging.failures import decoding
from bucketlens.imaging.raster import Raster, shrink

if TYPE_CHECKING:
    from bucketlens.imaging.limits import Cover, Limits

ITEM = re.compile(rb"(....)infe(.)...", re.DOTALL)
"""The head of an item entry: the size of the box, its type, version and flags."""

NAMES_AT = {0: 12, 1: 12, 2: 12, 3: 14}
"""Where the item's type and names begin in its box, by version."""


def decode_heic(data: bytes, limits: Limits, cover: Cover | None) -> Raster:
    """Decode the primary picture of a HEIC file; libheif turns it upright itself.

    The EXIF orientation is left alone, as the standard asks: it repeats what the file's own
    rotation says.

    Raises:
        TooLargeError: One of its pictures is over the limit.
        DamagedError: Broken, or of a coding that libheif has no decoder for.
    """
    import pi_heif  # noqa: PLC0415 - 20 ms that only HEIC needs

    check_names(data)
    with decoding("heic"):
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


def check_names(data: bytes) -> None:
    """Refuse a file whose items have names that are not text.

    pi-heif 1.4 makes Python strings of them without looking, and brings the process down where
    that fails.

    Raises:
        DamagedError: A name is not UTF-8.
    """
    for item in ITEM.finditer(data):
        end = item.start() + int.from_bytes(item[1], "big")
        names = data[item.start() + NAMES_AT.get(item[2][0], 12) : end]
        try:
            names.decode()
        except UnicodeDecodeError as exc:
            raise DamagedError("is damaged HEIC: the name of an item is not text") from exc
