"""When an image is from."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

DAY = 86_400.0
LAST = datetime(9999, 12, 31, tzinfo=UTC).timestamp()


class Moment(msgspec.Struct, frozen=True):
    """When an image is from.

    Attributes:
        seconds: Since the epoch; a photo's own clock has no zone and is read as UTC.
        taken: Whether the photo says so itself; otherwise it is when the file was last changed.
    """

    seconds: float
    taken: bool


def moment(taken: str | None, modified: float) -> Moment:
    """When the photo was taken if it says, else when its file was last changed.

    A photo can't be younger than its file: a camera whose clock runs ahead is not believed,
    or its photos would stay on top of the index for years.

    Args:
        taken: What the photo says, ISO 8601.
        modified: When the file was last changed, seconds since the epoch.
    """
    modified = min(max(modified, 0.0), LAST)
    seconds = _seconds(taken)
    if seconds is not None and seconds <= modified + DAY:
        return Moment(seconds, taken=True)
    return Moment(modified, taken=False)


def _seconds(iso: str | None) -> float | None:
    if not iso:
        return None
    try:
        return datetime.fromisoformat(iso).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
