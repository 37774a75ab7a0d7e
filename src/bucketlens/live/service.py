"""The live side of a server: what arrives is labelled, beside whoever asks over HTTP.

    watching --> keys (several threads) --> desk (one thread a core) --> records, pages
    requests -------------------------------^
    reconciling ----------------------------^

What changes is settled key by key, as everywhere. Nothing that is only in memory matters: a change
that a crash makes us forget is found by the pass that each start begins with.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bucketlens.errors import ConfigError
from bucketlens.live.status import LiveStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future

    from bucketlens.assembly import Collecting
    from bucketlens.events import Intake
    from bucketlens.live.arrivals import Arrivals
    from bucketlens.live.crew import Crew
    from bucketlens.live.desk import Desk
    from bucketlens.live.keys import LiveKeys
    from bucketlens.live.reconciling import Reconciler
    from bucketlens.live.requests import Requests
    from bucketlens.live.troubles import Troubles
    from bucketlens.live.watching import Watcher
    from bucketlens.pipeline.plans import Outcome
    from bucketlens.records import LabelRecord
    from bucketlens.worker.index import IndexKeeper

STOP_SECONDS = 9.0
"""For a graceful end: most supervisors wait ten seconds before they kill."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the live side is made of.

    Attributes:
        opened: The source and what is kept about it.
        intake: From notifications to keys; None where the source is a folder.
        arrivals: Files that are not whole yet; None where the source is a bucket.
        index: Keeps the index up to date; None where there is none.
        crew: Processes that label; None where threads of this one do.
    """

    opened: Collecting
    desk: Desk
    crew: Crew | None
    keys: LiveKeys
    requests: Requests
    watcher: Watcher
    reconciler: Reconciler
    troubles: Troubles
    intake: Intake | None
    arrivals: Arrivals | None
    index: IndexKeeper | None


class Live:
    """What a server does beside answering; every method may be called by many threads.

    Args:
        parts: What it is made of; :func:`bucketlens.live.open_live` puts them together.
    """

    def __init__(self, parts: Parts) -> None:
        """Watch nothing yet; images can be asked about already."""
        self.opened = parts.opened
        self._parts = parts
        self._stop = threading.Event()
        self._begun = threading.Event()
        self._watching = threading.Thread(
            target=parts.watcher.run, args=(self._begin, self._stop), name="watch", daemon=True
        )

    def start(self) -> None:
        """Watch, and reconcile in the background."""
        self._watching.start()

    def ask(self, data: bytes, *, properties: bool = True) -> Future[LabelRecord]:
        """Have an image labelled that is in no store; see :meth:`Requests.ask`."""
        return self._parts.requests.ask(data, properties=properties)

    def label_bytes(self, data: bytes, *, properties: bool = True) -> LabelRecord:
        """Label an image that is in no store, and wait for it.

        Raises:
            InputError: UnsupportedError, TooLargeError or DamagedError: it can't be labelled.
            TransientError: Too many wait already, or it is about to end.
        """
        return self.ask(data, properties=properties).result()

    def submit(self, key: str, sequencer: str | None = None) -> Future[Outcome]:
        """Have a key of the source settled soon; what becomes of it.

        Raises:
            TransientError: Too many wait already, or it is about to end.
        """
        return self._parts.keys.submit(key, sequencer)

    def busy(self, key: str) -> bool:
        """Whether a key waits to be settled, or is being settled."""
        return self._parts.keys.busy(key)

    def changed(self, keys: Iterable[str]) -> None:
        """Take note of records that somebody else has changed, for the index to show."""
        if self._parts.index is not None:
            for key in keys:
                self._parts.index.mark(key)

    def accept(self, payload: bytes) -> int:
        """Take in a notification of the source's bucket; how many keys it asks for.

        Raises:
            EventParseError: Nothing in it can be understood.
            TransientError: Too many keys wait already, or it is about to end: send it again.
            ConfigError: The source is a folder, of which no notification speaks.
        """
        if self._parts.intake is None:
            raise ConfigError(
                f"{self.opened.images.location} is a folder: notifications are for buckets"
            )
        asked = self._parts.intake.read(payload)
        for key, sequencer in asked.keys.items():
            self._parts.keys.submit(key, sequencer)
        return len(asked.keys)

    def status(self) -> LiveStatus:
        """What it is doing now."""
        parts = self._parts
        return LiveStatus(
            watching=parts.watcher.how if self._begun.is_set() else "nothing",
            waiting=parts.keys.waiting,
            in_hand=parts.keys.in_hand,
            retrying=parts.keys.retrying,
            unsettled_files=0 if parts.arrivals is None else len(parts.arrivals),
            requests_waiting=len(parts.requests),
            outcomes=dict(parts.keys.outcomes),
            reconciling=parts.reconciler.running,
            reconciled=parts.reconciler.ended,
            index_lag=0.0 if parts.index is None else round(parts.index.lag, 3),
            trouble=parts.troubles.text(),
            stopping=self._stop.is_set(),
        )

    def stop(self, seconds: float = STOP_SECONDS) -> bool:
        """Refuse what is new, finish what was begun, show it in the index, and end.

        Returns:
            False when something had to be left; the next start finds it.
        """
        end = time.monotonic() + seconds
        parts = self._parts
        self._stop.set()
        parts.reconciler.stop()
        parts.keys.stop()
        ended = [
            _within(end, parts.keys.close),
            parts.reconciler.join(_left(end)),
            self._watching.ident is None or _within(end, self._watching.join),
            parts.desk.close(_left(end)),
            parts.index is None or _within(end, parts.index.close),
        ]
        ended.append(parts.crew is None or not ended[3] or _within(end, parts.crew.close))
        self.opened.labeler.close()
        return all(ended)

    def _begin(self) -> None:
        """Reconcile when nothing new can be missed any more."""
        if not self._begun.is_set():
            self._begun.set()
            if not self._stop.is_set():
                self._parts.reconciler.start()


def _left(end: float) -> float:
    return max(0.0, end - time.monotonic())


def _within(end: float, finish: Callable[[], None]) -> bool:
    """Call something that waits, and go on without it when the time is up."""
    thread = threading.Thread(target=finish, daemon=True)
    thread.start()
    thread.join(_left(end))
    return not thread.is_alive()
