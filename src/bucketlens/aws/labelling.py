"""The function that labels: whatever calls it, keys are settled, and each sender gets its answer.

- A batch of SQS is answered with the messages that go back; what fails for good does so in its
  record, and the message is done.
- A direct event has no such answer: where something must be done again, the call fails, and
  Lambda repeats the event or sends it to its destination for failures.
- S3 Batch Operations gets a result for each task.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bucketlens.assembly import SitePages, open_pass
from bucketlens.aws.configuration import read_configuration
from bucketlens.aws.invocation import Deadline, work_until
from bucketlens.aws.keys import SourceKeys
from bucketlens.aws.requests import Request, merge
from bucketlens.aws.stages import StageTimes, TimedLabeler, TimedSettler
from bucketlens.aws.telemetry import Telemetry, printable
from bucketlens.errors import BucketlensError, InputError, TransientError
from bucketlens.events import (
    EventParseError,
    TaskOutcome,
    batch_response,
    is_batch_invocation,
    is_sqs_batch,
    outcome_of,
    parse,
    parse_batch_invocation,
    parse_sqs_batch,
)
from bucketlens.pipeline.recording import Recorder
from bucketlens.pipeline.settling import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bucketlens.aws.invocation import Context
    from bucketlens.pipeline.passing import Pass
    from bucketlens.records import FailureFacts

MEGABYTES_A_PROCESSOR = 1769
"""Lambda gives one processor for so much memory."""

WAITING_THREADS = 3
"""Beyond those that compute: they wait for the store meanwhile. An image takes nine requests."""

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


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one key.

    Attributes:
        outcome: How it ended; None where it did not.
        failure: What its record says, for a key that failed.
        error: Why the key must come again.
    """

    outcome: Outcome | None = None
    failure: FailureFacts | None = None
    error: Exception | None = None


LEFT = Settled(error=TransientError("there was no time left to finish it; it is done again"))


