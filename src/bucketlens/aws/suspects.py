"""Keys of messages that keep coming back: tried alone, and given up with a record that says so.

Most of what goes wrong leaves a failure record or works later. What is left is an image that hits
a bug or ends the process (out of memory, a crash in a decoder): its batch dies with it, again and
again, until all its messages are among the dead letters, the innocent beside the guilty. So from
the third delivery on a key is settled alone, after all others, under a mark that is removed when
it ends in whatever way. A mark that was left behind twice says whose fault it is: the image gets a
failure record, and only its message goes on to the dead letters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from bucketlens.errors import BucketlensError, CrashError, MissingError

if TYPE_CHECKING:
    from bucketlens.aws.stages import TimedSettler
    from bucketlens.pipeline.labelling import Labeler
    from bucketlens.pipeline.plans import Outcome, Plan
    from bucketlens.stores import Store

SUSPECT_DELIVERIES = 3
"""Deliveries from which on a message is suspect; two may be an outage."""

MOST_MARKS = 2
"""Marks left behind until a key is given up: one may be a container that was ended."""


class Mark(msgspec.Struct, frozen=True):
    """A key that was begun and has not ended.

    Attributes:
        etag: The version of the image.
        tries: How often it was begun.
    """

    etag: str
    tries: int


_MARK: msgspec.json.Decoder[Mark] = msgspec.json.Decoder(Mark)


class Suspects:
    """Settles suspect keys.

    Args:
        settler: Settles a key as any other.
        labeler: Makes the records of failures.
        private: Where marks are kept.
    """

    def __init__(self, settler: TimedSettler, labeler: Labeler, private: Store) -> None:
        """Hold the parts."""
        self._settler = settler
        self._labeler = labeler
        self._private = private

    def settle(self, key: str, max_bytes: int, *, sequencer: str | None = None) -> Outcome:
        """Settle a key that may end the process.

        Raises:
            CrashError: It is given up; its failure record says why.
            Exception: As any key may.
        """
        plan = self._settler.inspect(key, sequencer=sequencer)
        if plan.info is None or not plan.action.reads:
            return self._settler.settle(key, max_bytes, sequencer=sequencer)
        if _given_up(plan):
            raise CrashError(f"{key} was given up; its record says why")
        name = _mark_name(key)
        tries = self._tries(name, plan.info.etag)
        if tries >= MOST_MARKS:
            self._give_up(plan, name, f"labelling it was begun {tries} times and never ended")
        mark = Mark(plan.info.etag, tries + 1)
        self._private.put(name, msgspec.json.encode(mark), content_type="application/json")
        try:
            outcome = self._settler.settle(key, max_bytes, sequencer=sequencer)
        except BucketlensError:
            self._private.delete(name)
            raise
        except Exception as exc:  # noqa: BLE001 - a bug, told in the record
            self._give_up(plan, name, f"{type(exc).__name__}: {exc}", exc)
        self._private.delete(name)
        return outcome

    def _give_up(self, plan: Plan, mark: str, why: str, cause: Exception | None = None) -> NoReturn:
        assert plan.info is not None  # noqa: S101 - there is an image
        error = CrashError(f"{plan.key} can't be labelled, and it is not known why: {why}")
        # Where something else stands by now, that is newer, and its own event tells of it.
        self._settler.commit(plan, self._labeler.failure(plan.info, error))
        self._private.delete(mark)
        raise error from cause

    def _tries(self, name: str, etag: str) -> int:
        try:
            mark = _MARK.decode(self._private.get(name).data)
        except (MissingError, msgspec.MsgspecError, UnicodeDecodeError):
            return 0
        return mark.tries if mark.etag == etag else 0


def suspect_messages(event: Mapping[str, Any]) -> set[str]:
    """The messages of a batch of SQS that were delivered too often, by their ids."""
    return {
        message["messageId"]
        for message in event["Records"]
        if _deliveries(message) >= SUSPECT_DELIVERIES
    }


def _deliveries(message: Mapping[str, Any]) -> int:
    attributes = message.get("attributes")
    count = attributes.get("ApproximateReceiveCount") if isinstance(attributes, Mapping) else None
    return int(count) if isinstance(count, str) and count.isdecimal() else 1


def _given_up(plan: Plan) -> bool:
    """Whether a crash on this version of the image is recorded."""
    found = plan.failure
    return (
        found is not None
        and plan.info is not None
        and found.failure.error == CrashError.code
        and found.observed.etag == plan.info.etag
    )


def _mark_name(key: str) -> str:
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return f"state/suspects/{digest}.json"
