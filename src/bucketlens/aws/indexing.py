"""The function that renews the site's index, called by schedule.

It takes from a queue which records changed, brings the index up to date, and then deletes the
messages: what it did not get to comes again. Where nothing changed it ends at once; once a day it
looks at all records, whatever the queue says.

Several at once, or one that was ended half-way, do no harm: the index is made from the records,
and what it was last made from is replaced by compare-and-swap.
"""

from __future__ import annotations

import json
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from bucketlens.assembly import Collection, open_pass
from bucketlens.aws.changes import Changes, Taken
from bucketlens.aws.configuration import Configuration, read_configuration
from bucketlens.aws.invocation import Deadline
from bucketlens.aws.telemetry import Telemetry, printable
from bucketlens.errors import InputError, TransientError
from bucketlens.events import SourcePlace
from bucketlens.pipeline.indexing import renew_index
from bucketlens.queues import SqsQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bucketlens.aws.invocation import Context
    from bucketlens.pipeline.settling import Settler
    from bucketlens.queues import Message

FULL_LOOK_SECONDS = 24 * 3600.0
"""After so long all records are looked at, since events may be lost; a new container does too."""


class IndexFunction:
    """What Lambda calls by schedule; what the event says does not matter.

    Args:
        configuration: Where the images, the records and the site are.
        telemetry: Logs and metrics.
        clock: Seconds, rising.
    """

    def __init__(
        self,
        configuration: Configuration,
        telemetry: Telemetry,
        *,
        clock: Callable[[], float] = time.monotonic,
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
        taken = self._changes.take(Deadline(context)) if self._changes else None
        dropped: list[str] = []
        began = time.perf_counter()
        if taken is None or self._is_time_for_all():
            dropped = self._renew(None)
        elif taken.keys:
            dropped = self._renew(taken.keys)
        if taken is not None and self._changes:
            self._changes.shown(taken)
        return self._tell(taken, dropped, 1000 * (time.perf_counter() - began))

    def _renew(self, keys: frozenset[str] | None) -> list[str]:
        """Bring the index up to date with some records, or with all that there are.

        Returns:
            The keys whose tombstones went.
        """
        dropped = renew_index(self._collection.records, self._collection.index, keys)
        if keys is None:
            self._looked = self._clock()
        for key in dropped:
            self._settle_again(key)
        return dropped

    def _is_time_for_all(self) -> bool:
        return self._looked is None or self._clock() - self._looked > FULL_LOOK_SECONDS

    def _tell(self, taken: Taken | None, dropped: list[str], milliseconds: float) -> dict[str, Any]:
        counts = {"TombstonesDropped": len(dropped)}
        answer = {"tombstones_dropped": len(dropped)}
        if taken is not None:
            counts["RecordsChanged"] = answer["changed"] = len(taken.keys)
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
