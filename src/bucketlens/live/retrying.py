"""Keys that may work later, kept until then."""

from __future__ import annotations

import heapq
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_KEPT = 10_000
"""A store that is down fails more; those are left to reconciling."""

MOST_TRIES = 8
"""Of one key, over ten minutes or so; then reconciling sees to it."""


class Retries:
    """Has keys settled again after a pause, in a thread of its own.

    Args:
        submit: Has a key settled.
        pause_after: Seconds to wait after so many tries.
    """

    def __init__(self, submit: Callable[[str], None], pause_after: Callable[[int], float]) -> None:
        """Begin with none."""
        self._submit = submit
        self._pause_after = pause_after
        self._changed = threading.Condition()
        self._due: list[tuple[float, str]] = []
        self._waiting: set[str] = set()
        self._tries: dict[str, int] = {}
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="retry", daemon=True)
        self._thread.start()

    def __len__(self) -> int:
        """How many keys wait for another try."""
        return len(self._waiting)

    def __contains__(self, key: str) -> bool:
        """Whether a key waits for another try."""
        return key in self._waiting

    def keep(self, key: str) -> bool:
        """Try a key again later; False where too many are kept, or it was tried too often."""
        with self._changed:
            tries = self._tries.get(key, 0) + 1
            if tries > MOST_TRIES or len(self._tries) >= MOST_KEPT:
                self._tries.pop(key, None)
                return False
            self._tries[key] = tries
            if key not in self._waiting:
                self._waiting.add(key)
                heapq.heappush(self._due, (time.monotonic() + self._pause_after(tries), key))
                self._changed.notify()
            return True

    def forget(self, key: str) -> None:
        """It is settled."""
        if self._tries:
            with self._changed:
                self._tries.pop(key, None)

    def close(self) -> None:
        """Try nothing more."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while (key := self._next()) is not None:
            self._submit(key)

    def _next(self) -> str | None:
        with self._changed:
            while not self._closing:
                if not self._due:
                    self._changed.wait()
                elif (left := self._due[0][0] - time.monotonic()) > 0:
                    self._changed.wait(left)
                else:
                    _, key = heapq.heappop(self._due)
                    self._waiting.discard(key)
                    return key
            return None
