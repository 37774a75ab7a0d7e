"""One key, settled: whatever events said, the source is asked, and asked again at the end.

1. HEAD the source and GET the record. Gone: the record becomes a tombstone and what was derived
   goes. Same version, same fingerprints: done.
2. Read, decode, score, view. The derived files are written first and the record last, on the
   condition that it is still what step 1 read: a record that stands tells that its page does too,
   even when the process was killed between the two.
3. HEAD the source again: if it changed, or the put lost its race, back to 1.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bucketlens.errors import InputError, MissingError, TransientError
from bucketlens.names import output_name
from bucketlens.pipeline.labelling import Labelled, Loaded
from bucketlens.records import (
    FailureRecord,
    LabelRecord,
    Record,
    SourceFacts,
    Tombstone,
    UnreadableRecordError,
    decode_record,
    encode_record,
)
from bucketlens.stores import ConflictError, ForbiddenError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.pipeline.labelling import Labeler, Result
    from bucketlens.stores import Store
    from bucketlens.types import ObjectInfo

ATTEMPTS = 8
"""Times that a key may change under our hands before it is left to a later pass."""

RECORD_SUFFIX = ".json"


class Pages(Protocol):
    """Where the files that show an image go."""

    def write_image(self, record: LabelRecord, thumbnail: bytes, preview: bytes) -> None:
        """Write page, thumbnail and preview of one image."""

    def write_page(self, record: LabelRecord) -> None:
        """Write the page of one image again; its pictures stay."""

    def remove_image(self, key: str) -> None:
        """Remove what was written for one image; nothing there is fine."""


class Action(enum.Enum):
    """What a key asks for."""

    NOTHING = "nothing"
    """Source and record agree, or neither is there."""
    VIEW = "view"
    """The labels must be made again from stored scores."""
    SCORE = "score"
    """The image must be read."""
    REMOVE = "remove"
    """The image is gone, its record is not."""


class Outcome(enum.Enum):
    """What became of a key."""

    LABELLED = "labelled"
    RELABELLED = "relabelled"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Plan:
    """What step 1 found and what follows from it.

    Attributes:
        info: The object as the source has it; None when it is gone.
        found: The record that stands; None when there is none or it can't be read.
        found_etag: The ETag of whatever stands in the record's place, None when nothing does.
    """

    key: str
    action: Action
    info: ObjectInfo | None
    found: Record | None
    found_etag: str | None
    sequencer: str | None = None


class Settler:
    """Settles keys: source, records and pages of one collection.

    Safe to share between threads; everything it decides by stands in the stores.

    Args:
        source: The images; never written to.
        records: The records' store.
        pages: Where pages go; None when none are wanted.
        labeler: The core.
        clock: Gives the time, seconds since the epoch.
    """

    def __init__(
        self,
        source: Store,
        records: Store,
        pages: Pages | None,
        labeler: Labeler,
        clock: Callable[[], float],
    ) -> None:
        """Hold the stores and the core."""
        self._source = source
        self._records = records
        self._pages = pages
        self._labeler = labeler
        self._clock = clock

    def inspect(
        self, key: str, *, info: ObjectInfo | None = None, sequencer: str | None = None
    ) -> Plan:
        """Step 1; ``info`` from a fresh listing stands for the HEAD."""
        info = info or self._head(key)
        found, found_etag = self._read_record(key)
        action = self._action(info, found)
        return Plan(key, action, info, found, found_etag, sequencer)

    def load(self, plan: Plan, max_bytes: int) -> Loaded | FailureRecord | LabelRecord | None:
        """Read the image of a plan.

        Returns:
            The bytes; or a record, where no model is needed: a failure, or the scores that the
            same bytes got before; or None when the image has gone meanwhile.
        """
        assert plan.info is not None  # noqa: S101 - a plan to score has an object
        try:
            blob = self._source.get(plan.key, max_bytes=max_bytes)
        except ForbiddenError as exc:
            return self._labeler.failure(plan.info, exc)
        except MissingError:
            return None
        except InputError as exc:
            return self._labeler.failure(plan.info, exc)
        loaded = Loaded(blob.info, blob.data, plan.sequencer)
        return self._same_bytes(plan, loaded) or loaded

    def commit(self, plan: Plan, result: Result) -> Outcome | None:
        """Steps 2 (its writing half) and 3.

        Returns:
            What became of the key, or None when it must be settled again from step 1.

        Raises:
            Exception: The result's own, when it is one.
        """
        if isinstance(result, Exception):
            raise result
        record = result.record if isinstance(result, Labelled) else result
        self._write_pages(plan, result)
        if not self._put_record(plan, record):
            return None
        if not self._unchanged(plan.key, record.observed.etag):
            return None
        return Outcome.LABELLED if isinstance(record, LabelRecord) else Outcome.FAILED

    def apply(self, plan: Plan) -> Outcome | None:
        """Carry out a plan that needs no pixels; None as in :meth:`commit`."""
        if plan.action is Action.NOTHING:
            failed = isinstance(plan.found, FailureRecord)
            return Outcome.FAILED if failed else Outcome.UNCHANGED
        if plan.action is Action.REMOVE:
            return self._remove(plan)
        if plan.action is Action.VIEW and isinstance(plan.found, LabelRecord):
            return self._view(plan, plan.found)
        raise AssertionError(f"{plan.action} needs the image")

    def settle(
        self, key: str, max_bytes: int, *, sequencer: str | None = None, force: bool = False
    ) -> Outcome:
        """Settle one key from start to end.

        Raises:
            TransientError: It kept changing; a later pass will settle it.
        """
        for _ in range(ATTEMPTS):
            plan = self.inspect(key, sequencer=sequencer)
            if force and plan.action is Action.NOTHING and plan.info is not None:
                plan = Plan(key, Action.SCORE, plan.info, None, plan.found_etag, sequencer)
            if force and plan.info is None and self._pages is not None:
                self._pages.remove_image(key)  # ours may have come after the remover's
            outcome = self._carry_out(plan, max_bytes)
            if outcome is not None:
                return outcome
            force = True
        raise TransientError(f"{key} changed {ATTEMPTS} times while it was being labelled")

    def _carry_out(self, plan: Plan, max_bytes: int) -> Outcome | None:
        if plan.action is not Action.SCORE:
            return self.apply(plan)
        loaded = self.load(plan, max_bytes)
        if loaded is None:
            return None
        if isinstance(loaded, Loaded):
            return self.commit(plan, self._labeler.label([loaded])[0])
        return self.commit(plan, loaded if isinstance(loaded, FailureRecord) else Labelled(loaded))

    def _unchanged(self, key: str, etag: str) -> bool:
        try:
            now = self._head(key)
        except ForbiddenError:
            return True
        return now is not None and now.etag == etag

    def _head(self, key: str) -> ObjectInfo | None:
        try:
            return self._source.head(key)
        except ForbiddenError:
            raise
        except MissingError:
            return None

    def _read_record(self, key: str) -> tuple[Record | None, str | None]:
        try:
            blob = self._records.get(output_name(key, RECORD_SUFFIX))
        except MissingError:
            return None, None
        try:
            return decode_record(blob.data), blob.info.etag
        except UnreadableRecordError:
            return None, blob.info.etag

    def _action(self, info: ObjectInfo | None, found: Record | None) -> Action:
        standing = found if isinstance(found, LabelRecord | FailureRecord) else None
        if info is None:
            return Action.REMOVE if standing else Action.NOTHING
        if standing is None or standing.observed.etag != info.etag:
            return Action.SCORE
        if isinstance(standing, FailureRecord):
            same = standing.limits_fingerprint == self._labeler.limits_fingerprint
            return Action.NOTHING if same else Action.SCORE
        if standing.score_fingerprint != self._labeler.scorer.fingerprint:
            return Action.SCORE
        if standing.view_fingerprint != self._labeler.view.fingerprint:
            return Action.VIEW
        return Action.NOTHING

    def _same_bytes(self, plan: Plan, loaded: Loaded) -> LabelRecord | None:
        """The record of the same bytes under another version, when its scores still hold."""
        found = plan.found
        if not isinstance(found, LabelRecord):
            return None
        if found.score_fingerprint != self._labeler.scorer.fingerprint:
            return None
        moved = self._labeler.moved(found, loaded)
        return moved if moved.source == found.source else None

    def _write_pages(self, plan: Plan, result: Labelled | FailureRecord) -> None:
        if self._pages is None:
            return
        if isinstance(result, FailureRecord):
            if plan.found is None or isinstance(plan.found, LabelRecord):
                self._pages.remove_image(plan.key)
        elif result.thumbnail is not None and result.preview is not None:
            self._pages.write_image(result.record, result.thumbnail, result.preview)
        else:
            self._pages.write_page(result.record)

    def _put_record(self, plan: Plan, record: Record) -> bool:
        """Put a record in the place of what step 1 read; False when it is no longer that."""
        name = output_name(plan.key, RECORD_SUFFIX)
        try:
            self._records.put(
                name,
                encode_record(record),
                if_match=plan.found_etag,
                if_absent=plan.found_etag is None,
                content_type="application/json",
            )
        except ConflictError:
            return False
        return True

    def _view(self, plan: Plan, found: LabelRecord) -> Outcome | None:
        record = self._labeler.viewed(found)
        if self._pages is not None and record.labels != found.labels:
            self._pages.write_page(record)
        return Outcome.RELABELLED if self._put_record(plan, record) else None

    def _remove(self, plan: Plan) -> Outcome | None:
        tombstone = Tombstone(
            source=SourceFacts(key=plan.key, size=0),
            removed=self._clock(),
            sequencer=plan.sequencer,
        )
        if self._pages is not None:
            self._pages.remove_image(plan.key)
        if not self._put_record(plan, tombstone):
            return None
        return Outcome.REMOVED if self._head(plan.key) is None else None
