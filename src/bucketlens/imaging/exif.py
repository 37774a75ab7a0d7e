"""What the EXIF block says that matters here: which way is up, and when.

Nothing else is read: no place, no owner, no serial number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bucketlens.imaging.tiff import EXIF_POINTER, Directory, Tiff

ORIENTATION = 0x0112
DATE_TIME_ORIGINAL = 0x9003

UPRIGHT = 1
LAST_ORIENTATION = 8

FIRST_PHOTO = 1826
"""Year of the oldest photograph that survives: an earlier date is a camera without a clock."""


@dataclass(frozen=True, slots=True)
class Exif:
    """The facts of an EXIF block.

    Attributes:
        orientation: 1 to 8; 1 where it is absent or nonsense.
        taken: When the photo was taken, ISO 8601 without zone.
    """

    orientation: int = UPRIGHT
    taken: str | None = None


def read_exif(block: bytes | None) -> Exif:
    """Read an EXIF block, with or without its ``Exif`` prefix; hostile data give the defaults."""
    if not block:
        return Exif()
    try:
        tiff = Tiff(block.removeprefix(b"Exif\x00\x00"))
    except ValueError:
        return Exif()
    return exif_of(tiff, tiff.directory(tiff.first))


def exif_of(tiff: Tiff, main: Directory) -> Exif:
    """The facts of a directory and the EXIF directory that it points to."""
    orientation = main.integer(ORIENTATION, UPRIGHT)
    if not UPRIGHT <= orientation <= LAST_ORIENTATION:
        orientation = UPRIGHT
    details = tiff.directory(main.integer(EXIF_POINTER))
    return Exif(orientation, parse_date(details.text(DATE_TIME_ORIGINAL)))


def parse_date(text: str) -> str | None:
    """``2024:05:17 18:30:01`` as ISO 8601; None for what is no date, or before photography."""
    try:
        moment = datetime.strptime(text, "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - EXIF has no zone
    except ValueError:
        return None
    return moment.isoformat() if moment.year >= FIRST_PHOTO else None
