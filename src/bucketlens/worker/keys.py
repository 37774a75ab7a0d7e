"""Keys settled by several threads, each key by one at a time.

An event is only a hint, so a key that is asked for again before its turn has come needs one turn;
one that is asked for while its turn runs needs another one after that.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, TypeVar

from bucketlens.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class StoppedError(TransientError):
    """The worker was asked to stop before the turn of the key came."""


class KeyWork(Generic[T]):
    """Settles keys, several at once.

    Args:
        settle: Given a key and the sequencer of the event that first asked for it.
        threads: How many.
    """

    def __init__(self, settle: Callable[[str, str | None], T], threads: int) -> None:
        """Start with nothing to do."""
        self._settle = settle
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="settle")
        self._lock = threading.Lock()
        self._waiting: dict[str, tuple[Future[T], str | None]] = {}
        self._running: set[str] = set()
        self._stopping = False

    @property
    def waiting(self) -> int:
        """How many keys wait for their turn."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """How many keys are being settled."""
        return len(self._running)

    def busy(self, key: str) -> bool:
        """Whether a key waits for its turn, or is being settled."""
        with self._lock:
            return key in self._waiting or key in self._running

    def ask(self, key: str, sequencer: str | None = None) -> Future[T]:
        """Have a key settled; what becomes of it.

        The future raises StoppedError when there was no time for it.
        """
        with self._lock:
            if key in self._waiting:
                return self._waiting[key][0]
            future: Future[T] = Future()
            self._waiting[key] = future, sequencer
            if key not in self._running:
                self._pool.submit(self._turn, key)
        return future

    def stop(self) -> None:
        """Begin no more keys."""
        self._stopping = True

    def close(self) -> None:
        """Wait for all keys that were asked for."""
        while True:
            with self._lock:
                left = [future for future, _ in self._waiting.values()]
            if not left:
                break
            for future in left:
                future.exception()
        self._pool.shutdown()

    def _turn(self, key: str) -> None:
        with self._lock:
            future, sequencer = self._waiting.pop(key)
            self._running.add(key)
        if self._stopping:
            self._end(key)
            future.set_exception(StoppedError(f"{key}: the worker was stopped before its turn"))
            return
        try:
            result = self._settle(key, sequencer)
        except BaseException as exc:  # noqa: BLE001 - whoever asked is told
            self._end(key)
            future.set_exception(exc)
        else:
            self._end(key)
            future.set_result(result)

    def _end(self, key: str) -> None:
        with self._lock:
            self._running.discard(key)
            if key in self._waiting:
                self._pool.submit(self._turn, key)
