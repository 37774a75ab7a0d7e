"""Which keys of one source a notification asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from bucketlens.errors import ConfigError
from bucketlens.events.envelopes import parse
from bucketlens.events.sequencers import newest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bucketlens.events.filters import KeyFilter
    from bucketlens.events.parsed import PassedOver
    from bucketlens.types import ObjectEvent

_BUCKET = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+)://(?P<bucket>[^/]+)/?(?P<prefix>(?s:.*))"
)


class SourcePlace(NamedTuple):
    """Where a source is in its bucket.

    Attributes:
        bucket: Its name; of a source that is in none, its path, as events of folders name it.
        prefix: Of the keys of all images, with its trailing slash; empty for the whole bucket.
    """

    bucket: str
    prefix: str = ""

    @classmethod
    def of(cls, location: str) -> SourcePlace:
        """From the location of any store: a URL or a path.

        >>> SourcePlace.of("s3://photos/uploads")
        SourcePlace(bucket='photos', prefix='uploads/')
        """
        found = _BUCKET.fullmatch(location)
        if found is None or found["scheme"].lower() == "file":
            return cls(location)
        prefix = found["prefix"].rstrip("/")
        return cls(found["bucket"], f"{prefix}/" if prefix else "")

    def key_of(self, event: ObjectEvent) -> str | None:
        """The event's key as the source's store knows it; None where it is not in the source.

        >>> from bucketlens.types import ObjectEvent
        >>> event = ObjectEvent(store="photos", key="uploads/a.jpg", kind="created")
        >>> SourcePlace("photos", "uploads/").key_of(event)
        'a.jpg'
        """
        if event.store != self.bucket or not event.key.startswith(self.prefix):
            return None
        return event.key.removeprefix(self.prefix) or None


def source_place(location: str) -> SourcePlace:
    """The bucket and prefix of a source's URL.

    Raises:
        ConfigError: It is not in a bucket.
    """
    place = SourcePlace.of(location)
    if place.bucket == location:
        raise ConfigError(f"{location} is not in a bucket, so no notification can speak of it")
    return place


@dataclass(frozen=True, slots=True)
class Asked:
    """What one notification asks for.

    Attributes:
        keys: Keys of the source, each with the newest sequencer that came with it.
        elsewhere: Events of other buckets and prefixes, and of keys that are not looked at.
        passed_over: What is no event.
    """

    keys: Mapping[str, str | None]
    elsewhere: int
    passed_over: tuple[PassedOver, ...]

    @property
    def damaged(self) -> tuple[PassedOver, ...]:
        """Parts that should have been events and can't be understood."""
        return tuple(part for part in self.passed_over if part.damaged)


class Intake:
    """From notifications to keys of one source.

    Args:
        place: Where the source is.
        wanted: Which of its keys are looked at.
    """

    def __init__(self, place: SourcePlace, wanted: KeyFilter) -> None:
        """Hold both."""
        self._place = place
        self._wanted = wanted

    def key_of(self, event: ObjectEvent) -> str | None:
        """The key below the source; None where the event is about nothing that is looked at."""
        key = self._place.key_of(event)
        if key is None:
            return None
        # Not every sender says the size; a name that ends so is a folder marker in all but theory.
        size = 0 if event.size is None and key.endswith("/") else event.size
        return key if self._wanted.takes(key, size) else None

    def read(self, payload: bytes | str | Mapping[str, Any]) -> Asked:
        """What a notification asks for; a key is named once, however often it stands there.

        Raises:
            EventParseError: Nothing in it can be understood.
        """
        parsed = parse(payload)
        keys = [(key, event.sequencer) for event in parsed.events if (key := self.key_of(event))]
        return Asked(newest(keys), len(parsed.events) - len(keys), parsed.passed_over)
