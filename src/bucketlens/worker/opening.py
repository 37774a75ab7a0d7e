"""A worker put together as the settings say."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from bucketlens.assembly import open_collecting
from bucketlens.errors import InputError, TransientError
from bucketlens.events import Intake, source_place
from bucketlens.pipeline.indexing import renew_index
from bucketlens.pipeline.plans import Outcome
from bucketlens.pipeline.running import available_cores
from bucketlens.queues import SqsQueue
from bucketlens.worker.working import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bucketlens.assembly import Collecting
    from bucketlens.pipeline.settling import Settler
    from bucketlens.settings import Settings

log = logging.getLogger(__name__)

THREADS_PER_CORE = 2
"""One computes while another waits for the store."""


def open_worker(source: str, out: str, queue_url: str, settings: Settings) -> Worker:
    """A worker for one source and one queue of SQS, its models loaded.

    Raises:
        ConfigError: SOURCE is in no bucket, the queue can't be used, or as for a pass.
        TransientError: The queue or OUT can't be reached now.
    """
    place = source_place(source)
    queue = open_queue(queue_url, settings)
    opened = open_collecting(source, out, settings, check=True)

    def settle(key: str, sequencer: str | None) -> Outcome:
        outcome = opened.settler.settle(key, settings.max_bytes, sequencer=sequencer)
        if outcome is Outcome.FAILED:
            tell_why(opened.settler, key)
        return outcome

    return Worker(
        queue,
        Intake(place, opened.wanted),
        settle,
        threads=THREADS_PER_CORE * (settings.workers or available_cores()),
        renew=index_renewal(opened, settings),
        index_seconds=settings.index_seconds,
        release=opened.labeler.close,
    )


def open_queue(url: str, settings: Settings) -> SqsQueue:
    """A queue of SQS that can be used.

    Raises:
        ConfigError, TransientError: It can't, or can't be reached now.
    """
    queue = SqsQueue(url, region=settings.s3_region or None)
    if not queue.has_dead_letters():
        log.warning(
            "the queue has no redrive policy: messages that can't be understood come back until"
            " they are too old"
        )
    return queue


def tell_why(settler: Settler, key: str) -> None:
    """Log what the failure record of a key says."""
    with suppress(InputError, TransientError):
        found = settler.inspect(key).failure
        if found is not None:
            why = found.failure
            fields = {"key": key, "error": why.error, "reason": why.reason, "setting": why.setting}
            log.warning("failure recorded", extra={"fields": fields})


def index_renewal(
    opened: Collecting, settings: Settings
) -> Callable[[frozenset[str] | None], Iterable[str]] | None:
    """What brings the index up to date as an IndexKeeper wants it; None where nobody does."""
    collection = opened.collection
    if not settings.index_seconds:
        return None
    collection.index.listen()

    def renew(keys: frozenset[str] | None) -> list[str]:
        back = []
        for key in renew_index(collection.records, collection.index, keys):
            with suppress(InputError, TransientError):
                if opened.settler.settle(key, settings.max_bytes) is not Outcome.UNCHANGED:
                    back.append(key)
        return back

    return renew
