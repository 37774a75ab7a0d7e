"""The keys of one call settled side by side, logged and measured."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bucketlens.aws.invocation import work_until
from bucketlens.aws.telemetry import printable
from bucketlens.errors import BucketlensError, InputError, TransientError
from bucketlens.events import newest
from bucketlens.pipeline.plans import Outcome
from bucketlens.stores import StrainSince

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from bucketlens.aws.invocation import Deadline
    from bucketlens.aws.stages import StageTimes, TimedSettler
    from bucketlens.aws.suspects import Suspects
    from bucketlens.aws.telemetry import Telemetry
    from bucketlens.records import FailureFacts

METRICS = {
    Outcome.LABELLED: "ImagesLabelled",
    Outcome.RELABELLED: "ImagesRelabelled",
    Outcome.REDRAWN: "ImagesRedrawn",
    Outcome.UNCHANGED: "ImagesSkipped",
    Outcome.REMOVED: "ImagesRemoved",
    Outcome.FAILED: "ImagesFailed",
}
STAGES = {
    "inspect": "InspectTime",
    "read": "ReadTime",
    "label": "LabelTime",
    "score": "ScoreTime",
    "commit": "CommitTime",
    "settle": "SettleTime",
}

Asked = tuple[str, str | None]
"""A key below the source, and the sequencer of the event that speaks of it."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one key.

    Attributes:
        outcome: How it ended; None where it did not.
        failure: What its record says, for a key that failed.
        error: Why the key must come again.
        milliseconds: What it took.
    """

    outcome: Outcome | None = None
    failure: FailureFacts | None = None
    error: Exception | None = None
    milliseconds: float = 0.0


LEFT = Settled(error=TransientError("there was no time left to finish it; it is done again"))


class KeySettler:
    """Settles the keys that a call asks for.

    Args:
        settler: Settles one key.
        suspects: Settles one key of a message that keeps coming back.
        times: Where the settler's stages are taken.
        telemetry: Logs and metrics.
        max_bytes: Size of an image at most.
        threads: Keys that are settled at once.
    """

    def __init__(
        self,
        settler: TimedSettler,
        suspects: Suspects,
        times: StageTimes,
        telemetry: Telemetry,
        *,
        max_bytes: int,
        threads: int,
    ) -> None:
        """Hold the parts; they serve all calls of a container."""
        self._settler = settler
        self._suspects = suspects
        self._times = times
        self._telemetry = telemetry
        self._max_bytes = max_bytes
        self._threads = threads
        self._strain = StrainSince()

    def settle(
        self,
        asked: Iterable[Asked],
        deadline: Deadline,
        *,
        suspects: Collection[str] = (),
        damaged: int = 0,
    ) -> dict[str, Settled]:
        """Settle each key once, however many events speak of it; tell what came of it.

        Args:
            asked: Keys with the sequencers of their events.
            deadline: What is not done by then goes back.
            suspects: Those that are settled last and alone, since they may end the process.
            damaged: Messages that could not be understood; only counted.
        """
        sequencers = newest(asked)
        trusted = [key for key in sequencers if key not in suspects]
        doubted = [key for key in sequencers if key in suspects]

        def work(settle: Callable[..., Outcome]) -> Callable[[str], Settled]:
            return lambda key: self._settle_key(settle, key, sequencers[key])

        done = work_until(deadline, trusted, work(self._settler.settle), threads=self._threads)
        done |= work_until(deadline, doubted, work(self._suspects.settle), threads=1)
        settled = {key: done.get(key, LEFT) for key in sequencers}
        self._tell(settled, damaged)
        return settled

    def _settle_key(
        self, settle: Callable[..., Outcome], key: str, sequencer: str | None
    ) -> Settled:
        """Settle one key; whatever goes wrong with it stays with it.

        What fails for good has its record and is done. An error that could leave no record, such
        as a permission that is missing, comes again, so that it ends among the dead letters and
        not nowhere. Nothing is logged here: a key that is left behind ends in another call.
        """
        began = time.perf_counter()
        try:
            with self._times.taking("settle"):
                outcome = settle(key, self._max_bytes, sequencer=sequencer)
        except Exception as exc:  # noqa: BLE001 - one key never stops the rest
            self._settler.failures.pop(key, None)
            return Settled(error=exc, milliseconds=1000 * (time.perf_counter() - began))
        failure = self._settler.failures.pop(key, None)
        return Settled(
            outcome,
            failure if outcome is Outcome.FAILED else None,
            milliseconds=1000 * (time.perf_counter() - began),
        )

    def _tell(self, settled: dict[str, Settled], damaged: int) -> None:
        """Log each key, and write the metrics of the call."""
        counts = dict.fromkeys(METRICS.values(), 0)
        errors: Counter[str] = Counter()
        for key, result in settled.items():
            self._log(key, result)
            if result.outcome is not None:
                counts[METRICS[result.outcome]] += 1
            if result.failure is not None:
                errors[result.failure.error] += 1
            if result.error is not None:
                errors[_class_of(result.error)] += 1
        counts["KeysReturned"] = sum(result.error is not None for result in settled.values())
        counts["MessagesDamaged"] = damaged
        strain = self._strain.take()
        counts["StoreRetries"] = strain.retries
        counts["StoreThrottles"] = strain.throttled
        times = {STAGES[name]: values for name, values in self._times.take_all().items()}
        self._telemetry.write_metrics(counts, errors=errors, milliseconds=times)

    def _log(self, key: str, settled: Settled) -> None:
        facts: dict[str, Any] = {
            "key": printable(key),
            "milliseconds": round(settled.milliseconds, 1),
        }
        if settled.error is not None:
            self._log_error(settled.error, facts)
            return
        if settled.outcome is not None:
            facts["outcome"] = settled.outcome.value
        if (why := settled.failure) is not None:
            facts |= {"error": why.error, "reason": why.reason, "setting": why.setting}
        self._telemetry.log.info("settled", extra=facts)

    def _log_error(self, exc: Exception, facts: dict[str, Any]) -> None:
        """Log why a key comes again: with the traceback where it is our fault."""
        facts |= {"error": _class_of(exc), "reason": printable(str(exc))}
        facts["setting"] = getattr(exc, "setting", None)
        if isinstance(exc, TransientError | InputError):
            self._telemetry.log.warning("not settled", extra=facts)
        else:
            self._telemetry.log.error("not settled", exc_info=exc, extra=facts)


def _class_of(error: Exception) -> str:
    return error.code if isinstance(error, BucketlensError) else "bug"
