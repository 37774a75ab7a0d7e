"""What may work later: kept until all else is done, then tried again, a few times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketlens.errors import TransientError
from bucketlens.pipeline.plans import Outcome, Settled, Sought, key_of_item

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bucketlens.pipeline.plans import Item

RETRY_DELAYS = (0.5, 2.0, 8.0)
"""Seconds to wait before each new try of what may work later."""

RETRIES_KEPT = 10_000
"""Keys that are kept for another try; a store that is down fails more, and needs another run."""


class Later:
    """Keys that are kept for another try; safe to add to from several threads.

    Args:
        delays: Seconds before each new try.

    Attributes:
        items: What is kept.
    """

    def __init__(self, delays: Sequence[float] = ()) -> None:
        """Keep nothing yet."""
        self.items: list[Sought | str] = []
        self._delays = tuple(delays)
        self._tries = len(self._delays)

    def has_room(self, number: int = 1) -> bool:
        """Whether there will be another try, and so many more may be kept for it."""
        return self._tries > 0 and len(self.items) + number <= RETRIES_KEPT

    def takes(self, item: Item, settled: Settled) -> bool:
        """Keep an item for another try, if what became of it is that it may work later."""
        transient = settled.failure is not None and settled.failure[0] == TransientError.code
        kept = transient and self.has_room()
        if kept:
            self.items.append(again(item))
        return kept

    def rounds(
        self,
        objects: Iterable[Item],
        settle: Callable[[Iterable[Item]], None],
        stop: threading.Event,
        ending: Callable[[], bool],
    ) -> None:
        """Settle all, then after each pause what was kept; ``stop`` cuts a pause short."""
        settle(objects)
        for delay in self._delays:
            if not self.items or ending() or stop.wait(delay):
                break
            items, self.items = self.items, []
            self._tries -= 1
            settle(items)

    def left(self) -> Iterator[Settled]:
        """Reports on what was kept and is tried no more."""
        return (left_for_later(key_of_item(item)) for item in self.items)


def again(item: Item) -> Sought | str:
    """What is settled in the place of something that was begun already."""
    return item if isinstance(item, Sought) else key_of_item(item)


def left_for_later(key: str) -> Settled:
    """The report on a key that might have worked later, had there been a later."""
    reason = "it may work later, and the run ended before"
    return Settled(key, Outcome.FAILED, (TransientError.code, reason, None))
