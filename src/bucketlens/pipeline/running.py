"""A whole source, all cores busy: bounded queues between listing, reading, labelling, writing.

    listing (1 thread) -> readers -> labelers (one a core) -> writers

Each stage blocks on the next, so that memory does not grow with the number of objects; the bytes
that have been read and not yet labelled are counted and bounded too. A labeler decodes and scores
in one thread, since an image that stays in one core's cache is worth more than a queue between the
two; it takes what is ready, up to a batch, and never waits to fill one.

What may work later (a busy store, a file that is still being written) is tried again when all else
is done. What an operator must change (a full disk, a lost permission) stops the whole.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bucketlens.errors import BucketlensError, ConfigError, InputError, TransientError
from bucketlens.pipeline.labelling import Loaded
from bucketlens.pipeline.later import RETRY_DELAYS, Later
from bucketlens.pipeline.packing import Packing
from bucketlens.pipeline.plans import Outcome, Plan, Settled, Sought, key_of_item
from bucketlens.pipeline.stages import ByteBudget, Stage
from bucketlens.records import FailureRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bucketlens.pipeline.labelling import Labeler, Result
    from bucketlens.pipeline.plans import Item
    from bucketlens.pipeline.settling import Settler
    from bucketlens.records import Record
    from bucketlens.settings import Settings
    from bucketlens.types import ObjectInfo

READ_AHEAD_BYTES = 64 * 1024 * 1024
"""Bytes read and not yet labelled, at most (one object may exceed it alone)."""

READERS = 4
WRITERS = 4
"""Threads that mostly wait for the store; more gain nothing on a disk."""


@dataclass(slots=True)
class Engine:
    """Settles many keys at once.

    Args:
        settler: Settles each.
        labeler: Labels those that need it.
        settings: ``workers``, ``batch_size``, ``max_bytes``.
        report: Called for each key from the threads, one call at a time.
        stop: Set by others to have no more images begun.
        retry_delays: Seconds before each new try of what may work later.
        waits: Told of each key that waits for others, to be recorded together with them.
    """

    settler: Settler
    labeler: Labeler
    settings: Settings
    report: Callable[[Settled], None]
    stop: threading.Event = field(default_factory=threading.Event)
    retry_delays: Sequence[float] = RETRY_DELAYS
    waits: Callable[[str], None] = lambda _: None
    _packing: Packing | None = None
    _budget: ByteBudget = field(default_factory=lambda: ByteBudget(READ_AHEAD_BYTES))
    _reporting: threading.Lock = field(default_factory=threading.Lock)
    _later: Later = field(default_factory=Later)
    _halted: threading.Event = field(default_factory=threading.Event)
    _cause: BaseException | None = None

    def run(self, objects: Iterable[Item]) -> None:
        """Settle each object of a listing; returns when all are settled, or after ``stop``.

        A key by itself is settled from the start, and no file that shows its image is trusted.

        Raises:
            ConfigError: The operator must change something first; no more images were begun then.
        """
        self._later = Later(self.retry_delays)
        if self.settler.packer is not None:
            self._packing = Packing(self.settler, self.settler.packer, self._packed, self.waits)
        self._later.rounds(objects, self._settle_all, self.stop, self.ending)
        for settled in self._later.left():
            self._report(settled)
        if self._cause is not None:
            raise self._cause

    def _settle_all(self, objects: Iterable[Item]) -> None:
        cores = self.settings.workers or available_cores()
        batch = self.settings.batch_size
        writers: Stage[tuple[Plan, Result, int]] = Stage(
            "writer", WRITERS, 4 * cores, self._write, self._halt
        )
        labelers: Stage[tuple[Plan, Loaded]] = Stage(
            "labeler",
            cores,
            2 * batch * cores,
            lambda items: self._label(items, writers),
            self._halt,
            most=batch,
        )
        readers: Stage[Item] = Stage(
            "reader", READERS, 64, lambda items: self._take(items[0], labelers, writers), self._halt
        )
        try:
            for item in objects:
                if self.ending():
                    break
                readers.put(item)
        finally:
            for stage in (readers, labelers, writers):
                stage.finish()
            self.flush()

    def flush(self) -> None:
        """Record what waits for others now; not to be called from ``report``."""
        if self._packing is not None:
            self._packing.flush()

    def ending(self) -> bool:
        """Whether no more images are begun."""
        return self.stop.is_set() or self._halted.is_set()

    def _halt(self, exc: BaseException) -> None:
        """Have no more images begun, and raise this at the end."""
        if self._cause is None:
            self._cause = exc
        self._halted.set()

    def _take(
        self,
        item: Item,
        labelers: Stage[tuple[Plan, Loaded]],
        writers: Stage[tuple[Plan, Result, int]],
    ) -> None:
        if isinstance(item, str):
            self._try_again(item)
        elif not self.ending():
            self._read(item, labelers, writers)

    def _read(
        self,
        item: ObjectInfo | Sought,
        labelers: Stage[tuple[Plan, Loaded]],
        writers: Stage[tuple[Plan, Result, int]],
    ) -> None:
        try:
            info = self.settler.find(item.key) if isinstance(item, Sought) else item
            plan = self.settler.inspect(info.key, info=info)
            if not plan.action.reads:
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
                writers.put((plan, loaded, 0))
        except Exception as exc:  # noqa: BLE001 - one key never stops the rest
            self._tell_error(item if isinstance(item, Sought) else item.key, exc)

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
            if self._packing is not None and self._packing.take(plan, result):
                return
            outcome = self.settler.commit(plan, result)
            if outcome is None:
                self._again(plan.key)
            else:
                self._tell(plan.key, outcome, result)
        except Exception as exc:  # noqa: BLE001
            self._tell_error(plan.key, exc)
        finally:
            self._budget.give(held)

    def _packed(self, key: str, became: Outcome | Exception | None, record: Record) -> None:
        """Tell of a key that was recorded with others, or settle it again."""
        try:
            if isinstance(became, Exception):
                self._tell_error(key, became)
            elif became is None:
                self._again(key)
            else:
                self._tell(key, became, record)
        except Exception as exc:  # noqa: BLE001
            self._tell_error(key, exc)

    def _try_again(self, key: str) -> None:
        if self.ending():
            self._later.items.append(key)
            return
        try:
            self._again(key)
        except Exception as exc:  # noqa: BLE001
            self._tell_error(key, exc)

    def _again(self, key: str) -> None:
        """Settle a key that changed under our hands, from the start and alone."""
        outcome = self.settler.settle(key, self.settings.max_bytes, doubt=True)
        failed = outcome is Outcome.FAILED
        self._tell(key, outcome, self.settler.inspect(key).failure if failed else None)

    def _tell_applied(self, plan: Plan, outcome: Outcome | None) -> None:
        if outcome is None:
            self._again(plan.key)
        else:
            self._tell(plan.key, outcome, plan.failure, known=outcome is Outcome.FAILED)

    def _tell(
        self, key: str, outcome: Outcome, result: object = None, *, known: bool = False
    ) -> None:
        """Report what became of a key; ``result`` is the failure's record, where it failed."""
        failure = None
        if outcome is Outcome.FAILED and isinstance(result, FailureRecord):
            why = result.failure
            failure = (why.error, why.reason, why.setting)
        self._report(Settled(key, outcome, failure, known=known))

    def _tell_error(self, item: Sought | str, exc: Exception) -> None:
        if isinstance(exc, ConfigError):
            self._halt(exc)
            return
        if isinstance(exc, TransientError) and self._later.has_room():
            self._later.items.append(item)
            return
        ours = not isinstance(exc, TransientError | InputError)
        code = exc.code if isinstance(exc, BucketlensError) else "bug"
        setting = exc.setting if isinstance(exc, BucketlensError) else None
        message = str(exc) or type(exc).__name__
        failure = (code, message, setting)
        bug = exc if ours else None
        self._report(Settled(key_of_item(item), Outcome.FAILED, failure, bug=bug))

    def _report(self, settled: Settled) -> None:
        with self._reporting:
            self.report(settled)


def available_cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
