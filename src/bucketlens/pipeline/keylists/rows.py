"""One row of a list of keys, whatever it was written in, and which image of a source it names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bucketlens.pipeline.plans import Refused, Sought

if TYPE_CHECKING:
    from bucketlens.events import SourcePlace


class Row(NamedTuple):
    """One row.

    Attributes:
        where: The list and the line, for people.
        key: As the list has it, decoded.
        bucket: Named beside it; then the key counts from the bucket, else from the source.
        size: Bytes, where it says so.
        whole: The list is of a whole bucket, so that keys outside the source are no mistake.
    """

    where: str
    key: str
    bucket: str | None = None
    size: int | None = None
    whole: bool = False


def located(row: Row, source: str, place: SourcePlace) -> Sought | Refused | None:
    """The image that a row names; None where it is not of this source and need not be.

    >>> from bucketlens.events import SourcePlace
    >>> place = SourcePlace("photos", "uploads/")
    >>> located(Row("k.csv:1", "uploads/a.jpg", "photos"), "s3://photos/uploads", place)
    Sought(key='a.jpg', size=None)
    """
    mistake = _mistake(row.key)
    if mistake:
        return Refused(row.where, mistake)
    if row.bucket is None:
        return Sought(row.key.removeprefix(f"{source.rstrip('/')}/"), row.size)
    if row.bucket != place.bucket:
        return Refused(row.where, f"it names the bucket {row.bucket!r}, and SOURCE is {source}")
    key = row.key.removeprefix(place.prefix)
    if not row.key.startswith(place.prefix) or not key:
        return None if row.whole else Refused(row.where, f"{row.key!r} is not in {source}")
    return Sought(key, row.size)


def _mistake(key: str) -> str:
    """Why no object can have such a key; empty where one can."""
    try:
        key.encode()
    except UnicodeEncodeError:
        return "it is not UTF-8"
    if "\0" in key:
        return "no key holds a zero byte"
    return "" if key else "it names no key"
