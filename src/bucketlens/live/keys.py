"""Keys that somebody asked for: settled soon, again if need be, and told of once."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from bucketlens.errors import BucketlensError, ConfigError, InputError, TransientError
from bucketlens.live.guarding import HeldBackError
from bucketlens.live.retrying import Retries
from bucketlens.pipeline.plans import Outcome
from bucketlens.worker.holding import pause_after
from bucketlens.worker.keys import KeyWork, StoppedError
from bucketlens.worker.opening import tell_why

if TYPE_CHECKING:
    from concurrent.futures import Future

    from bucketlens.live.measures import Measures
    from bucketlens.live.settling import LiveSettler
    from bucketlens.live.timing import StageTimes

log = logging.getLogger(__name__)

MOST_WAITING = 50_000
"""Keys that wait for their turn, at most; where more change at once, reconciling sees to them."""

MILLISECOND = 1e-3


class Aftermath(Protocol):
    """What follows from keys that were settled, or could not be."""

    def changed(self, key: str) -> None:
        """Something changed that the index may show."""

    def idle(self, *, idle: bool) -> None:
        """There is nothing to do, or there is something."""

    def lost(self) -> None:
        """Reconciling has to see to what was asked for."""

    def trouble(self, exc: ConfigError | None) -> None:
        """An operator must change something, or with None need not any more."""


class LiveKeys:
    """Settles keys, several at once, each by one thread at a time.

    Args:
        settler: Settles each.
        times: Where the settler tells how long each stage took.
        max_bytes: Of an image.
        threads: Keys that are settled at once.
        measures: Told what became of each.
        after: Told what follows.
    """

    def __init__(
        self,
        settler: LiveSettler,
        times: StageTimes,
        *,
        max_bytes: int,
        threads: int,
        measures: Measures,
        after: Aftermath,
    ) -> None:
        """Start with nothing to do."""
        self.outcomes: Counter[str] = Counter()
        self._settler = settler
        self._times = times
        self._max_bytes = max_bytes
        self._measures = measures
        self._after = after
        self._lock = threading.Lock()
        self._turns = 0
        self._arrived: dict[str, float] = {}
        self._troubled = False
        self._stopping = False
        self._work = KeyWork(self._turn, threads)
        self._retries = Retries(self.hear, pause_after)

    @property
    def waiting(self) -> int:
        """How many keys wait for their turn."""
        return self._work.waiting

    @property
    def in_hand(self) -> int:
        """How many keys are being settled."""
        return self._work.running

    @property
    def retrying(self) -> int:
        """How many keys wait for another try."""
        return len(self._retries)

    def busy(self, key: str) -> bool:
        """Whether a key waits for its turn or for another try, or is being settled."""
        return self._work.busy(key) or key in self._retries

    def submit(self, key: str, sequencer: str | None = None) -> Future[Outcome]:
        """Have a key settled; what becomes of it.

        Raises:
            TransientError: Too many wait already, or it is about to end.
        """
        if self._stopping:
            raise TransientError(f"{key}: no more keys are taken, it is about to end")
        if self.waiting >= MOST_WAITING:
            self._after.lost()
            raise TransientError(f"{key}: {MOST_WAITING:,} keys wait already")
        self._arrived.setdefault(key, time.monotonic())
        self._after.idle(idle=False)
        return self._work.ask(key, sequencer)

    def hear(self, key: str) -> None:
        """Have a key settled, if there is room; else reconciling will."""
        with suppress(TransientError):
            self.submit(key)

    def settle(self, key: str, sequencer: str | None = None) -> Outcome:
        """Settle a key now, in this thread, and tell what became of it.

        Raises:
            TransientError, ConfigError: It could not be settled.
        """
        began = time.monotonic()
        self._times.begin()
        self._times.add("waiting", began - self._arrived.pop(key, began))
        fields: dict[str, object] = {}
        try:
            outcome = self._settler.settle(key, self._max_bytes, sequencer=sequencer)
        except InputError as exc:  # not even a record could be put, and it never will
            outcome = Outcome.FAILED
            fields = {"error": exc.code, "reason": exc.message}
        except Exception as exc:
            self._tell_error(key, exc)
            raise
        self._retries.forget(key)
        self._tell(key, outcome, time.monotonic() - began, fields)
        return outcome

    def count(self, outcome: str) -> None:
        """Count a key that somebody else settled."""
        with self._lock:
            self.outcomes[outcome] += 1
        self._measures.settled(outcome)

    def stop(self) -> None:
        """Take no more keys, and begin none that wait."""
        self._stopping = True
        self._work.stop()
        self._retries.close()

    def close(self) -> None:
        """Wait for the keys that were begun."""
        self._work.close()

    def _turn(self, key: str, sequencer: str | None) -> Outcome:
        with self._lock:
            self._turns += 1
        try:
            return self.settle(key, sequencer)
        except HeldBackError:
            raise
        except (TransientError, ConfigError) as exc:
            if not isinstance(exc, StoppedError) and not self._retries.keep(key):
                self._after.lost()
            raise
        finally:
            # Counted here: of two that end at once each would see the other one in hand still.
            with self._lock:
                self._turns -= 1
                last = not self._turns
            if last and not self.waiting:
                self._after.idle(idle=True)

    def _tell(self, key: str, outcome: Outcome, seconds: float, more: dict[str, object]) -> None:
        if self._troubled:
            self._troubled = False
            self._after.trouble(None)
        if outcome is not Outcome.UNCHANGED:
            self._after.changed(key)
        stages = self._times.seconds
        self.count(outcome.value)
        for stage, took in stages.items():
            self._measures.stage(stage, took)
        self._measures.stage("whole", stages["waiting"] + seconds)
        fields: dict[str, object] = {"key": key, "seconds": round(stages["waiting"] + seconds, 4)}
        fields |= {f"{stage}_ms": round(took / MILLISECOND, 1) for stage, took in stages.items()}
        log.info(outcome.value, extra={"fields": fields | more})
        if outcome is Outcome.FAILED and not more:
            tell_why(self._settler, key)

    def _tell_error(self, key: str, exc: Exception) -> None:
        fields: dict[str, object] = {"key": key}
        if isinstance(exc, HeldBackError):  # there are many of them, and the guard has said so
            self.count("held back")
            return
        if isinstance(exc, ConfigError):
            self._troubled = True
            self._after.trouble(exc)
        if isinstance(exc, BucketlensError):
            fields |= {"reason": exc.message, "setting": exc.setting}
            log.warning("later", extra={"fields": fields})
            self.count("retried")
        else:
            log.error("bug", exc_info=exc, extra={"fields": fields})
            self.count("bug")
