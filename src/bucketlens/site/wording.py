"""How values read on a page: names from strangers, dates, shares, sizes."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bucketlens.moments import Moment, moment

if TYPE_CHECKING:
    from bucketlens.records import LabelRecord

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
"""Our own, since strftime would follow the locale and pages would differ by machine."""

UNSEEN = "\N{REPLACEMENT CHARACTER}"
JOINERS = frozenset("\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}")


def shown(text: str) -> str:
    """A text from strangers as it may be displayed.

    Control characters, those that turn the direction of text around, and bytes that are no
    characters become a visible sign, so that ``gpj.exe`` can't dress up as ``exe.jpg``.
    """
    if text.isprintable():
        return text
    return "".join(c if _can_be_seen(c) else UNSEEN for c in text)


def _can_be_seen(character: str) -> bool:
    # Wide and narrow spaces count as not printable, and joiners hold emoji and scripts together.
    return (
        character.isprintable() or unicodedata.category(character) == "Zs" or character in JOINERS
    )


def moment_of(record: LabelRecord) -> Moment:
    """When the photo was taken if it says, else when its file was last changed."""
    return moment(record.image.taken, record.observed.modified)


def day(seconds: float) -> str:
    """``22 November 2026``."""
    date = datetime.fromtimestamp(seconds, UTC)
    return f"{date.day} {MONTHS[date.month - 1]} {date.year}"


def iso_day(seconds: float) -> str:
    """``2026-11-22``."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def month(seconds: float) -> str:
    """``November 2026``."""
    date = datetime.fromtimestamp(seconds, UTC)
    return f"{MONTHS[date.month - 1]} {date.year}"


def year(seconds: float) -> str:
    """``2026``."""
    return str(datetime.fromtimestamp(seconds, UTC).year)


def date_name(date: str) -> str:
    """``November 2026`` for ``2026-11``, ``2026`` for ``2026``."""
    year, _, month = date.partition("-")
    return f"{MONTHS[int(month) - 1]} {int(year)}" if month else str(int(year))


def month_names(first: str, last: str) -> list[str]:
    """All months from the first to the last: ``2026-11``, ``2026-12``, ``2027-01``."""
    begin, end = (int(name[:4]) * 12 + int(name[5:]) - 1 for name in (first, last))
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in range(begin, end + 1)]


def year_names(first: str, last: str) -> list[str]:
    """All years from the first to the last."""
    return [f"{year:04}" for year in range(int(first), int(last) + 1)]


def counted(number: int, one: str, many: str | None = None) -> str:
    """``1 image``, ``12,345 images``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def megapixels(width: int, height: int) -> str:
    """``12.2 megapixels``; two digits that count for small pictures."""
    value = width * height / 1e6
    return f"{value:.1f} megapixels" if value >= 1 else f"{value:.2g} megapixels"
