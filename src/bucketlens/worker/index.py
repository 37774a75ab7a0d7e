"""The index, renewed beside the work: soon after the last change, and not too often.

The pause after a renewal grows with the time that it took: a small collection shows each image at
once, and a large one spends a fifth of a core on its index at most. As long as it is known which
keys have changed, only those are looked at.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from typing import TYPE_CHECKING

from bucketlens.errors import ConfigError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

log = logging.getLogger(__name__)

SHORTEST_PAUSE = 1.0
"""Seconds between two renewals, at least."""

PAUSE_FACTOR = 4.0
"""A renewal that took so long is followed by a pause of so many times that."""

FAILED_PAUSE = 10.0
"""Seconds after a renewal that failed: whatever is away needs longer than a moment."""

LAST_TRIES = 3
"""At the end: there is no later renewal that would put right what this one could not."""

MOST_KEYS = 10_000
"""That are remembered by name; after more changes all records are looked at."""


class IndexKeeper:
    """Renews the index in a thread of its own.

    Args:
        renew: Brings the index up to date, given the keys that have changed, or None for all; the
            keys that changed by it and are to be shown next time.
        seconds: While there is other work, at most one renewal in so many seconds.
        failed: Told of an error that the operator must see to.
        pause_factor: A renewal that took so long is followed by a pause of so many times that.
    """

    def __init__(
        self,
        renew: Callable[[frozenset[str] | None], Iterable[str]],
        seconds: float,
        failed: Callable[[ConfigError], None],
        *,
        pause_factor: float = PAUSE_FACTOR,
    ) -> None:
        """Take the index for outdated, as it is when a worker was killed, and begin."""
        self._renew = renew
        self._seconds = seconds
        self._failed = failed
        self._pause_factor = pause_factor
        self._changed = threading.Condition()
        self._stale = True
        self._keys: set[str] | None = None
        self._since: float | None = time.monotonic()
        self._idle = True
        self._closing = False
        self._next = 0.0
        self._quiet_next = 0.0
        self._thread = threading.Thread(target=self._keep, name="index", daemon=True)
        self._thread.start()

    @property
    def lag(self) -> float:
        """Seconds since the first change that the index does not show; 0 when it shows all."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since

    def mark(self, key: str) -> None:
        """An image has changed that the index shows."""
        with self._changed:
            if self._keys is not None:
                self._keys.add(key)
                if len(self._keys) > MOST_KEYS:
                    self._keys = None
            if not self._stale:
                self._stale = True
                self._since = self._since or time.monotonic()
                self._changed.notify()

    def rest(self, *, idle: bool) -> None:
        """Tell whether there is other work."""
        with self._changed:
            if idle != self._idle:
                self._idle = idle
                self._changed.notify()

    def close(self) -> None:
        """Renew once more if something has changed, and again if a store stumbles; then end."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()
        for _ in range(LAST_TRIES):
            if not self._stale:
                return
            self._once()

    def _keep(self) -> None:
        while True:
            with self._changed:
                while not self._closing and (pause := self._pause()) > 0:
                    self._changed.wait(None if math.isinf(pause) else pause)
                if self._closing:
                    return
            self._once()

    def _pause(self) -> float:
        if not self._stale:
            return math.inf
        return (self._quiet_next if self._idle else self._next) - time.monotonic()

    def _once(self) -> None:
        with self._changed:
            keys = None if self._keys is None else frozenset(self._keys)
            self._stale = False
            self._keys = set()
        began = time.monotonic()
        whole = self._renewed(keys)
        ended = time.monotonic()
        with self._changed:
            if not whole:
                self._keys = None
            # What was marked meanwhile may not have been seen.
            self._since = began if self._stale else None
        shortest = SHORTEST_PAUSE if whole else FAILED_PAUSE
        self._quiet_next = ended + max(shortest, self._pause_factor * (ended - began))
        self._next = max(self._quiet_next, began + self._seconds)

    def _renewed(self, keys: frozenset[str] | None) -> bool:
        """Renew; whether that went well."""
        try:
            for key in self._renew(keys):
                self.mark(key)
        except ConfigError as exc:
            self._failed(exc)
        except TransientError as exc:
            self._stale = True
            log.warning("index not renewed", extra={"fields": {"reason": exc.message}})
        except Exception:
            log.exception("index not renewed")
        else:
            return True
        return False
