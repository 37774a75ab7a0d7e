"""All labels made again from stored scores: no image is read, no model is loaded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from bucketlens.labels.showing import BATCH
from bucketlens.pipeline.carrying import carried_records, labels_of
from bucketlens.pipeline.editing import edited_record, is_viewed
from bucketlens.pipeline.fencing import give_way
from bucketlens.pipeline.noting import Noted
from bucketlens.pipeline.relabelled import Relabelled
from bucketlens.records import RECORD_SUFFIX, LabelRecord, Outline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

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
        told: Told of each record that was put: what stood, and what stands now.
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
        told: Callable[[Standing, Standing], None] = lambda *_: None,
        at_once: int = 1,
    ) -> None:
        """Read nothing yet."""
        self._told = told
        self._recorder = recorder
        self._view = view
        self._models = models
        self._dry_run = dry_run
        self._at_once = at_once
        self._batch = batch

    def relabel(self, names: Iterable[str], known: Mapping[str, str] | None = None) -> Relabelled:
        """Relabel the records of these names.

        Args:
            names: Where they are.
            known: By name, versions of records whose scores are in the form that bucketlens
                writes: these scores are passed on as they stand.
        """
        done = Relabelled()
        waiting = iter(names)
        reading = partial(self._read, known or {})
        with ThreadPoolExecutor(self._at_once) if self._at_once > 1 else nullcontext() as threads:
            each: Callable[..., Iterable[Any]] = threads.map if threads else map
            while some := list(islice(waiting, BATCH)):
                self._relabel(each(reading, some), done, each)
        return done

    def _read(self, known: Mapping[str, str], name: str) -> tuple[Standing, bool]:
        """What stands in a place, and whether its scores may be passed on as they are."""
        standing = self._recorder.read_name(name)
        return standing, standing.etag is not None and known.get(name) == standing.etag

    def _relabel(
        self,
        standing: Iterable[tuple[Standing, bool]],
        done: Relabelled,
        each: Callable[..., Iterable[Any]],
    ) -> None:
        asking = [
            (one, record)
            for one, carries in standing
            if (record := self._asking(one, done, carries=carries)) is not None
        ]
        renewed = self._renewed([record for _, record in asking])
        stood = each(self._put, [one for one, _ in asking], renewed)
        for (one, record), after, stands in zip(asking, renewed, stood, strict=True):
            if stands is None:
                self._relabel_again(one.name, done)
                continue
            self._count(record, after, done)
            if not self._dry_run:
                self._told(one, stands)

    def _relabel_again(self, name: str, done: Relabelled) -> None:
        """Relabel a record that somebody else changed: its page may be of either of us."""
        for losses in range(1, ATTEMPTS):
            give_way(losses)
            standing = self._recorder.read_name(name)
            record = self._asking(standing, done, doubt=True)
            if record is None:
                return
            (renewed,) = self._renewed([record])
            stands = self._put(standing.doubted(), renewed)
            if stands is not None:
                self._told(standing, stands)
                self._count(record, renewed, done)
                return
        done.busy += 1

    def _asking(
        self, standing: Standing, done: Relabelled, *, carries: bool = False, doubt: bool = False
    ) -> LabelRecord | Outline | None:
        """The record that is to be put again; None where there is nothing to do, counted.

        With ``carries`` its outline is enough, unless people said something of the image.
        """
        record = standing.outlined
        if not isinstance(record, Outline):
            done.passed_over += 1
            return None
        if {model.sha256 for model in record.models} != self._models:
            done.stale += 1
            return None
        shown = self._recorder.page_agrees(record) and not doubt
        if self._is_viewed(record) and (shown or not record.observed.pictures):
            done.same += 1
            return None
        if carries and not (self._spoken(record) or self._is_viewed(record)):
            return record
        if not isinstance(standing.record, LabelRecord):
            done.passed_over += 1
            return None
        return standing.record

    def _is_viewed(self, record: LabelRecord | Outline) -> bool:
        return is_viewed(self._view, record, self._recorder.edits)

    def _spoken(self, record: LabelRecord | Outline) -> bool:
        """Whether people said something of the image, as far as a listing showed."""
        book = self._recorder.edits
        return book is not None and book.mark(record.source.sha256) is not None

    def _renewed(self, records: Sequence[LabelRecord | Outline]) -> Sequence[LabelRecord | Outline]:
        """Records with labels made again from their own scores and what people said."""
        renewed: list[LabelRecord | Outline] = list(records)
        plain: dict[int, LabelRecord] = {}
        carried: dict[int, Outline] = {}
        for place, record in enumerate(records):
            if self._is_viewed(record):
                continue
            if isinstance(record, Outline):
                carried[place] = record
            elif self._batch is not None and not self._spoken(record):
                plain[place] = record
            else:
                book = self._recorder.edits
                noted = book.find(record.source.sha256) if book else Noted()
                renewed[place] = edited_record(self._view, record, noted)
        if self._batch is not None:
            made = self._batch.labels([record.scores for record in plain.values()])
            for (place, record), labels in zip(plain.items(), made, strict=True):
                renewed[place] = edited_record(self._view, record, Noted(), labels)
            again = carried_records(self._batch, list(carried.values()))
            for place, one in zip(carried, again, strict=True):
                renewed[place] = one
        return renewed

    def _put(self, standing: Standing, record: LabelRecord | Outline) -> Standing | None:
        return standing if self._dry_run else self._recorder.put_labels(standing, record)

    def _count(
        self, before: LabelRecord | Outline, after: LabelRecord | Outline, done: Relabelled
    ) -> None:
        done.written += not self._dry_run
        if before.labels == after.labels:  # of two outlines, the JSON
            done.same += 1
            return
        had, has = labels_of(before), labels_of(after)
        if had == has:
            done.same += 1
            return
        done.count(before.source.key, (label.name for label in had), (one.name for one in has))


def record_names(records: Store) -> Iterable[str]:
    """The names of all records, as the store lists them."""
    return (info.key for info in records.list() if info.key.endswith(RECORD_SUFFIX))
