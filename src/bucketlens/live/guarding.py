"""Removals in bounds: too many at once look like a disk that went away, not like tidying up.

The same two thoughts stand behind the safety stops of a pass. Whatever is held back here is found
by the next pass, whose stops decide with the whole listing before them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from bucketlens.errors import TransientError

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

WINDOW_SECONDS = 60.0
"""What is removed within so long counts as removed at once."""

ALWAYS = 10
"""So many a minute a person removes by hand, of however small a collection."""


class HeldBackError(TransientError):
    """The image is gone, and its record stays until it is certain that it was meant."""


class RemovalGuard:
    """Counts removals, and holds back those that are too many.

    Args:
        most_percent: Share of all images that may go within a minute.
        count: Says how many records there are, tombstones too; asked once a minute at most.
        held: Told when something was held back: a pass is to look.
        clock: Gives the time, seconds.
    """

    def __init__(
        self,
        most_percent: float,
        count: Callable[[], int],
        held: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with nothing removed."""
        self._percent = most_percent
        self._count = count
        self._held = held
        self._clock = clock
        self._lock = threading.Lock()
        self._times: deque[float] = deque()
        self._most = 0
        self._most_until = 0.0
        self._told = -WINDOW_SECONDS

    def check(self, key: str) -> None:
        """Count one removal that is about to happen.

        Raises:
            HeldBackError: There were too many; nothing may be removed now.
        """
        with self._lock:
            now = self._clock()
            while self._times and self._times[0] <= now - WINDOW_SECONDS:
                self._times.popleft()
            if len(self._times) < max(ALWAYS, self._allowed(now)):
                self._times.append(now)
                return
            tell = self._told <= now - WINDOW_SECONDS
            if tell:
                self._told = now
        if tell:
            self._held()
            log.warning(
                "removals held back: more than %g %% of all images within a minute; reconciling"
                " decides about them (max_delete_percent)",
                self._percent,
            )
        raise HeldBackError(
            f"{key}: too many images went within a minute, so their records stay for now",
            setting="max_delete_percent",
        )

    def _allowed(self, now: float) -> int:
        if len(self._times) < ALWAYS:
            return ALWAYS
        if now >= self._most_until:
            self._most = int(self._count() * self._percent / 100.0)
            self._most_until = now + WINDOW_SECONDS
        return self._most
