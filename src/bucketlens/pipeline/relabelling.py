"""All labels made again from stored scores: no image is read, no model is loaded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from bucketlens.errors import MissingError
from bucketlens.pipeline.settling import RECORD_SUFFIX
from bucketlens.records import LabelRecord, UnreadableRecordError, decode_record, encode_record
from bucketlens.stores import ConflictError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bucketlens.labels import View
    from bucketlens.pipeline.settling import Pages
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
        gained: How many images gained each label.
        lost: How many images lost each label.
    """

    changed: int = 0
    same: int = 0
    stale: int = 0
    passed_over: int = 0
    gained: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)

    def add(self, other: Relabelled) -> None:
        """Join in what another worker did."""
        self.changed += other.changed
        self.same += other.same
        self.stale += other.stale
        self.passed_over += other.passed_over
        self.gained += other.gained
        self.lost += other.lost

    @property
    def seen(self) -> int:
        """Records that were looked at."""
        return self.changed + self.same + self.stale + self.passed_over


@dataclass(frozen=True, slots=True)
class Relabeler:
    """Makes labels again.

    Attributes:
        records: The records.
        pages: Writes the pages of images whose labels changed; None when there are none.
        view: Makes the labels.
        models: sha256 of the models that the view understands the scores of.
        dry_run: Change nothing.
    """

    records: Store
    pages: Pages | None
    view: View
    models: frozenset[str]
    dry_run: bool = False

    def relabel(self, names: Iterable[str]) -> Relabelled:
        """Relabel the records of these names."""
        done = Relabelled()
        for name in names:
            self._one(name, done)
        return done

    def _one(self, name: str, done: Relabelled) -> None:
        for _ in range(ATTEMPTS):
            try:
                blob = self.records.get(name)
                record = decode_record(blob.data)
            except (MissingError, UnreadableRecordError):
                done.passed_over += 1
                return
            if not isinstance(record, LabelRecord):
                done.passed_over += 1
                return
            if {model.sha256 for model in record.models} != self.models:
                done.stale += 1
                return
            if record.view_fingerprint == self.view.fingerprint:
                done.same += 1
                return
            renewed = renewed_record(self.view, record)
            if self.dry_run or self._put(name, renewed, blob.info.etag):
                self._count(record, renewed, done)
                return

    def _put(self, name: str, renewed: LabelRecord, etag: str) -> bool:
        """Write a record in its old place; False when another writer came first."""
        try:
            self.records.put(
                name, encode_record(renewed), if_match=etag, content_type="application/json"
            )
        except ConflictError:
            return False
        return True

    def _count(self, before: LabelRecord, after: LabelRecord, done: Relabelled) -> None:
        if before.labels == after.labels:
            done.same += 1
            return
        done.changed += 1
        had = {label.name for label in before.labels}
        has = {label.name for label in after.labels}
        done.gained.update(has - had)
        done.lost.update(had - has)
        if self.pages is not None and not self.dry_run:
            self.pages.write_page(after)


def renewed_record(view: View, record: LabelRecord) -> LabelRecord:
    """The record with its labels made again from its own scores."""
    return msgspec.structs.replace(
        record,
        labels=view.labels(record.scores),
        label_model_version=view.version,
        image_properties=view.image_properties(record.scores),
        view_fingerprint=view.fingerprint,
    )


def record_names(records: Store) -> Iterable[str]:
    """The names of all records, as the store lists them."""
    return (info.key for info in records.list() if info.key.endswith(RECORD_SUFFIX))
