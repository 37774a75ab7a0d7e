"""Where a worker labels: one engine that stays while chunks of keys come and go.

A chunk that is nearly done lets the next one begin, so that images are read while others are
labelled and written, as in any run. An engine that has had nothing to do for a while ends, and
gives back the memory of its models.
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
from bucketlens.pipeline.helping import Halted, portable
from bucketlens.pipeline.running import Engine, Settled, key_of_item

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

HEARTBEAT = 0.2
"""Seconds after which an engine that can't go on is noticed, if nothing comes meanwhile."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a chunk.

    Attributes:
        settled: Each key that was begun; the others are to be tried again, if at all.
        halted: Why nobody can go on.
        away: Why this worker can't just now; it may work later.
    """

    settled: tuple[Settled, ...] = ()
    halted: Halted | None = None
    away: str | None = None


@dataclass(eq=False, slots=True)
class _Chunk:
    left: int
    settled: list[Settled] = field(default_factory=list)
    ended: bool = False
    halted: Halted | None = None
    away: str | None = None

    def done(self) -> Done:
        return Done(tuple(self.settled), self.halted, self.away)


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
                self._waiting.setdefault(key_of_item(item), []).append(chunk)
            self._items += items
            if not self._working:
                self._working = True
                threading.Thread(target=self._work, name="bench", daemon=True).start()
            self._changed.notify_all()
            self._changed.wait_for(lambda: chunk.ended or self._left() <= self._nearly)
        leave()
        with self._changed:
            self._changed.wait_for(lambda: chunk.ended)
        return chunk.done()

    def stop(self) -> None:
        """Begin no more images; what was begun is finished."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _left(self) -> int:
        return sum(chunk.left for chunk in self._chunks)

    def _work(self) -> None:
        """One engine from its beginning to its end."""
        halted = away = None
        idle = threading.Event()
        try:
            opened = self._opening()
            gc.freeze()  # Dask and the models are large, and every full collection goes through all
            try:
                engine = Engine(
                    opened.settler, opened.labeler, self._settings, self._report, retry_delays=()
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
            with self._changed:
                self._changed.wait_for(lambda: self._items or self._stopped, HEARTBEAT)
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

    def _report(self, settled: Settled) -> None:
        with self._changed:
            chunks = self._waiting[settled.key]
            chunk = chunks.pop(0)
            if not chunks:
                del self._waiting[settled.key]
            chunk.settled.append(portable(settled))
            chunk.left -= 1
            if not chunk.left:
                chunk.ended = True
                self._chunks.discard(chunk)
            if chunk.ended or self._left() <= self._nearly:  # nothing else is waited for
                self._changed.notify_all()

    def _end_all(self, halted: Halted | None, away: str | None) -> None:
        """Let go of the chunks that an engine leaves undone."""
        with self._changed:
            self._working = False
            for chunk in self._chunks:
                chunk.ended, chunk.halted, chunk.away = True, halted, away
            self._chunks.clear()
            self._waiting.clear()
            self._items.clear()
            self._changed.notify_all()
