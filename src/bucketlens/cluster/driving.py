"""Chunks of keys to the workers of a cluster, and what became of each key back.

So many chunks are out as keep all workers busy, and no more, so that memory does not grow with the
number of objects and a stop is soon over. A worker that dies takes nothing along: Dask gives its
chunks to others, and where those die too, the keys are tried again one by one, in the end each
alone. Only a key that ends worker after worker by itself is given up.
"""

from __future__ import annotations

import logging
import queue
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from distributed import KilledWorker

from bucketlens.cluster.bench import Done
from bucketlens.cluster.holding import settle_chunk, stop_run
from bucketlens.cluster.pacing import LOOSE, Chunking, Pace, Workers
from bucketlens.errors import TransientError
from bucketlens.pipeline.later import Later, again, left_for_later
from bucketlens.pipeline.plans import Settled, key_of_item
from bucketlens.pipeline.spreading import HEARTBEAT
from bucketlens.stores import STRAIN

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from distributed import Future

    from bucketlens.cluster.deploying import Connection
    from bucketlens.pipeline.plans import Item, Sought

log = logging.getLogger(__name__)

LEAST_AHEAD = 8
"""Chunks that are out even where no worker has come yet."""

DEATHS = 2
"""Workers that a key must end while nothing else is out, before it is given up."""


