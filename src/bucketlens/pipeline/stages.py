"""Bounded queues with threads behind them, and a bound on the bytes in between."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class ByteBudget:
    """Bounds the bytes that are held at once; a larger object waits until it is alone."""

    def __init__(self, limit: int) -> None:
        """Start with nothing held."""
        self._limit = limit
        self._held = 0
        self._changed = threading.Condition()

    def take(self, size: int) -> None:
        """Wait until ``size`` more bytes may be held."""
        with self._changed:
            self._changed.wait_for(lambda: self._held == 0 or self._held + size <= self._limit)
            self._held += size

    def give(self, size: int) -> None:
        """Tell that they are no longer held."""
        with self._changed:
            self._held -= size
            self._changed.notify_all()


class Stage(Generic[T]):
    """A bounded queue and the threads that empty it.

    Args:
        name: Of the threads.
        threads: How many.
        depth: Items that wait at most.
        work: Takes what is ready, at least one item.
        failed: Told of what ``work`` raises. The thread goes on emptying its queue, since whoever
            fills it would wait for ever otherwise.
        most: Items that ``work`` is given at once, at most.
    """

    def __init__(
        self,
        name: str,
        threads: int,
        depth: int,
        work: Callable[[list[T]], None],
        failed: Callable[[BaseException], None],
        *,
        most: int = 1,
    ) -> None:
        """Start the threads."""
        self._queue: queue.Queue[T | None] = queue.Queue(depth)
        self._work = work
        self._failed = failed
        self._most = most
        self._threads = [
            threading.Thread(target=self._drain, name=f"{name}-{i}", daemon=True)
            for i in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def put(self, item: T) -> None:
        """Hand in an item; waits while the queue is full."""
        self._queue.put(item)

    def finish(self) -> None:
        """Let the threads empty the queue, then end them."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _drain(self) -> None:
        while (item := self._queue.get()) is not None:
            try:
                self._work(self._more(item))
            except BaseException as exc:  # noqa: BLE001 - a thread has nobody else to tell
                self._failed(exc)

    def _more(self, first: T) -> list[T]:
        """What else is ready, without waiting for it."""
        items = [first]
        while len(items) < self._most:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
            if item is None:
                self._queue.put(None)
                break
            items.append(item)
        return items
