"""A whole source, all cores busy: bounded queues between listing, reading, labelling, writing.

    listing (1 thread) -> readers -> labelers (one a core) -> writers

Each stage blocks on the next, so that memory does not grow with the number of objects; the bytes
that have been read and not yet labelled are counted and bounded too. A labeler decodes and scores
in one thread, since an image that stays in one core's cache is worth more than a queue between the
two; it takes what is ready, up to a batch, and never waits to fill one.
"""

from __future__ import annotations

import os
import queue
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from bucketlens.errors import BucketlensError, InputError, TransientError
from bucketlens.pipeline.labelling import Labelled, Loaded
from bucketlens.pipeline.settling import Action, Outcome, Plan
from bucketlens.records import FailureRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bucketlens.pipeline.labelling import Labeler, Result
    from bucketlens.pipeline.settling import Settler
    from bucketlens.settings import Settings
    from bucketlens.types import ObjectInfo

READ_AHEAD_BYTES = 64 * 1024 * 1024
"""Bytes read and not yet labelled, at most (one object may exceed it alone)."""

READERS = 4
WRITERS = 4
"""Threads that mostly wait for the store; more gain nothing on a disk."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one key.

    Attributes:
        failure: The reason, for a failed key: ``(code, message, setting)``.
        known: The failure was recorded by an earlier run and nothing has changed since.
        bug: The exception, where it is our fault and no record could be written.
    """

    key: str
    outcome: Outcome
    failure: tuple[str, str, str | None] | None = None
    known: bool = False
    bug: Exception | None = None


class ByteBudget:
    """Bounds the bytes that are held at once; a larger object waits until it is alone."""

    def __init__(self, limit: int) -> None:
        """Start with nothing held."""
        self._limit = limit
        self._held = 0
        self._changed = threading.Condition()

    def take(self, size: int) -> None:
        """Wait until ``size`` more bytes may be held."""
        with self._changed:
            self._changed.wait_for(lambda: self._held == 0 or self._held + size <= self._limit)
            self._held += size

    def give(self, size: int) -> None:
        """Tell that they are no longer held."""
        with self._changed:
            self._held -= size
            self._changed.notify_all()


