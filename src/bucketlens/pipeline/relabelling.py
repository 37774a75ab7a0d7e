"""All labels made again from stored scores: no image is read, no model is loaded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bucketlens.pipeline.editing import edited_record, is_viewed
from bucketlens.pipeline.noting import Noted
from bucketlens.records import RECORD_SUFFIX, LabelRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bucketlens.pipeline.labelling import LabelView
    from bucketlens.pipeline.recording import Recorder
    from bucketlens.stores import Store

ATTEMPTS = 4


@dataclass(slots=True)
class Relabelled:
    """What came of it; ``add`` joins what several workers did.

    Attributes:
        changed: Records whose labels are others now.
        same: Records whose labels stayed; those of an older view are marked as of this one.
        stale: Records of other models, which need their images: a run does them.
        passed_over: Failures, tombstones and what can't be read.
        busy: Records that others kept changing; they do it under their settings.
        written: Records that were put, whether their labels changed or only what they are of.
        gained: How many images gained each label.
        lost: How many images lost each label.
    """

    changed: int = 0
    same: int = 0
    stale: int = 0
    passed_over: int = 0
    busy: int = 0
    written: int = 0
    gained: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)

    def add(self, other: Relabelled) -> None:
        """Join in what another worker did."""
        self.changed += other.changed
        self.same += other.same
        self.stale += other.stale
        self.passed_over += other.passed_over
        self.busy += other.busy
        self.written += other.written
        self.gained += other.gained
        self.lost += other.lost

    @property
    def seen(self) -> int:
        """Records that were looked at."""
        return self.changed + self.same + self.stale + self.passed_over + self.busy


@dataclass(frozen=True, slots=True)
class Relabeler:
    """Makes labels again.

    Attributes:
        recorder: The records, and the pages of images whose labels change.
        view: Makes the labels.
        models: sha256 of the models that the view understands the scores of.
        dry_run: Change nothing.
    """

    recorder: Recorder
    view: LabelView
    models: frozenset[str]
    dry_run: bool = False

    def relabel(self, names: Iterable[str]) -> Relabelled:
        """Relabel the records of these names."""
        done = Relabelled()
        for name in names:
            self._one(name, done)
        return done

    def _one(self, name: str, done: Relabelled) -> None:
        doubt = False
        for _ in range(ATTEMPTS):
            standing = self.recorder.read_name(name)
            record = standing.record
            if not isinstance(record, LabelRecord):
                done.passed_over += 1
                return
            if {model.sha256 for model in record.models} != self.models:
                done.stale += 1
                return
            viewed = is_viewed(self.view, record, self.recorder.edits)
            shown = self.recorder.page_agrees(record) and not doubt
            if viewed and (shown or not record.observed.pictures):
                done.same += 1
                return
            renewed = record if viewed else self._renewed(record)
            before = standing.doubted() if doubt else standing
            if self.dry_run or self.recorder.put_labels(before, renewed):
                done.written += not self.dry_run
                _count(record, renewed, done)
                return
            doubt = True
        done.busy += 1

    def _renewed(self, record: LabelRecord) -> LabelRecord:
        """The record with its labels made again from its own scores and what people said."""
        book = self.recorder.edits
        noted = book.find(record.source.sha256) if book else Noted()
        return edited_record(self.view, record, noted)


def _count(before: LabelRecord, after: LabelRecord, done: Relabelled) -> None:
    if before.labels == after.labels:
        done.same += 1
        return
    done.changed += 1
    had = {label.name for label in before.labels}
    has = {label.name for label in after.labels}
    done.gained.update(has - had)
    done.lost.update(had - has)


def record_names(records: Store) -> Iterable[str]:
    """The names of all records, as the store lists them."""
    return (info.key for info in records.list() if info.key.endswith(RECORD_SUFFIX))
