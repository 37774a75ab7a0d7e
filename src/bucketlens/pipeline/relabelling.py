"""All labels made again from stored scores: no image is read, no model is loaded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from itertools import islice
from typing import TYPE_CHECKING, Any

from bucketlens.labels.showing import BATCH
from bucketlens.pipeline.editing import edited_record, is_viewed
from bucketlens.pipeline.fencing import give_way
from bucketlens.pipeline.noting import Noted
from bucketlens.pipeline.relabelled import Relabelled
from bucketlens.records import RECORD_SUFFIX, LabelRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bucketlens.labels.showing import BatchView
    from bucketlens.pipeline.labelling import LabelView
    from bucketlens.pipeline.recording import Recorder
    from bucketlens.pipeline.standing import Standing
    from bucketlens.stores import Store

ATTEMPTS = 4


class Relabeler:
    """Makes labels again, those of many records at once.

    Args:
        recorder: The records, and the pages of images whose labels change.
        view: Makes the labels.
        models: sha256 of the models that the view understands the scores of.
        batch: Makes the labels of many images at once; None where the view can't.
        dry_run: Change nothing.
        at_once: Requests to the stores that wait at the same time.
    """

    def __init__(
        self,
        recorder: Recorder,
        view: LabelView,
        models: frozenset[str],
        batch: BatchView | None = None,
        *,
        dry_run: bool = False,
        at_once: int = 1,
    ) -> None:
        """Read nothing yet."""
        self._recorder = recorder
        self._view = view
        self._models = models
        self._dry_run = dry_run
        self._at_once = at_once
        self._batch = batch

    def relabel(self, names: Iterable[str]) -> Relabelled:
        """Relabel the records of these names."""
        done = Relabelled()
        waiting = iter(names)
        with ThreadPoolExecutor(self._at_once) if self._at_once > 1 else nullcontext() as threads:
            each: Callable[..., Iterable[Any]] = threads.map if threads else map
            while some := list(islice(waiting, BATCH)):
                self._relabel(some, done, each)
        return done

    def _relabel(
        self, names: Sequence[str], done: Relabelled, each: Callable[..., Iterable[Any]]
    ) -> None:
        asking = [
            (standing, record)
            for standing in each(self._recorder.read_name, names)
            if (record := self._asking(standing, done)) is not None
        ]
        renewed = self._renewed([record for _, record in asking])
        stood = each(self._put, [standing for standing, _ in asking], renewed)
        for (standing, record), after, put in zip(asking, renewed, stood, strict=True):
            if put:
                self._count(record, after, done)
            else:
                self._relabel_again(standing.name, done)

    def _relabel_again(self, name: str, done: Relabelled) -> None:
        """Relabel a record that somebody else changed: its page may be of either of us."""
        for losses in range(1, ATTEMPTS):
            give_way(losses)
            standing = self._recorder.read_name(name)
            record = self._asking(standing, done, doubt=True)
            if record is None:
                return
            (renewed,) = self._renewed([record])
            if self._put(standing.doubted(), renewed):
                self._count(record, renewed, done)
                return
        done.busy += 1

    def _asking(
        self, standing: Standing, done: Relabelled, *, doubt: bool = False
    ) -> LabelRecord | None:
        """The record that is to be put again; None where there is nothing to do, counted."""
        record = standing.record
        if not isinstance(record, LabelRecord):
            done.passed_over += 1
            return None
        if {model.sha256 for model in record.models} != self._models:
            done.stale += 1
            return None
        shown = self._recorder.page_agrees(record) and not doubt
        if self._is_viewed(record) and (shown or not record.observed.pictures):
            done.same += 1
            return None
        return record

    def _is_viewed(self, record: LabelRecord) -> bool:
        return is_viewed(self._view, record, self._recorder.edits)

    def _renewed(self, records: Sequence[LabelRecord]) -> list[LabelRecord]:
        """Records with labels made again from their own scores and what people said."""
        book = self._recorder.edits
        renewed = list(records)
        plain: list[int] = []
        for place, record in enumerate(records):
            if self._is_viewed(record):
                continue
            spoken = book is not None and book.mark(record.source.sha256) is not None
            if self._batch is not None and not spoken:
                plain.append(place)
                continue
            noted = book.find(record.source.sha256) if book else Noted()
            renewed[place] = edited_record(self._view, record, noted)
        if self._batch is not None:
            made = self._batch.labels([records[place].scores for place in plain])
            for place, labels in zip(plain, made, strict=True):
                renewed[place] = edited_record(self._view, records[place], Noted(), labels)
        return renewed

    def _put(self, standing: Standing, record: LabelRecord) -> bool:
        return self._dry_run or self._recorder.put_labels(standing, record)

    def _count(self, before: LabelRecord, after: LabelRecord, done: Relabelled) -> None:
        done.written += not self._dry_run
        if before.labels == after.labels:
            done.same += 1
            return
        had, has = ([label.name for label in record.labels] for record in (before, after))
        done.count(before.source.key, had, has)


def record_names(records: Store) -> Iterable[str]:
    """The names of all records, as the store lists them."""
    return (info.key for info in records.list() if info.key.endswith(RECORD_SUFFIX))