class Stage(Generic[T]):
    """A bounded queue and the threads that empty it."""

    def __init__(
        self, name: str, threads: int, depth: int, work: Callable[[list[T]], None]
    ) -> None:
        """Start the threads; ``work`` takes what is ready, at least one item."""
        self._queue: queue.Queue[T | None] = queue.Queue(depth)
        self._work = work
        self._most = 1
        self._threads = [
            threading.Thread(target=self._drain, name=f"{name}-{i}", daemon=True)
            for i in range(threads)
        ]

    def start(self, *, most: int = 1) -> None:
        """Begin; each call of ``work`` gets at most ``most`` items."""
        self._most = most
        for thread in self._threads:
            thread.start()

    def put(self, item: T) -> None:
        """Hand in an item; waits while the queue is full."""
        self._queue.put(item)

    def finish(self) -> None:
        """Let the threads empty the queue, then end them."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _drain(self) -> None:
        while (item := self._queue.get()) is not None:
            items = [item]
            while len(items) < self._most:
                try:
                    more = self._queue.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    self._queue.put(None)
                    break
                items.append(more)
            self._work(items)


@dataclass(slots=True)
class Engine:
    """Settles many keys at once.

    Args:
        settler: Settles each.
        labeler: Labels those that need it.
        settings: ``workers``, ``batch_size``, ``max_bytes``.
        report: Called for each key from the threads, one call at a time.
    """

    settler: Settler
    labeler: Labeler
    settings: Settings
    report: Callable[[Settled], None]
    stop: threading.Event = field(default_factory=threading.Event)
    _budget: ByteBudget = field(default_factory=lambda: ByteBudget(READ_AHEAD_BYTES))
    _reporting: threading.Lock = field(default_factory=threading.Lock)

    def run(self, objects: Iterable[ObjectInfo]) -> None:
        """Settle each object of a listing; returns when all are settled, or after ``stop``."""
        cores = self.settings.workers or available_cores()
        batch = self.settings.batch_size
        writers: Stage[tuple[Plan, Result, int]] = Stage("writer", WRITERS, 4 * cores, self._write)
        labelers: Stage[tuple[Plan, Loaded]] = Stage(
            "labeler", cores, 2 * batch * cores, lambda items: self._label(items, writers)
        )
        readers: Stage[ObjectInfo] = Stage(
            "reader", READERS, 64, lambda items: self._read(items[0], labelers, writers)
        )
        writers.start()
        labelers.start(most=batch)
        readers.start()
        try:
            for info in objects:
                if self.stop.is_set():
                    break
                readers.put(info)
        finally:
            for stage in (readers, labelers, writers):
                stage.finish()

    def _read(
        self,
        info: ObjectInfo,
        labelers: Stage[tuple[Plan, Loaded]],
        writers: Stage[tuple[Plan, Result, int]],
    ) -> None:
        try:
            plan = self.settler.inspect(info.key, info=info)
            if plan.action is not Action.SCORE:
                self._tell_applied(plan, self.settler.apply(plan))
                return
            size = min(info.size, self.settings.max_bytes)
            self._budget.take(size)
            try:
                loaded = self.settler.load(plan, self.settings.max_bytes)
            except BaseException:
                self._budget.give(size)
                raise
            if isinstance(loaded, Loaded):
                self._budget.give(size - len(loaded.data))
                labelers.put((plan, loaded))
                return
            self._budget.give(size)
            if loaded is None:
                self._again(info.key)
            else:
                result = loaded if isinstance(loaded, FailureRecord) else Labelled(loaded)
                writers.put((plan, result, 0))
        except Exception as exc:  # noqa: BLE001 - one key never stops the rest
            self._tell_error(info.key, exc)

    def _label(
        self,
        items: list[tuple[Plan, Loaded]],
        writers: Stage[tuple[Plan, Result, int]],
    ) -> None:
        results: list[Result]
        try:
            results = self.labeler.label([loaded for _, loaded in items])
        except Exception as exc:  # noqa: BLE001
            results = [exc] * len(items)
        for (plan, loaded), result in zip(items, results, strict=True):
            writers.put((plan, result, len(loaded.data)))

    def _write(self, items: list[tuple[Plan, Result, int]]) -> None:
        ((plan, result, held),) = items
        try:
            outcome = self.settler.commit(plan, result)
            if outcome is None:
                self._again(plan.key)
            else:
                self._tell_committed(plan, result, outcome)
        except Exception as exc:  # noqa: BLE001
            self._tell_error(plan.key, exc)
        finally:
            self._budget.give(held)

    def _again(self, key: str) -> None:
        """Settle a key that changed under our hands, from the start and alone."""
        outcome = self.settler.settle(key, self.settings.max_bytes, force=True)
        if outcome is Outcome.FAILED:
            plan = self.settler.inspect(key)
            self._tell_applied(plan, outcome)
        else:
            self._tell(Settled(key, outcome))

    def _tell_applied(self, plan: Plan, outcome: Outcome | None) -> None:
        if outcome is None:
            self._again(plan.key)
        elif isinstance(plan.found, FailureRecord):
            why = plan.found.failure
            failure = (why.error, why.reason, why.setting)
            self._tell(Settled(plan.key, outcome, failure=failure, known=True))
        else:
            self._tell(Settled(plan.key, outcome))

    def _tell_committed(self, plan: Plan, result: Result, outcome: Outcome) -> None:
        failure = None
        if isinstance(result, FailureRecord):
            why = result.failure
            failure = (why.error, why.reason, why.setting)
        self._tell(Settled(plan.key, outcome, failure=failure))

    def _tell_error(self, key: str, exc: Exception) -> None:
        ours = not isinstance(exc, TransientError | InputError)
        code = exc.code if isinstance(exc, BucketlensError) else "bug"
        setting = exc.setting if isinstance(exc, BucketlensError) else None
        message = str(exc) or type(exc).__name__
        self._tell(
            Settled(key, Outcome.FAILED, (code, message, setting), bug=exc if ours else None)
        )

    def _tell(self, settled: Settled) -> None:
        with self._reporting:
            self.report(settled)


def available_cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
