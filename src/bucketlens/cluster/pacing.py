"""How many keys a chunk has, and how many workers there are: counted while a run goes on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.cluster.deploying import Connection

CHUNK_SECONDS = 0.4
"""Of work for one thread in a chunk: passing one on costs some milliseconds, and the last chunks of
a run end apart."""

FIRST, LEAST, MOST = 8, 2, 256
"""Keys of a chunk: before anything is known of them, and at all."""

PACE_SECONDS = 3.0
COUNT_SECONDS = 2.0
"""Between two looks at the pace, and two counts of the workers."""

PATIENCE_SECONDS = 10.0
"""Without any worker, until people are told."""


class Pace:
    """How many keys make a chunk: many where most are done already, few where images are large.

    Attributes:
        chunk: So many now.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with what suits small photos."""
        self.chunk = FIRST
        self._clock = clock
        self._began = clock()
        self._keys = 0

    def add(self, keys: int, threads: int) -> None:
        """Count keys that so many threads have settled."""
        self._keys += keys
        passed = self._clock() - self._began
        if passed < PACE_SECONDS or not self._keys or not threads:
            return
        each = passed * threads / self._keys
        self.chunk = max(LEAST, min(MOST, round(CHUNK_SECONDS / each)))
        self._began, self._keys = self._clock(), 0


class Workers:
    """How many threads the workers have, counted now and then; nodes may join and die.

    Attributes:
        count: By the last count.
    """

    def __init__(self, connection: Connection, tell: Callable[[str], None]) -> None:
        """Count none yet."""
        self.count = 0
        self._connection = connection
        self._tell = tell
        self._counted = self._seen = time.monotonic()
        self._told = False
        self._fresh = False

    def threads(self) -> int:
        """How many there are.

        Raises:
            OSError, TimeoutError: The scheduler does not say.
        """
        now = time.monotonic()
        if not self._fresh or now - self._counted > COUNT_SECONDS:
            self._fresh, self._counted = True, now
            self.count = sum(self._connection.client.nthreads().values())
            self._connection.keep_up()
            if self.count:
                self._seen, self._told = now, False
            elif not self._told and now - self._seen > PATIENCE_SECONDS:
                self._told = True
                self._tell("the cluster has no workers; waiting for some")
        return self.count
