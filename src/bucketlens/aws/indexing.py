"""The function that renews the site's index, called by schedule.

It takes from a queue which records changed, brings the index up to date, and then deletes the
messages: what it did not get to comes again. Where nothing changed it ends at once. Once a day it
looks at all records too, whatever the queue says, but only after what the queue said is shown: a
collection that is too large to be looked at in one call is still followed by its changes.

Several at once, or one that was ended half-way, do no harm: the index is made from the records,
and what it was last made from is replaced by compare-and-swap.
"""

from __future__ import annotations

import json
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import msgspec

from bucketlens.assembly import Collection, open_pass
from bucketlens.aws.changes import Changes
from bucketlens.aws.configuration import Configuration, read_configuration
from bucketlens.aws.invocation import Deadline
from bucketlens.aws.telemetry import Telemetry, printable
from bucketlens.errors import BucketlensError, InputError, MissingError, TransientError
from bucketlens.events import SourcePlace
from bucketlens.pipeline.indexing import renew_index
from bucketlens.queues import SqsQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bucketlens.aws.invocation import Context
    from bucketlens.pipeline.settling import Settler
    from bucketlens.queues import Message

FULL_LOOK_SECONDS = 24 * 3600.0
"""After so long all records are looked at, since events may be lost."""

LOOK_NAME = "state/look.json"
"""When the last look at all records began: put down before, so that one that is ended half-way,
since there was too little time for it, is not begun again with each call."""


class Look(msgspec.Struct, frozen=True):
    """A look at all records.

    Attributes:
        began: Seconds since the epoch.
    """

    began: float


_LOOK: msgspec.json.Decoder[Look] = msgspec.json.Decoder(Look)


class IndexFunction:
    """What Lambda calls by schedule; what the event says does not matter.

    Args:
        configuration: Where the images, the records and the site are.
        telemetry: Logs and metrics.
        clock: Gives the time, seconds since the epoch.
    """

    def __init__(
        self,
        configuration: Configuration,
        telemetry: Telemetry,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open the stores; no model is loaded before it is needed, which is almost never."""
        self._configuration = configuration
        self._telemetry = telemetry
        self._clock = clock
        self._looked: float | None = None
        self._collection = Collection(configuration.out, configuration.settings)

    def __call__(self, event: Mapping[str, Any], context: Context) -> dict[str, Any]:
        """Renew the index if the records are not what it was made from.

        Raises:
            TransientError: A store is away, or others kept renewing it; the next call tries again.
        """
        del event
        self._telemetry.begin(context)
        began = time.perf_counter()
        if self._changes is None:
            dropped, changed = self._renew(None), None
        else:
            taken = self._changes.take(Deadline(context))
            dropped, changed = self._renew(taken.keys) if taken.keys else [], len(taken.keys)
            self._changes.shown(taken)
            if self._is_time_for_all():
                dropped += self._look_at_all()
        return self._tell(changed, dropped, 1000 * (time.perf_counter() - began))

    def _renew(self, keys: frozenset[str] | None) -> list[str]:
        """Bring the index up to date with some records, or with all that there are.

        Returns:
            The keys whose tombstones went.
        """
        dropped = renew_index(self._collection.records, self._collection.index, keys)
        for key in dropped:
            self._settle_again(key)
        return dropped

    def _is_time_for_all(self) -> bool:
        if self._looked is None:
            try:
                self._looked = _LOOK.decode(self._collection.private.get(LOOK_NAME).data).began
            except (MissingError, msgspec.MsgspecError, UnicodeDecodeError):
                return True
        return self._clock() - self._looked > FULL_LOOK_SECONDS

    def _look_at_all(self) -> list[str]:
        """Renew from all records; one that fails is begun again with the next call."""
        private = self._collection.private
        self._looked = self._clock()
        look = msgspec.json.encode(Look(self._looked))
        private.put(LOOK_NAME, look, content_type="application/json")
        try:
            return self._renew(None)
        except BucketlensError:
            self._looked = None
            private.delete(LOOK_NAME)
            raise

    def _tell(self, changed: int | None, dropped: list[str], milliseconds: float) -> dict[str, Any]:
        counts = {"TombstonesDropped": len(dropped)}
        answer = {"tombstones_dropped": len(dropped)}
        if changed is not None:
            counts["RecordsChanged"] = answer["changed"] = changed
        self._telemetry.log.info(
            "the index is up to date", extra=answer | {"milliseconds": round(milliseconds, 1)}
        )
        self._telemetry.write_metrics(counts, milliseconds={"IndexTime": [milliseconds]})
        return answer

    @cached_property
    def _changes(self) -> Changes | None:
        if not self._configuration.changes:
            return None
        queue = SqsQueue(self._configuration.changes)
        return Changes(queue, self._collection.records.location, self._complain)

    def _complain(self, message: Message, reason: str) -> None:
        self._telemetry.log.warning(
            "not understood", extra={"message_id": message.id, "reason": printable(reason)}
        )

    def _settle_again(self, key: str) -> None:
        """Settle a key whose tombstone went: its image may have come back in that moment."""
        try:
            if self._configuration.settings.queue_url:
                self._label_queue.send(_notification(self._configuration.source, key))
            else:
                self._settler.settle(key, self._configuration.settings.max_bytes)
        except (InputError, TransientError) as exc:
            self._telemetry.log.warning(
                "not settled; a reconcile will",
                extra={"key": printable(key), "reason": printable(str(exc))},
            )

    @cached_property
    def _label_queue(self) -> SqsQueue:
        return SqsQueue(self._configuration.settings.queue_url)

    @cached_property
    def _settler(self) -> Settler:
        configuration = self._configuration
        return open_pass(configuration.source, configuration.out, configuration.settings).settler


def _notification(source: str, key: str) -> str:
    """What the label function reads as: have a look at this key."""
    place = SourcePlace.of(source)
    encoded = quote_plus(place.prefix + key, safe="/")
    about = {"bucket": {"name": place.bucket}, "object": {"key": encoded}}
    entry = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": about}
    return json.dumps({"Records": [entry]})


def build_index_function(environ: Mapping[str, str], *, began: float) -> IndexFunction:
    """The function as the environment configures it, with its stores open.

    Args:
        environ: Environment variables.
        began: When its start began, as ``time.perf_counter`` tells it.

    Raises:
        ConfigError: The operator must change something first.
    """
    configuration = read_configuration(environ)
    telemetry = Telemetry("index", init_seconds=time.perf_counter() - began)
    return IndexFunction(configuration, telemetry)
