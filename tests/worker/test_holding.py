"""Messages in hand stay hidden, and no longer than they are in hand."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from bucketlens.errors import ConfigError, TransientError
from bucketlens.worker import Message
from bucketlens.worker.holding import LONGEST_PAUSE, Holding, pause_after

if TYPE_CHECKING:
    from collections.abc import Callable

MESSAGE = Message("id", "receipt", "{}")


class Recorder:
    """A queue that notes what it is asked."""

    def __init__(self, fail: Callable[[], None] = lambda: None) -> None:
        """Fail each call as told."""
        self.hidden: list[float] = []
        self.deleted: list[str] = []
        self.twice = threading.Event()
        self._fail = fail

    def receive(self, most: int, *, wait: float, hidden: float) -> list[Message]:
        """None."""
        del most, wait, hidden
        return []

    def delete(self, message: Message) -> None:
        """Note it."""
        self._fail()
        self.deleted.append(message.id)

    def hide(self, message: Message, seconds: float) -> None:
        """Note it."""
        del message
        self.hidden.append(seconds)
        if len(self.hidden) >= 2:
            self.twice.set()
        self._fail()


def test_a_message_in_hand_is_hidden_again_and_again():
    """Before its time is up, each time for the whole time."""
    queue = Recorder()
    holding = Holding(queue, lambda _: None, hidden=0.06)
    holding.take(MESSAGE)
    assert queue.twice.wait(10)
    holding.delete(MESSAGE)
    holding.close()
    assert set(queue.hidden) == {0.06}
    assert (queue.deleted, len(holding), holding.deleted) == (["id"], 0, 1)


def test_a_queue_that_stumbles_stops_nothing():
    """What could not be deleted or hidden comes back by itself."""

    def stumble() -> None:
        raise TransientError("slow down")

    causes: list[ConfigError] = []
    holding = Holding(Recorder(stumble), causes.append)
    for end in (holding.delete, lambda message: holding.give_back(message, 5.0)):
        holding.take(MESSAGE)
        end(MESSAGE)
    holding.close()
    assert len(holding) == 0
    assert not causes


def test_a_queue_that_refuses_is_told_to_the_worker():
    """The operator must give the right that is missing."""

    def refuse() -> None:
        raise ConfigError("no right to delete")

    causes: list[ConfigError] = []
    holding = Holding(Recorder(refuse), causes.append)
    holding.take(MESSAGE)
    holding.delete(MESSAGE)
    holding.close()
    assert [cause.message for cause in causes] == ["no right to delete"]


def test_pauses_grow_to_a_limit():
    """Doubled each time, shortened by half at most."""
    for times, longest in ((1, 5.0), (2, 10.0), (4, 40.0), (50, LONGEST_PAUSE)):
        assert longest / 2 <= pause_after(times) <= longest
