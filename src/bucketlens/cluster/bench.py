"""Where a worker labels: one engine that stays while chunks of keys come and go.

A chunk that is nearly done lets the next one begin, so that images are read while others are
labelled and written, as in any run. Where records go into packs, what a chunk has left waits for
one; when all of it does, the pack is written, and the chunk is done. An engine that has had nothing
to do for a while ends, and gives back the memory of its models.
"""

from __future__ import annotations

import gc
import threading
import time
import traceback
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from bucketlens.errors import ConfigError, TransientError
from bucketlens.pipeline.helping import HEARTBEAT, Halted, portable
from bucketlens.pipeline.plans import Settled, key_of_item
from bucketlens.pipeline.running import Engine
from bucketlens.stores import NO_STRAIN, Strain, StrainSince

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bucketlens.assembly import Collecting
    from bucketlens.pipeline.plans import Item
    from bucketlens.settings import Settings

NEARLY = 4
"""Images of a thread that may be left when it takes the next chunk: so many are on their way."""

IDLE_SECONDS = 60.0
"""After which an engine ends; the next chunk begins another."""

PAUSE_SECONDS = 2.0
"""Before it is told that a store is away: else such a worker would draw all chunks to itself."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a chunk.

    Attributes:
        settled: Each key that was begun; the others are to be tried again, if at all.
        halted: Why nobody can go on.
        away: Why this worker can't just now; it may work later.
        strain: What stores cost this worker in patience since it last told.
    """

    settled: tuple[Settled, ...] = ()
    halted: Halted | None = None
    away: str | None = None
    strain: Strain = NO_STRAIN


@dataclass(eq=False, slots=True)
class _Chunk:
    """What is to be done with one chunk, and what was.

    Attributes:
        left: Keys that were not told of.
        packed: How many of these have a record that waits for its pack.
    """

    left: int
    packed: int = 0
    settled: list[Settled] = field(default_factory=list)
    ended: bool = False
    halted: Halted | None = None
    away: str | None = None

    def done(self, strain: Strain) -> Done:
        return Done(tuple(self.settled), self.halted, self.away, strain)