class Drive:
    """Settles many keys on a cluster; stands in the place of an ``Engine``.

    Args:
        connection: To the cluster, whose workers hold what the run needs.
        run: The run's name among the workers.
        report: Called for each key.
        stop: Set by others to have no more images begun.
        condemn: Records that a key ended worker after worker, and gives the report on it.
        tell: Given lines for people.
        chunking: How large chunks may be.
    """

    def __init__(
        self,
        connection: Connection,
        run: str,
        report: Callable[[Settled], None],
        stop: threading.Event,
        condemn: Callable[[str], Settled],
        tell: Callable[[str], None],
        chunking: Chunking = LOOSE,
    ) -> None:
        """Nothing is sent yet."""
        self._client = connection.client
        self._run = run
        self._report = report
        self._stop = stop
        self._condemn = condemn
        self._tell = tell
        self._out: dict[str, tuple[Future, tuple[Item, ...]]] = {}
        self._ended: queue.SimpleQueue[tuple[Future, Done | BaseException]] = queue.SimpleQueue()
        self._later = Later()
        self._suspects: list[Sought | str] = []
        self._deaths = 0
        self._told_to_stop = False
        self._cause: BaseException | None = None
        self._workers = Workers(connection, tell)
        self._chunking = chunking
        self._pace = Pace(chunking)

    def run(self, objects: Iterable[Item], retry_delays: Sequence[float]) -> None:
        """Settle each; returns when all are settled, or after ``stop``.

        Raises:
            ConfigError: The operator must change something first; no more images were begun then.
            TransientError: The scheduler went away.
        """
        self._later = Later(retry_delays)
        self._later.rounds(objects, self._round, self._stop, self._ending)
        if self._cause is not None:
            raise self._cause
        for settled in self._later.left():
            self._report(settled)

    def _round(self, items: Iterable[Item]) -> None:
        """Settle these, then what was out when workers died: apart, and in the end alone."""
        self._share_out(items)
        for size in (*self._chunking.apart, None):
            suspects, self._suspects = self._suspects, []
            if not suspects:
                return
            if size is not None:
                log.warning("workers died; %d images are tried again apart", len(suspects))
                self._share_out(suspects, size)
                continue
            for item in suspects:
                self._try_alone(item)

    def _try_alone(self, item: Sought | str) -> None:
        """Try a key with nothing else out, until it is settled or has ended enough workers."""
        self._deaths = 0
        while self._deaths < DEATHS and not self._ending():
            self._share_out([item], 1)
            if not self._suspects:
                return
            self._suspects.clear()
        if self._ending():
            self._later.items.append(item)
        else:
            self._report(self._condemn(key_of_item(item)))

    def _share_out(self, items: Iterable[Item], size: int | None = None) -> None:
        """Settle these, in chunks of a size that suits, or of that one."""
        left: Iterator[Item] | None = iter(items)
        while left is not None or self._out:
            room = self._room()
            while left is not None and not self._ending() and len(self._out) < room:
                if not self._submit_next(left, size or self._pace.chunk(self._workers.count)):
                    left = None
            if self._ending():
                left = None
                self._tell_to_stop()
            self._collect()

    def _room(self) -> int:
        """How many chunks may be out."""
        try:
            return max(LEAST_AHEAD, self._chunking.ahead * self._workers.threads())
        except (OSError, TimeoutError) as exc:
            self._lose(exc)
            return 0

    def _submit_next(self, items: Iterator[Item], size: int) -> bool:
        """Send the next chunk; False when there is none."""
        try:
            chunk = tuple(islice(items, size))
        except BaseException as exc:  # noqa: BLE001 - raised when all that was begun has ended
            self._cause = self._cause or exc
            return False
        if not chunk:
            return False
        try:
            future = self._client.submit(settle_chunk, self._run, chunk, pure=False)
        except (OSError, TimeoutError, RuntimeError) as exc:
            self._lose(exc)
            return False
        self._out[future.key] = future, chunk
        future.add_done_callback(self._ask_for)
        return True

    def _ask_for(self, future: Future) -> None:
        """Have the reports of a chunk fetched beside everything else: its worker may be dead."""

        async def fetch() -> None:
            done: Done | BaseException
            try:
                done = await self._client.gather(future, asynchronous=True)
            except BaseException as exc:  # noqa: BLE001 - told where it is taken in
                done = exc
            self._ended.put((future, done))

        self._client.loop.add_callback(fetch)

    def _collect(self) -> None:
        """Take in what has come, after a while at the latest."""
        if not self._out:
            return
        with suppress(queue.Empty):
            self._take(*self._ended.get(timeout=HEARTBEAT))

    def _take(self, future: Future, done: Done | BaseException) -> None:
        found = self._out.pop(future.key, None)
        if found is None:
            return
        chunk = found[1]
        if isinstance(done, Done):
            self._take_done(chunk, done)
        elif isinstance(done, KilledWorker):
            self._deaths += done.allowed_failures + 1
            self._suspects += map(again, chunk)
        elif future.cancelled() or isinstance(done, OSError | TimeoutError):
            self._lose(done)
        else:
            self._cause = self._cause or done

    def _take_done(self, chunk: tuple[Item, ...], done: Done) -> None:
        STRAIN.add(done.strain)
        self._pace.add(len(done.settled), self._workers.count)
        items = {key_of_item(item): item for item in chunk}
        for settled in done.settled:
            if not self._later.takes(items.pop(settled.key, settled.key), settled):
                self._tell_of(settled)
        if done.halted is not None:
            self._cause = self._cause or done.halted.error()
        elif items and not self._ending():
            self._put_off(tuple(items.values()), done)

    def _put_off(self, items: Sequence[Item], done: Done) -> None:
        """Keep for another try what a worker did not get to; where there is none, say why."""
        if self._later.has_room(len(items)):
            self._later.items += map(again, items)
            return
        for item in items:
            settled = left_for_later(key_of_item(item))
            code, reason, setting = settled.failure or ("", "", None)
            why = (code, done.away or reason, setting)
            self._tell_of(Settled(settled.key, settled.outcome, why))

    def _tell_of(self, settled: Settled) -> None:
        try:
            self._report(settled)
        except BaseException as exc:  # noqa: BLE001 - as above
            self._cause = self._cause or exc

    def _tell_to_stop(self) -> None:
        """Have the workers begin no more of what they were sent."""
        if self._told_to_stop or not self._out or self._client.status != "running":
            return
        self._told_to_stop = True
        with suppress(OSError, TimeoutError):
            self._client.run(stop_run, self._run, wait=False, on_error="ignore")

    def _lose(self, exc: BaseException) -> None:
        """The scheduler is gone, and all that was out with it; the records say what was done."""
        images = sum(len(chunk) for _, chunk in self._out.values())
        self._out.clear()
        if self._cause is None:
            self._cause = TransientError(
                f"the scheduler of the cluster went away ({exc}) with {images:,} images on their"
                " way; the same command goes on"
            )

    def _ending(self) -> bool:
        return self._stop.is_set() or self._cause is not None
