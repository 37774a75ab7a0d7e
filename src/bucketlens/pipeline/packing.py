"""Records written by the thousand: what was labelled waits until a pack is full, then all stand.

A key is told of when its record stands, never before. What waits when a process is killed is done
again by the next run; so it is bounded by number, by bytes and by time.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from bucketlens.pipeline.plans import Outcome
from bucketlens.pipeline.settling import outcome_of
from bucketlens.pipeline.standing import doubted
from bucketlens.records import FailureRecord, encode_record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bucketlens.pipeline.labelling import Labelled, Result
    from bucketlens.pipeline.plans import Plan
    from bucketlens.pipeline.settling import Settler
    from bucketlens.records import LabelRecord, Record

AT_ONCE = 16
"""Requests to a source over a network that wait at the same time."""


class NewRow(NamedTuple):
    """A record that is to go into a pack.

    Attributes:
        name: Of the record.
        data: Its bytes.
        before: Etag of what it replaces; None where there must be nothing.
    """

    name: str
    data: bytes
    before: str | None


@dataclass(frozen=True, slots=True)
class Packer:
    """What writes packs, and how large they become.

    Attributes:
        takes: Whether the record of a name may go into a pack.
        write: Writes one pack; the etag of each row, None where something else stands by now.
        records: In a pack at most.
        size: Bytes of records in a pack at most, about.
        seconds: That a record waits at most, while others come.
    """

    takes: Callable[[str], bool]
    write: Callable[[Sequence[NewRow]], list[str | None]]
    records: int
    size: int
    seconds: float


class Waiting(NamedTuple):
    """A result whose record waits for its pack."""

    plan: Plan
    record: LabelRecord | FailureRecord
    data: bytes


@dataclass(slots=True)
class Packing:
    """What waits for a pack; safe to share between threads.

    Args:
        settler: Settles each key.
        packer: Writes packs.
        told: Told what became of each key: its outcome, None where it must be settled again, or
            why its pack can't be written; and its record.
        waits: Told of each key that waits.
        clock: Seconds, rising.
    """

    settler: Settler
    packer: Packer
    told: Callable[[str, Outcome | Exception | None, Record], None]
    waits: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    _held: dict[str, Waiting] = field(default_factory=dict)
    _size: int = 0
    _since: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, plan: Plan, result: Result) -> bool:
        """Have a result wait for its pack; False where it is to be recorded alone."""
        if isinstance(result, Exception):
            return False
        if isinstance(result, FailureRecord) and self.settler.stands_already(plan, result):
            return False
        name = plan.standing.name
        with self._lock:
            twice = name in self._held
        if twice or not self.packer.takes(name):
            return False
        full = self._add(self._prepared(plan, result))
        self.waits(plan.key)
        if full:
            self._write(full)
        return True

    def flush(self) -> None:
        """Write what waits."""
        with self._lock:
            rest = self._taken()
        if rest:
            self._write(rest)

    def _add(self, waiting: Waiting) -> list[Waiting]:
        """Hold one more; all that waits where that fills a pack."""
        with self._lock:
            now = self.clock()
            if not self._held:
                self._since = now
            self._held[waiting.plan.standing.name] = waiting
            self._size += len(waiting.data)
            packer = self.packer
            full = len(self._held) >= packer.records or self._size >= packer.size
            return self._taken() if full or now - self._since >= packer.seconds else []

    def _taken(self) -> list[Waiting]:
        held, self._held, self._size = self._held, {}, 0
        return list(held.values())

    def _prepared(self, plan: Plan, result: Labelled | FailureRecord) -> Waiting:
        """The record as it would be put alone by whoever writes no pages."""
        before = plan.standing.about_image
        record: LabelRecord | FailureRecord
        if isinstance(result, FailureRecord):
            record = doubted(result, before)
        else:
            record = doubted(self.settler.edited(result.record), before)
        return Waiting(plan, record, encode_record(record))

    def _write(self, items: list[Waiting]) -> None:
        """Write a pack, look at each source again, and tell."""
        rows = [NewRow(i.plan.standing.name, i.data, i.plan.standing.etag) for i in items]
        try:
            etags = self.packer.write(rows)
        except Exception as exc:  # noqa: BLE001 - each of the keys has to be told of
            for item in items:
                self.told(item.plan.key, exc, item.record)
            return
        for item, etag in zip(items, etags, strict=True):
            if etag is not None:
                self.settler.tell_put(item.plan.standing.name, etag, item.data)
        with ThreadPoolExecutor(AT_ONCE, "looking") as threads:
            became = threads.map(self._became, items, etags)
            for item, outcome in zip(items, became, strict=True):
                self.told(item.plan.key, outcome, item.record)

    def _became(self, item: Waiting, etag: str | None) -> Outcome | Exception | None:
        try:
            stands = self.settler.unchanged(item.plan.key, item.record.observed.etag)
        except Exception as exc:  # noqa: BLE001 - one key never stops the rest
            return exc
        if etag is None or not stands:
            return None
        if isinstance(item.record, FailureRecord):
            return Outcome.FAILED
        return outcome_of(item.plan, item.record)
