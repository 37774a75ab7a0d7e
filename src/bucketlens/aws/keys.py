"""From the bucket and key of an event to a key below the source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bucketlens.types import ObjectInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.types import ObjectEvent


@dataclass(frozen=True, slots=True)
class SourceKeys:
    """Which keys of events are keys of the source.

    Attributes:
        store: What events call the place: the bucket, or the path of a folder.
        prefix: What the keys of events have before the source's keys; empty or with its slash.
        wanted: The filters, for keys of the source.
    """

    store: str
    prefix: str
    wanted: Callable[[ObjectInfo], bool]

    @classmethod
    def of(cls, location: str, wanted: Callable[[ObjectInfo], bool]) -> SourceKeys:
        """From the location of the source's store: ``s3://bucket/prefix`` or a path."""
        scheme, separator, rest = location.partition("://")
        if not separator:
            return cls(scheme, "", wanted)
        store, _, prefix = rest.partition("/")
        return cls(store, f"{prefix}/" if prefix else "", wanted)

    def key_of(self, event: ObjectEvent) -> str | None:
        """The key below the source; None where the event is about nothing that is looked at."""
        if event.store != self.store or not event.key.startswith(self.prefix):
            return None
        key = event.key.removeprefix(self.prefix)
        if not key or not self.wanted(_as_listed(key, event.size)):
            return None
        return key


def _as_listed(key: str, size: int | None) -> ObjectInfo:
    """The object as a listing shows it; the filters ask only for the key, and for no bytes."""
    # Not every sender says the size; a name that ends so is a folder marker in all but theory.
    if size is None:
        size = 0 if key.endswith("/") else 1
    return ObjectInfo(key=key, etag="", size=size, modified=0.0)
