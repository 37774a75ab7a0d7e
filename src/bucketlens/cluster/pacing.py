"""How many keys a chunk has, and how many workers there are: counted while a run goes on.

A chunk costs the driver some milliseconds, however large it is, so chunks grow with the run: the
last ones end apart, by a small part of the time that it took. The more workers there are, the
larger are the first, since one driver serves all. Where records go into packs, a worker writes one
for each chunk, and each is a race for the one manifest: chunks are larger there.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.cluster.deploying import Connection
    from bucketlens.settings import Settings

SHORTEST, LONGEST = 0.4, 20.0
"""Seconds of work for one thread in a chunk."""

GROWTH = 0.025
"""Of the time that has passed: so long a chunk is."""

CHUNKS_A_SECOND = 50.0
"""Of all workers together: each takes the driver and the scheduler 6 to 9 ms."""

LEAST, MOST = 2, 1024
"""Keys of a chunk: the driver holds up to three for each thread."""

KEY_SECONDS = 0.05
"""Of one thread for a key, before anything is known of them."""

PACK_SHARE = 0.75
"""Of the time that a record may wait for its pack; a chunk that took longer would be two packs."""

PACK_SECONDS = 2.0
"""Of work for one thread in a chunk whose records go into a pack, at least."""

PACK_GROWTH = 0.25
"""Of the time that has passed: so long a chunk of a young run is whose records go into a pack."""

PACKS_A_SECOND = 5.0
"""Of all workers together: each takes a store over a network some 0.1 s at the manifest."""

PACE_SECONDS = 3.0
COUNT_SECONDS = 2.0
"""Between two looks at the pace, and two counts of the workers."""

PATIENCE_SECONDS = 10.0
"""Without any worker, until people are told."""


@dataclass(frozen=True, slots=True)
class Chunking:
    """How large chunks may be, and how many.

    Attributes:
        shortest: Seconds of work for one thread, at least.
        longest: The same, at most.
        growth: Of the time that has passed, what a chunk takes.
        a_second: Of all workers together, at most.
        most: Keys.
        ahead: Chunks of a thread that are out: one that ends, one that is worked on, one that
            waits on the worker. A long one need not be sent before it ends.
        apart: Keys of a chunk when those of one that ended its workers are tried again, and again.
    """

    shortest: float = SHORTEST
    longest: float = LONGEST
    growth: float = GROWTH
    a_second: float = CHUNKS_A_SECOND
    most: int = MOST
    ahead: int = 3
    apart: tuple[int, ...] = (1,)

    @classmethod
    def of(cls, settings: Settings) -> Chunking:
        """What suits the way in which records are kept."""
        if settings.records_format == "json":
            return LOOSE
        longest = max(PACK_SECONDS, PACK_SHARE * settings.pack_seconds)
        most = max(LEAST, min(MOST, settings.pack_records))
        return cls(
            shortest=PACK_SECONDS,
            longest=longest,
            growth=PACK_GROWTH,
            a_second=PACKS_A_SECOND,
            most=most,
            ahead=2,
            apart=(32, 1),
        )

    def seconds(self, passed: float, threads: int) -> float:
        """Of work in a chunk, when a run of so many threads has gone on for so long."""
        wanted = max(self.shortest, self.growth * passed, threads / self.a_second)
        return min(self.longest, wanted)


LOOSE = Chunking()
"""Where each record has a file of its own."""


class Pace:
    """How many keys make a chunk: many where most are done already, few where images are large."""

    def __init__(
        self, chunking: Chunking = LOOSE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with what suits small photos."""
        self._chunking = chunking
        self._each = KEY_SECONDS
        self._clock = clock
        self._first = self._began = clock()
        self._keys = 0

    def chunk(self, threads: int) -> int:
        """So many keys now, of a cluster of so many threads."""
        seconds = self._chunking.seconds(self._began - self._first, threads)
        return max(LEAST, min(self._chunking.most, round(seconds / self._each)))

    def add(self, keys: int, threads: int) -> None:
        """Count keys that so many threads have settled."""
        self._keys += keys
        passed = self._clock() - self._began
        if passed < PACE_SECONDS or not self._keys or not threads:
            return
        self._each = passed * threads / self._keys
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
