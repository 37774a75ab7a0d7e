"""What a notification was found to say: events, and what was passed over with the reason."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from bucketlens.errors import InputError
from bucketlens.types import ObjectEvent


class EventParseError(InputError):
    """The payload can't be understood as an event; sending it again would not help."""

    code: ClassVar[str] = "event"
    http_status: ClassVar[int] = 400


class PassedOver(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a notification that asks for no work.

    Attributes:
        what: The part, in a few words: ``s3:TestEvent``, ``record 2 of 3``.
        why: Why nothing is done for it, one sentence.
        damaged: True if it should have been an event but can't be understood; whoever received
            the notification should say so, or let it go to its dead letters.
    """

    what: str
    why: str
    damaged: bool = False


class ParsedEvents(msgspec.Struct, frozen=True, kw_only=True):
    """All that one notification says.

    Attributes:
        events: The hints, in the order in which they stand in the notification.
        passed_over: What is not a change of an object, or is damaged beside parts that are not.
    """

    events: tuple[ObjectEvent, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()

    @property
    def damaged(self) -> tuple[PassedOver, ...]:
        """The parts that should have been events but could not be understood."""
        return tuple(part for part in self.passed_over if part.damaged)


Finding = ObjectEvent | PassedOver
"""What one entry of a notification turns out to be."""
