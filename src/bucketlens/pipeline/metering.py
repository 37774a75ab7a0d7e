"""Calls at no more than a rate, which gives way when the service says that it is too much."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SLOWEST = 0.2
"""Calls a second that are never gone below."""

BACK_OFF = 0.5
"""Part of the rate that is left after a refusal."""

RECOVERY = 0.02
"""Part of the full rate that each call which was taken brings back: fifty from nothing to all."""

PATIENCE = 1.0
"""Seconds in which several refusals count as one: they are of calls made at the old rate."""


class Meter:
    """A bucket with one token, filled at a rate. Safe to share between threads.

    Args:
        rate: Calls a second at most.
        clock: Seconds, rising.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        rate: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Begin at the full rate."""
        self.full = rate
        self.rate = rate
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next = clock()
        self._refused = -PATIENCE

    def wait(self) -> None:
        """Wait for the next call's turn; turns are given in the order of asking."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + 1.0 / self.rate
        if turn > now:
            self._sleep(turn - now)

    def refused(self) -> None:
        """A call was too many: slow down."""
        with self._lock:
            now = self._clock()
            if now - self._refused >= PATIENCE:
                self.rate = min(self.full, max(SLOWEST, self.rate * BACK_OFF))
                self._refused = now

    def taken(self) -> None:
        """A call was taken: speed up again, little by little."""
        with self._lock:
            self.rate = min(self.full, self.rate + RECOVERY * self.full)
