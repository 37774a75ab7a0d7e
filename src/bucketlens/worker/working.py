"""The worker: messages in, keys settled, messages deleted or given back.

    receiving (1 thread) -> keys (several threads) -> the message is deleted, or comes back

A message is deleted when all its keys are settled; an image that can't be labelled is settled too,
by its failure record. What may work later comes back after a pause. What can't be understood, and
what hits a bug of ours, comes back as well, until the queue puts it among its dead letters.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from bucketlens.errors import BucketlensError, ConfigError, InputError, TransientError
from bucketlens.events import EventParseError
from bucketlens.pipeline.plans import Outcome
from bucketlens.queues import MOST_AT_ONCE
from bucketlens.worker.holding import HIDDEN_SECONDS, Holding, pause_after
from bucketlens.worker.index import IndexKeeper
from bucketlens.worker.keys import KeyWork, StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future

    from bucketlens.events import Asked, Intake
    from bucketlens.queues import Message, Queue

log = logging.getLogger(__name__)

WAIT_SECONDS = 10.0
"""One long poll. Twice that is possible, but then a stop takes too long for most supervisors."""

DRAIN_SECONDS = 1.0
"""A poll that is to say that a queue is empty; without waiting, SQS asks only some servers."""


@dataclass(slots=True)
class Done:
    """What a worker has done.

    Attributes:
        deleted: Messages that were settled.
        returned: Messages that were given back.
        outcomes: How many keys ended in which way.
    """

    deleted: int = 0
    returned: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)


@dataclass(slots=True)
class _Job:
    """A message that is worked on.

    Attributes:
        left: Keys that are not settled yet.
        back: Seconds until it is to come back; None for one that need not, as far as is known.
    """

    message: Message
    left: int
    back: float | None = None


class Worker:
    """Settles the keys that messages ask for. It works once.

    Args:
        queue: Gives the messages.
        intake: Reads them.
        settle: Settles one key, given the sequencer of its event.
        threads: Keys that are settled at once.
        renew: Brings the index up to date, see :class:`IndexKeeper`; None where there is none.
        index_seconds: While there is other work, it is renewed once in so many seconds at most.
        hidden: Seconds for which a message is hidden, and hidden anew before they are over.
        release: Called at the end: gives back what was held for keys to come.
        tells: Log what becomes of each key; not where whatever settles them does.
    """

    def __init__(  # noqa: PLR0913 - all but the first three have defaults or names
        self,
        queue: Queue,
        intake: Intake,
        settle: Callable[[str, str | None], Outcome],
        *,
        threads: int,
        renew: Callable[[frozenset[str] | None], Iterable[str]] | None = None,
        index_seconds: float = 30.0,
        hidden: float = HIDDEN_SECONDS,
        release: Callable[[], None] = lambda: None,
        tells: bool = True,
    ) -> None:
        """Receive nothing yet."""
        self._release = release
        self._tells = tells
        self._queue = queue
        self._intake = intake
        self._settle = settle
        self._most = threads + MOST_AT_ONCE
        self._lock = threading.Lock()
        self._outcomes: Counter[Outcome] = Counter()
        self._cause: ConfigError | None = None
        self._keys = KeyWork(self._settle_key, threads)
        self._holding = Holding(queue, self._halt, hidden)
        self._index = IndexKeeper(renew, index_seconds, self._halt) if renew else None

    def run(self, stop: threading.Event, *, once: bool = False) -> Done:
        """Work until ``stop``, or with ``once`` until the queue is empty.

        Keys that are begun are finished; the messages of all others are given back at once.

        Raises:
            ConfigError: The operator must change something first.
        """
        try:
            self._receive_all(stop, once=once)
        finally:
            if not once or self._ending(stop):
                self._keys.stop()
            self._keys.close()
            self._holding.close()
            if self._index is not None:
                self._index.close()
            self._release()
        if self._cause is not None:
            raise self._cause
        return Done(self._holding.deleted, self._holding.returned, self._outcomes)

    def _halt(self, cause: ConfigError) -> None:
        """Stop, and raise this at the end."""
        self._cause = self._cause or cause

    def _ending(self, stop: threading.Event) -> bool:
        return stop.is_set() or self._cause is not None

    def _receive_all(self, stop: threading.Event, *, once: bool) -> None:
        failures = 0
        while not self._ending(stop):
            if not self._holding.wait_for_room(self._most, 1.0):
                continue
            idle = len(self._holding) == 0
            try:
                messages = self._queue.receive(
                    MOST_AT_ONCE,
                    wait=WAIT_SECONDS if idle and not once else DRAIN_SECONDS,
                    hidden=self._holding.hidden,
                )
            except TransientError as exc:
                failures += 1
                log.warning("queue not read", extra={"fields": {"reason": exc.message}})
                stop.wait(pause_after(failures))
                continue
            failures = 0
            for message in messages:
                if self._ending(stop):
                    self._holding.give_back(message, 0.0)
                else:
                    self._begin(message)
            if once and idle and not messages:  # nothing in hand that could have come back
                return

    def _begin(self, message: Message) -> None:
        try:
            asked = self._intake.read(message.body)
        except EventParseError as exc:
            _complain(message, [exc.message])
            self._holding.give_back(message, pause_after(message.receptions))
            return
        job = _Job(message, len(asked.keys), self._back_for_damage(message, asked))
        self._holding.take(message)
        if not asked.keys:
            self._finish(job)
            return
        self._tell_index(idle=False)
        for key, sequencer in asked.keys.items():
            future = self._keys.ask(key, sequencer)
            future.add_done_callback(partial(self._key_done, job, key))

    def _back_for_damage(self, message: Message, asked: Asked) -> float | None:
        if not asked.damaged:
            return None
        _complain(message, [f"{part.what}: {part.why}" for part in asked.damaged])
        return pause_after(message.receptions)

    def _settle_key(self, key: str, sequencer: str | None) -> None:
        """One turn of a key; how it ended is counted and logged once, whoever asked for it."""
        began = time.monotonic()
        fields: dict[str, object] = {"key": key}
        try:
            outcome = self._settle(key, sequencer)
        except InputError as exc:  # not even a record could be put, and it never will
            outcome = Outcome.FAILED
            fields |= {"error": exc.code, "reason": exc.message}
        fields["seconds"] = round(time.monotonic() - began, 3)
        if self._tells:
            log.info(outcome.value, extra={"fields": fields})
        with self._lock:
            self._outcomes[outcome] += 1
        if self._index is not None and outcome is not Outcome.UNCHANGED:
            self._index.mark(key)

    def _key_done(self, job: _Job, key: str, future: Future[None]) -> None:
        """Told by the thread that settled the key."""
        error = future.exception()
        back = None if error is None else self._back_after(job.message, key, error)
        with self._lock:
            if back is not None:
                job.back = max(back, job.back or 0.0)
            job.left -= 1
            last = job.left == 0
        if last:
            self._finish(job)
            self._tell_index(idle=len(self._holding) == 0)

    def _back_after(self, message: Message, key: str, error: BaseException) -> float:
        """Seconds after which a message is to come back for the sake of one key."""
        if isinstance(error, StoppedError):
            return 0.0
        if isinstance(error, ConfigError):
            self._halt(error)
            return 0.0
        fields = {"key": key, "message_id": message.id, "receptions": message.receptions}
        if isinstance(error, BucketlensError):
            log.warning("comes back", extra={"fields": fields | {"reason": error.message}})
        else:
            log.error("bug", exc_info=error, extra={"fields": fields})
        return pause_after(message.receptions)

    def _finish(self, job: _Job) -> None:
        if job.back is None:
            self._holding.delete(job.message)
        else:
            self._holding.give_back(job.message, job.back)

    def _tell_index(self, *, idle: bool) -> None:
        if self._index is not None:
            self._index.rest(idle=idle)


def _complain(message: Message, reasons: list[str]) -> None:
    fields = {"message_id": message.id, "receptions": message.receptions, "reasons": reasons}
    log.error("not understood", extra={"fields": fields})