class Bench:
    """Settles chunks of keys, several at once; safe to share between threads.

    Args:
        opening: Opens what is worked on, when the first chunk comes.
        settings: In force.
        threads: That compute.
        where: What messages call this worker.
        idle: Seconds without work after which all is given back.
    """

    def __init__(
        self,
        opening: Callable[[], Collecting],
        settings: Settings,
        *,
        threads: int,
        where: str,
        idle: float = IDLE_SECONDS,
    ) -> None:
        """Open nothing yet."""
        self._opening = opening
        # One at a time: a batch gains a processor nothing, and all of it would be waited for.
        self._settings = msgspec.structs.replace(settings, workers=threads, batch_size=1)
        self._nearly = NEARLY * threads
        self._where = where
        self._idle = idle
        self._changed = threading.Condition()
        self._items: deque[Item] = deque()
        self._waiting: dict[str, list[_Chunk]] = {}
        self._packed: set[str] = set()
        self._due = False
        self._strain = StrainSince()
        self._chunks: set[_Chunk] = set()
        self._working = False
        self._stopped = False

    def settle(self, items: Sequence[Item], leave: Callable[[], None]) -> Done:
        """Settle these; ``leave`` is called when another chunk may come."""
        chunk = _Chunk(len(items))
        with self._changed:
            if self._stopped:
                return Done()
            self._chunks.add(chunk)
            for item in items:
                key = key_of_item(item)
                self._waiting.setdefault(key, []).append(chunk)
                chunk.packed += key in self._packed
            self._items += items
            if not self._working:
                self._working = True
                threading.Thread(target=self._work, name="bench", daemon=True).start()
            self._changed.notify_all()
            self._changed.wait_for(lambda: chunk.ended or self._left() <= self._nearly)
        leave()
        with self._changed:
            self._changed.wait_for(lambda: chunk.ended)
            strain = self._strain.take()
        return chunk.done(strain)

    def stop(self) -> None:
        """Begin no more images; what was begun is finished."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _left(self) -> int:
        return sum(chunk.left - chunk.packed for chunk in self._chunks)

    def _work(self) -> None:
        """One engine from its beginning to its end."""
        halted = away = None
        idle = threading.Event()
        try:
            opened = self._opening()
            gc.freeze()  # Dask and the models are large, and every full collection goes through all
            try:
                engine = Engine(
                    opened.settler,
                    opened.labeler,
                    self._settings,
                    self._report,
                    retry_delays=(),
                    waits=self._waits,
                )
                engine.run(self._received(engine, idle))
            finally:
                opened.labeler.close()
        except ConfigError as exc:
            halted = Halted(f"{self._where}: {exc.message}", exc.setting)
        except TransientError as exc:
            away = exc.message
            with self._changed:
                self._changed.wait_for(lambda: self._stopped, PAUSE_SECONDS)
        except BaseException as exc:  # noqa: BLE001 - nobody else would tell of it
            halted = Halted("".join(traceback.format_exception(exc)), bug=True)
        if not idle.is_set():
            self._end_all(halted, away)

    def _received(self, engine: Engine, idle: threading.Event) -> Iterator[Item]:
        """What is to be settled, until there is nothing for a while, or there is to be no more."""
        last = time.monotonic()
        while not engine.ending():
            if self._is_due():
                engine.flush()  # here, where nothing is locked; readers have enough meanwhile
            with self._changed:
                self._changed.wait_for(lambda: self._items or self._stopped or self._due, HEARTBEAT)
                if self._stopped:
                    engine.stop.set()
                    return
                if not self._items:
                    if not self._chunks and time.monotonic() - last > self._idle:
                        # Said under the lock: the next chunk begins another engine, and is not
                        # this one's to end.
                        self._working = False
                        idle.set()
                        return
                    continue
                item = self._items.popleft()
            last = time.monotonic()
            yield item

    def _is_due(self) -> bool:
        with self._changed:
            due, self._due = self._due, False
        return due

    def _waits(self, key: str) -> None:
        """Note that a key's record waits for its pack.

        Of a key that is there twice all count as waiting. So what waits is never taken for
        something that is still worked on, and a pack is written too early rather than never.
        """
        with self._changed:
            chunks = self._waiting.get(key)
            if chunks is None:  # its pack stands already
                return
            if key not in self._packed:
                self._packed.add(key)
                for chunk in chunks:
                    chunk.packed += 1
            self._see(chunks)

    def _see(self, chunks: Sequence[_Chunk], *, ended: bool = False) -> None:
        """See whether a pack is due for one of these, and wake whoever has something to do."""
        if any(0 < chunk.left == chunk.packed for chunk in chunks):
            self._due = True
        if self._due or ended or self._left() <= self._nearly:  # nothing else is waited for
            self._changed.notify_all()

    def _report(self, settled: Settled) -> None:
        with self._changed:
            chunks = self._waiting[settled.key]
            chunk = chunks.pop(0)
            packed = settled.key in self._packed
            chunk.packed -= packed
            if not chunks:
                del self._waiting[settled.key]
                self._packed.discard(settled.key)
            chunk.settled.append(portable(settled))
            chunk.left -= 1
            if not chunk.left:
                chunk.ended = True
                self._chunks.discard(chunk)
            # A pack that is told of key by key makes no other one due.
            self._see([] if packed and not chunks else [chunk, *chunks], ended=chunk.ended)

    def _end_all(self, halted: Halted | None, away: str | None) -> None:
        """Let go of the chunks that an engine leaves undone."""
        with self._changed:
            self._working = False
            for chunk in self._chunks:
                chunk.ended, chunk.halted, chunk.away = True, halted, away
            self._chunks.clear()
            self._waiting.clear()
            self._packed.clear()
            self._items.clear()
            self._changed.notify_all()
