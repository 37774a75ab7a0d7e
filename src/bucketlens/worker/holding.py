"""Messages in hand: hidden from others as long as they are worked on, then deleted or given back.

No worker needs to know beforehand how long a message takes: it is hidden for a minute and, while
it is in hand, for another one every twenty seconds. A worker that is killed loses nothing but that
minute.
"""

from __future__ import annotations

import logging
import random
import threading
from typing import TYPE_CHECKING

from bucketlens.errors import BucketlensError, ConfigError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.queues import Message, Queue

log = logging.getLogger(__name__)

HIDDEN_SECONDS = 60.0
"""How long a message stays hidden when its worker is killed."""

FIRST_PAUSE = 5.0
LONGEST_PAUSE = 300.0
"""Seconds until a message that could not be settled comes back, doubled each time."""


class Holding:
    """The messages in hand.

    Args:
        queue: They came from it.
        halt: Told of an error that the operator must see to.
        hidden: Seconds for which a message is hidden.
    """

    def __init__(
        self, queue: Queue, halt: Callable[[ConfigError], None], hidden: float = HIDDEN_SECONDS
    ) -> None:
        """Begin with empty hands, and with the thread that keeps hidden what is in them."""
        self.hidden = hidden
        self.deleted = 0
        self.returned = 0
        self._queue = queue
        self._halt = halt
        self._changed = threading.Condition()
        self._held: dict[str, Message] = {}
        self._leaving: set[str] = set()
        self._ended = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="hide", daemon=True)
        self._heart.start()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._held)

    def take(self, message: Message) -> None:
        """Hold one more."""
        with self._changed:
            self._held[message.receipt] = message

    def wait_for_room(self, most: int, seconds: float) -> bool:
        """Wait until fewer than ``most`` are held; whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._held) < most, timeout=seconds)

    def delete(self, message: Message) -> None:
        """It is settled."""
        self._leaving.add(message.receipt)
        try:
            self._queue.delete(message)
        except (ConfigError, TransientError) as exc:  # it comes again: one look at each key
            self._note("message not deleted", message, exc)
        self._let_go(message)
        with self._changed:
            self.deleted += 1

    def give_back(self, message: Message, seconds: float) -> None:
        """It is to come back after so many seconds."""
        self._leaving.add(message.receipt)
        self._hide(message, seconds)
        self._let_go(message)
        with self._changed:
            self.returned += 1

    def close(self) -> None:
        """Hide no longer what is still held."""
        self._ended.set()
        self._heart.join()

    def _let_go(self, message: Message) -> None:
        with self._changed:
            self._held.pop(message.receipt, None)
            self._leaving.discard(message.receipt)
            self._changed.notify_all()

    def _beat(self) -> None:
        while not self._ended.wait(self.hidden / 3):
            for message in tuple(self._held.values()):
                if message.receipt in self._held and message.receipt not in self._leaving:
                    self._hide(message, self.hidden)

    def _hide(self, message: Message, seconds: float) -> None:
        try:
            self._queue.hide(message, seconds)
        except (ConfigError, TransientError) as exc:  # then it comes when its time is up
            self._note("message not hidden", message, exc)

    def _note(self, what: str, message: Message, exc: BucketlensError) -> None:
        log.warning(what, extra={"fields": {"message_id": message.id, "reason": exc.message}})
        if isinstance(exc, ConfigError):
            self._halt(exc)


def pause_after(times: int) -> float:
    """Seconds before another try, after so many.

    Shortened at random, so that what was refused together does not come back together.
    """
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(times - 1, 10))
    return longest * (0.5 + random.random() / 2)  # noqa: S311 - nothing secret
