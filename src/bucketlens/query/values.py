"""The values of clauses: dates, numbers and fixed words, read forgivingly, kept strictly."""

from __future__ import annotations

import re
from datetime import date, timedelta

from bucketlens.query.mistakes import QueryError
from bucketlens.query.nodes import Days

COLORS = (
    *("black", "blue", "brown", "cyan", "green", "grey"),
    *("orange", "pink", "purple", "red", "white", "yellow"),
)
ORIENTATIONS = ("landscape", "portrait", "square")
STEPS = (50, 60, 70, 80, 90, 95, 98)
"""Confidences that a query can tell apart.

The site's index keeps three bits for the confidence of each label of each image, and answers have
to be the same with and without a server.
"""

LEVELS = len(STEPS) + 1
BOUNDS = (0, *STEPS, 100)
"""Where each level begins; the last one ends at 100."""

MOST = 100

_DATE = re.compile("[1-9][0-9]{3}(?:-[0-9]{2}){0,2}")
_ONE_DIGIT = re.compile("[-/]([0-9])(?![0-9])")
_NUMBER = re.compile("([0-9]{1,3}(?:[.][0-9]{1,2})?)%?")
LAST_YEAR = 9999


def level_of(confidence: float) -> int:
    """The level of a confidence (0 to 100): how many steps it reaches, 0 to 7."""
    return sum(confidence >= step for step in STEPS)


def read_confidence(text: str, start: int, end: int) -> float:
    """A number from 0 to 100; whole numbers are ints, as JSON writes them."""
    found = _NUMBER.fullmatch(text)
    if not found or float(found[1]) > MOST:
        raise QueryError("confidence is a number from 0 to 100, as in confidence>80", start, end)
    value = float(found[1])
    return int(value) if value.is_integer() else value


def read_word(field: str, text: str, known: tuple[str, ...], start: int, end: int) -> str:
    """One of a few words."""
    word = text.lower().replace("gray", "grey", 1)
    if word not in known:
        raise QueryError(f"{field}: is one of {', '.join(known)}", start, end)
    return word


def read_date(field: str, text: str, start: int, end: int) -> str:
    """A year, month or day, with two digits each: ``2026``, ``2026-01``, ``2026-01-15``."""
    value = _ONE_DIGIT.sub(r"-0\1", text).replace("/", "-")
    if _DATE.fullmatch(value) and _is_date(first_day(value)):
        return value
    raise QueryError(
        f"{field}: is a year, month or day, as in {field}:2026-01 or {field}:2026-01-31",
        start,
        end,
    )


def first_day(value: str) -> str:
    """The first day of a year, month or day."""
    return value + "-01-01"[len(value) - 4 :] if len(value) < len("2026-01-15") else value


def days_of(value: str) -> Days:
    """The days of a year, month or day."""
    return Days(first_day(value), _day_after(value))


def _day_after(value: str) -> str | None:
    """The first day after a year, month or day; None where the calendar ends."""
    start = date.fromisoformat(first_day(value))
    if start.year == LAST_YEAR:
        return None
    if len(value) == len("2026"):
        return f"{start.year + 1}-01-01"
    if len(value) == len("2026-01"):
        later = (start.replace(day=1) + timedelta(days=31)).replace(day=1)
        return later.isoformat()
    return (start + timedelta(days=1)).isoformat()


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