class LabelFunction:
    """What Lambda calls for events.

    Args:
        keys: Which keys of events are looked at.
        settler: Settles them.
        times: Where the settler's stages are taken.
        telemetry: Logs and metrics.
        max_bytes: Size of an image at most.
        threads: Keys that are settled at once.
        release: Called after each call: a container ends without a word, and what is held for
            keys to come would be lost with it.
    """

    def __init__(
        self,
        keys: SourceKeys,
        settler: TimedSettler,
        times: StageTimes,
        telemetry: Telemetry,
        *,
        max_bytes: int,
        threads: int,
        release: Callable[[], None] = lambda: None,
    ) -> None:
        """Hold the parts; they serve all calls of a container."""
        self._keys = keys
        self._settler = settler
        self._times = times
        self._telemetry = telemetry
        self._max_bytes = max_bytes
        self._threads = threads
        self._release = release

    def __call__(self, event: Mapping[str, Any], context: Context) -> dict[str, Any]:
        """Settle what an event speaks of.

        Raises:
            EventParseError: A direct event, or a part of it, can't be understood.
            TransientError: Something that a direct event speaks of must be done again.
        """
        self._telemetry.begin(context)
        deadline = Deadline(context)
        try:
            if is_batch_invocation(event):
                return self._answer_job(event, deadline)
            if is_sqs_batch(event):
                return self._answer_queue(event, deadline)
            return self._answer_event(event, deadline)
        finally:
            self._release()

    def _answer_queue(self, event: Mapping[str, Any], deadline: Deadline) -> dict[str, Any]:
        failed: dict[str, Exception] = {}
        asked: list[tuple[str, Request]] = []
        for message_id, outcome in parse_sqs_batch(event):
            if isinstance(outcome, EventParseError):
                failed[message_id] = outcome
                continue
            for part in outcome.damaged:
                failed[message_id] = EventParseError(f"{part.what}: {part.why}")
            asked += [(message_id, request) for request in self._requests(outcome.events)]
        settled = self._settle([request for _, request in asked], deadline, returned=len(failed))
        for message_id, request in asked:
            if (error := settled[request.key].error) is not None:
                failed[message_id] = error
        for message_id, error in failed.items():
            self._telemetry.log.warning(
                "a message goes back to its queue",
                extra={"message_id": message_id, "reason": printable(str(error))},
            )
        return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}

    def _answer_event(self, event: Mapping[str, Any], deadline: Deadline) -> dict[str, Any]:
        parsed = parse(event)
        settled = self._settle(self._requests(parsed.events), deadline)
        errors = {key: done.error for key, done in settled.items() if done.error is not None}
        if errors:
            key, first = next(iter(errors.items()))
            raise TransientError(
                f"{len(errors)} of {len(settled)} keys must be done again; {key!r}: {first}"
            ) from first
        for part in parsed.damaged:
            raise EventParseError(f"{part.what}: {part.why}")
        counts = Counter(done.outcome.value for done in settled.values() if done.outcome)
        return {"settled": dict(counts)}

    def _answer_job(self, event: Mapping[str, Any], deadline: Deadline) -> dict[str, Any]:
        invocation = parse_batch_invocation(event)
        asked: dict[str, Request] = {}
        outcomes: dict[str, TaskOutcome] = {}
        for task in invocation.tasks:
            if isinstance(task.subject, EventParseError):
                continue
            requests = self._requests([task.subject])
            if requests:
                asked[task.task_id] = requests[0]
            else:
                outcomes[task.task_id] = TaskOutcome("Succeeded", "passed over")
        settled = self._settle(list(asked.values()), deadline)
        for task_id, request in asked.items():
            outcomes[task_id] = _task_outcome(settled[request.key])
        return batch_response(invocation, outcomes)

    def _requests(self, events: Sequence[Any]) -> list[Request]:
        """The events that are about images of the source."""
        requests = []
        for event in events:
            key = self._keys.key_of(event)
            if key is not None:
                requests.append(Request(key, event.sequencer))
                continue
            self._telemetry.log.info(
                "passed over", extra={"bucket": printable(event.store), "key": printable(event.key)}
            )
        return requests

    def _settle(
        self, requests: Sequence[Request], deadline: Deadline, *, returned: int = 0
    ) -> dict[str, Settled]:
        """Settle each key once, however many events speak of it; tell what came of it."""
        sequencers = merge(requests)
        done = work_until(
            deadline,
            list(sequencers),
            lambda key: self._settle_key(key, sequencers[key]),
            threads=self._threads,
        )
        settled = {key: done.get(key, LEFT) for key in sequencers}
        counts = dict.fromkeys(METRICS.values(), 0)
        errors: Counter[str] = Counter()
        for result in settled.values():
            if result.outcome is not None:
                counts[METRICS[result.outcome]] += 1
            if result.failure is not None:
                errors[result.failure.error] += 1
            if result.error is not None:
                errors[_class_of(result.error)] += 1
        counts["KeysReturned"] = sum(result.error is not None for result in settled.values())
        counts["MessagesDamaged"] = returned
        times = {STAGES[name]: values for name, values in self._times.take_all().items()}
        self._telemetry.write_metrics(counts, errors=errors, milliseconds=times)
        return settled

    def _settle_key(self, key: str, sequencer: str | None) -> Settled:
        """Settle one key and log it; whatever goes wrong with it stays with it.

        What fails for good has its record and is done. An error that could leave no record, such
        as a permission that is missing, comes again, so that it ends among the dead letters and
        not nowhere.
        """
        began = time.perf_counter()
        try:
            with self._times.taking("settle"):
                outcome = self._settler.settle(key, self._max_bytes, sequencer=sequencer)
            failure = self._settler.failures.pop(key, None)
        except Exception as exc:  # noqa: BLE001 - one key never stops the rest
            self._log_error(key, exc)
            return Settled(error=exc)
        facts: dict[str, Any] = {"key": printable(key), "outcome": outcome.value}
        if failure is not None:
            facts |= {"error": failure.error, "reason": failure.reason, "setting": failure.setting}
        facts["milliseconds"] = round(1000 * (time.perf_counter() - began), 1)
        self._telemetry.log.info("settled", extra=facts)
        return Settled(outcome, failure if outcome is Outcome.FAILED else None)

    def _log_error(self, key: str, exc: Exception) -> None:
        """Log why a key comes again: with the traceback where it is our fault."""
        expected = isinstance(exc, TransientError | InputError)
        tell = self._telemetry.log.warning if expected else self._telemetry.log.error
        tell(
            "not settled",
            exc_info=None if expected else exc,
            extra={
                "key": printable(key),
                "error": _class_of(exc),
                "reason": printable(str(exc)),
                "setting": getattr(exc, "setting", None),
            },
        )


def build_label_function(environ: Mapping[str, str], *, began: float) -> LabelFunction:
    """The function as the environment configures it, with stores and models open.

    Args:
        environ: Environment variables.
        began: When its start began, as ``time.perf_counter`` tells it.

    Raises:
        ConfigError: The operator must change something first.
    """
    source, out, settings = read_configuration(environ)
    work = open_pass(source, out, settings)
    times = StageTimes()
    at_once = settings.workers or _processors(environ)
    labeler = TimedLabeler(settings, work.labeler.scorer, work.labeler.view, times, at_once=at_once)
    settler = TimedSettler(work.source, _recorder(work), labeler, times)
    telemetry = Telemetry(
        "label",
        models=[model.name for model in labeler.scorer.facts],
        init_seconds=time.perf_counter() - began,
    )
    return LabelFunction(
        SourceKeys.of(work.source.location, work.wanted),
        settler,
        times,
        telemetry,
        max_bytes=settings.max_bytes,
        threads=at_once + WAITING_THREADS,
        release=labeler.close,
    )


def _recorder(work: Pass) -> Recorder:
    """Recorder of the records and pages that a pass has."""
    return Recorder(work.records, work.pages if isinstance(work.pages, SitePages) else None)


def _processors(environ: Mapping[str, str]) -> int:
    memory = environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    if not memory.isdigit():
        return os.cpu_count() or 1
    return max(1, int(memory) // MEGABYTES_A_PROCESSOR)


def _class_of(error: Exception) -> str:
    return error.code if isinstance(error, BucketlensError) else "bug"


def _task_outcome(settled: Settled) -> TaskOutcome:
    if settled.failure is not None:
        return TaskOutcome("PermanentFailure", settled.failure.reason)
    if settled.error is not None:
        return outcome_of(settled.error)
    return TaskOutcome("Succeeded", settled.outcome.value if settled.outcome else "")
