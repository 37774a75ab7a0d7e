"""One key, settled: whatever events said, the source is asked, and asked again at the end.

1. HEAD the source and GET the record. Gone: the record becomes a tombstone and what was derived
   goes. Same version, same fingerprints, same look: done.
2. Read, decode, score, view; put the record on the condition that it is still what step 1 read.
   ``recording`` says how the files that show it are written around that.
3. HEAD the source again: if it changed, or the put lost its race, back to 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketlens.errors import CrashError, InputError, MissingError, TransientError
from bucketlens.pipeline.editing import edited_record, is_viewed
from bucketlens.pipeline.fencing import give_way
from bucketlens.pipeline.labelling import Labelled, Loaded, source_facts
from bucketlens.pipeline.noting import Noted
from bucketlens.pipeline.plans import Action, Outcome, Plan
from bucketlens.records import (
    FailureRecord,
    LabelRecord,
    Outline,
    SourceFacts,
    Tombstone,
    canonical,
)
from bucketlens.stores import ForbiddenError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.pipeline.labelling import Labeler, Result
    from bucketlens.pipeline.packing import Packer
    from bucketlens.pipeline.recording import Recorder
    from bucketlens.pipeline.standing import Standing
    from bucketlens.stores import Store
    from bucketlens.types import ObjectInfo

ATTEMPTS = 4
"""Times that a key may change under our hands before it is left for later."""


class Settler:
    """Settles keys: source, records and pages of one collection.

    Safe to share between threads; everything it decides by stands in the stores.

    Args:
        source: The images; never written to.
        recorder: The records, and the pages that show them.
        labeler: The core.
        clock: Gives the time, seconds since the epoch.
    """

    def __init__(
        self, source: Store, recorder: Recorder, labeler: Labeler, clock: Callable[[], float]
    ) -> None:
        """Hold the stores and the core."""
        self._source = source
        self._recorder = recorder
        self._labeler = labeler
        self._clock = clock

    @property
    def packer(self) -> Packer | None:
        """What writes records by the thousand; None where each is put alone."""
        return self._recorder.packer

    def tell_put(self, name: str, etag: str, data: bytes) -> None:
        """Tell of a record that somebody else put."""
        self._recorder.told(name, etag, data)

    def find(self, key: str) -> ObjectInfo:
        """The image that somebody says is there.

        Raises:
            MissingError: It is not, or may not be asked for.
        """
        return self._source.head(key)

    def inspect(
        self,
        key: str,
        *,
        info: ObjectInfo | None = None,
        sequencer: str | None = None,
        doubt: bool = False,
    ) -> Plan:
        """Step 1; ``info`` from a fresh listing stands for the HEAD."""
        info = info or self._head(key)
        standing = self._recorder.read(key)
        action = self._action(info, standing, doubt=doubt)
        return Plan(key, action, info, standing, sequencer, doubt)

    def has_nothing_to_do(self, info: ObjectInfo) -> bool:
        """Whether an object of a fresh listing is recorded as it is, and shown as it should be."""
        plan = self.inspect(info.key, info=info)
        return plan.action is Action.NOTHING and plan.failure is None

    def load(self, plan: Plan, max_bytes: int) -> Loaded | Labelled | FailureRecord | None:
        """Read the image of a plan.

        Returns:
            The bytes; or what needs no labeler: a failure, or the scores that the same bytes got
            before; or None when the image has gone meanwhile.
        """
        assert plan.info is not None  # noqa: S101 - a plan that reads has an object
        try:
            blob = self._source.get(plan.key, max_bytes=max_bytes)
        except ForbiddenError as exc:
            return self._labeler.failure(plan.info, exc)
        except MissingError:
            return None
        except InputError as exc:
            return self._labeler.failure(plan.info, exc)
        loaded = Loaded(blob.info, blob.data, plan.sequencer)
        known = self._same_bytes(plan, loaded)
        if known is None:
            return loaded
        if plan.doubt or not self._recorder.pictures_agree(known):
            return Loaded(blob.info, blob.data, plan.sequencer, known)
        return Labelled(self._labeler.moved(known, loaded))

    def commit(self, plan: Plan, result: Result) -> Outcome | None:
        """Steps 2 (its writing half) and 3.

        Returns:
            What became of the key, or None when it must be settled again from step 1.

        Raises:
            Exception: The result's own, when it is one.
        """
        if isinstance(result, Exception):
            raise result
        if isinstance(result, FailureRecord):
            return self._fail(plan, result)
        record = self.edited(result.record)
        if not self._recorder.put_labels(plan.standing, record, result.pictures):
            return None
        if not self.unchanged(plan.key, record.observed.etag):
            return None
        return outcome_of(plan, record)

    def apply(self, plan: Plan) -> Outcome | None:
        """Carry out a plan that needs no pixels; None as in :meth:`commit`."""
        if plan.action is Action.NOTHING:
            return Outcome.FAILED if plan.failure else Outcome.UNCHANGED
        if plan.action is Action.REMOVE:
            return self._remove(plan)
        if plan.action is Action.VIEW and isinstance(plan.found, LabelRecord):
            record = self.edited(self._labeler.viewed(plan.found))
            stands = self._recorder.put_labels(plan.standing, record)
            return Outcome.RELABELLED if stands else None
        if plan.action is Action.PAGE and plan.failure is not None:
            put = self._recorder.put_failure(plan.standing, plan.failure, doubt=plan.doubt)
            return Outcome.FAILED if put else None
        if plan.action is Action.PAGE and isinstance(plan.found, LabelRecord):
            stands = self._recorder.put_labels(plan.standing, plan.found)
            return Outcome.REDRAWN if stands else None
        raise AssertionError(f"{plan.action} needs the image")

    def settle(
        self, key: str, max_bytes: int, *, sequencer: str | None = None, doubt: bool = False
    ) -> Outcome:
        """Settle one key from start to end; ``doubt`` as in :class:`Plan`.

        Raises:
            TransientError: It kept changing; a later pass will settle it.
        """
        for losses in range(ATTEMPTS):
            give_way(losses)
            plan = self.inspect(key, sequencer=sequencer, doubt=doubt)
            if doubt and plan.info is None:
                self._recorder.remove_pages(key)  # ours may have come after the remover's
            outcome = self._carry_out(plan, max_bytes)
            if outcome is not None:
                return outcome
            doubt = True
        raise TransientError(f"{key} changed {ATTEMPTS} times while it was being labelled")

    def _carry_out(self, plan: Plan, max_bytes: int) -> Outcome | None:
        if not plan.action.reads:
            return self.apply(plan)
        loaded = self.load(plan, max_bytes)
        if loaded is None:
            return None
        if isinstance(loaded, Loaded):
            return self.commit(plan, self._labeler.label([loaded])[0])
        return self.commit(plan, loaded)

    def edited(self, record: LabelRecord) -> LabelRecord:
        """The record after what people said of these bytes, read after the plan was made.

        An edit is kept before its record is put. So either it is read here, or its record comes
        after the one that was planned on, and the put that follows loses its race.
        """
        book = self._recorder.edits
        noted = book.find(record.source.sha256) if book else Noted()
        if noted.edits or noted.mark != record.observed.edits:
            return edited_record(self._labeler.view, record, noted)
        return record

    def unchanged(self, key: str, etag: str) -> bool:
        """Step 3: whether the source still has this version, as far as can be told."""
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

    def _action(self, info: ObjectInfo | None, standing: Standing, *, doubt: bool) -> Action:
        if info is None:
            gone = standing.etag is None or isinstance(standing.outlined, Tombstone)
            return Action.NOTHING if gone else Action.REMOVE
        found = standing.about_image
        if found is None or found.observed.etag != info.etag:
            return Action.SCORE
        if isinstance(found, FailureRecord):
            return self._action_on_failure(found, doubt=doubt)
        action = self._action_on_labels(found, doubt=doubt)
        whole = action is Action.NOTHING or standing.record is not None
        return action if whole else Action.SCORE

    def _action_on_failure(self, found: FailureRecord, *, doubt: bool) -> Action:
        # A permission, and a program, change without a trace in the object: tried again.
        if found.failure.error in {MissingError.code, CrashError.code}:
            return Action.SCORE
        if found.limits_fingerprint != self._labeler.limits_fingerprint:
            return Action.SCORE
        return Action.PAGE if doubt or not self._recorder.page_agrees(found) else Action.NOTHING

    def _action_on_labels(self, found: LabelRecord | Outline, *, doubt: bool) -> Action:
        if found.score_fingerprint != self._labeler.scorer.fingerprint:
            return Action.SCORE
        if doubt or not self._recorder.pictures_agree(found):
            return Action.DRAW
        if not is_viewed(self._labeler.view, found, self._recorder.edits):
            return Action.VIEW
        return Action.NOTHING if self._recorder.page_agrees(found) else Action.PAGE

    def _same_bytes(self, plan: Plan, loaded: Loaded) -> LabelRecord | None:
        """The record that stands, when it is of the same bytes and its scores still hold."""
        found = plan.found
        if not isinstance(found, LabelRecord):
            return None
        if found.score_fingerprint != self._labeler.scorer.fingerprint:
            return None
        return found if source_facts(loaded) == found.source else None

    def _fail(self, plan: Plan, record: FailureRecord) -> Outcome | None:
        if self.stands_already(plan, record):
            return Outcome.FAILED
        if not self._recorder.put_failure(plan.standing, record, doubt=plan.doubt):
            return None
        return Outcome.FAILED if self.unchanged(plan.key, record.observed.etag) else None

    def stands_already(self, plan: Plan, record: FailureRecord) -> bool:
        """Whether the same failure of the same version is recorded, and nothing but that shown."""
        found = plan.failure
        return (
            found is not None
            and not plan.doubt
            and self._recorder.page_agrees(found)
            and found.observed.etag == record.observed.etag
            and canonical(found) == canonical(record)
        )

    def _remove(self, plan: Plan) -> Outcome | None:
        tombstone = Tombstone(
            source=SourceFacts(key=plan.key, size=0),
            removed=self._clock(),
            sequencer=plan.sequencer,
        )
        if not self._recorder.put_tombstone(plan.standing, tombstone):
            return None
        return Outcome.REMOVED if self._head(plan.key) is None else None


def outcome_of(plan: Plan, record: LabelRecord) -> Outcome:
    """What a record that was put did to a key whose image was read."""
    found = plan.found
    if plan.action is not Action.DRAW or not isinstance(found, LabelRecord):
        return Outcome.LABELLED
    if found.view_fingerprint != record.view_fingerprint:
        return Outcome.RELABELLED
    return Outcome.REDRAWN
