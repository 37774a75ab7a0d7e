"""Which records changed, as the store of the records tells it to a queue.

The store's own events are the change list: nobody has to write one, and a change by another door,
such as a relabelling on a laptop, is in it too. It is a list of hints: what is lost of it, a look
at all records makes up for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bucketlens.events import EventParseError, SourcePlace, parse
from bucketlens.names import key_of
from bucketlens.queues import MOST_AT_ONCE
from bucketlens.records import RECORD_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bucketlens.aws.invocation import Deadline
    from bucketlens.queues import Message

HIDDEN_SECONDS = 360.0
"""Above what an index function may take, so that nobody else gets them meanwhile."""

WAIT_SECONDS = 1.0
"""An answer without waiting asks only some of SQS's servers, and may miss messages."""

MOST_MESSAGES = 10_000
"""Of one call; the rest stays for the next."""

DRAIN_SHARE = 0.25
"""Of the time that there is, spent on draining at most: the index needs the rest."""


class ChangeQueue(Protocol):
    """What is needed of a queue."""

    def receive(self, most: int, *, wait: float, hidden: float) -> list[Message]:
        """Take messages, at most ``most``."""

    def delete_all(self, messages: Sequence[Message]) -> None:
        """They are done with."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Changes that are in hand.

    Attributes:
        keys: Of images whose records changed.
        messages: What told so; to be deleted when the index shows it.
    """

    keys: frozenset[str]
    messages: tuple[Message, ...]


class Changes:
    """The queue of changes of one collection.

    Args:
        queue: Events of the records' store.
        records: Location of the records.
        complain: Told of a message that can't be understood.
    """

    def __init__(
        self, queue: ChangeQueue, records: str, complain: Callable[[Message, str], None]
    ) -> None:
        """Take nothing yet."""
        self._queue = queue
        self._place = SourcePlace.of(records)
        self._complain = complain

    def take(self, deadline: Deadline) -> Taken:
        """Take what there is, as far as there is time.

        Raises:
            TransientError: The queue can't be asked now.
        """
        enough = (1 - DRAIN_SHARE) * deadline.left()
        keys: set[str] = set()
        messages: list[Message] = []
        while len(messages) < MOST_MESSAGES and deadline.left() > enough:
            found = self._queue.receive(MOST_AT_ONCE, wait=WAIT_SECONDS, hidden=HIDDEN_SECONDS)
            if not found:
                break
            messages += found
            for message in found:
                keys |= self._keys(message)
        return Taken(frozenset(keys), tuple(messages))

    def shown(self, taken: Taken) -> None:
        """The index shows them."""
        self._queue.delete_all(taken.messages)

    def _keys(self, message: Message) -> set[str]:
        """The keys that a message speaks of; one that is no event will never be one."""
        try:
            parsed = parse(message.body)
        except EventParseError as exc:
            self._complain(message, exc.message)
            return set()
        names = (self._place.key_of(event) for event in parsed.events)
        keys = (key_of(name, RECORD_SUFFIX) for name in names if name is not None)
        return {key for key in keys if key is not None}
