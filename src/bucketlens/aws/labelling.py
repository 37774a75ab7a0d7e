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
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from bucketlens.assembly import open_collecting
from bucketlens.aws.configuration import read_configuration
from bucketlens.aws.invocation import Deadline
from bucketlens.aws.settling import Asked, KeySettler, Settled
from bucketlens.aws.stages import StageTimes, TimedLabeler, TimedSettler
from bucketlens.aws.suspects import Suspects, suspect_messages
from bucketlens.aws.telemetry import Telemetry, printable
from bucketlens.aws.tracing import Tracer
from bucketlens.errors import BucketlensError, TransientError
from bucketlens.events import (
    EventParseError,
    Intake,
    SourcePlace,
    TaskOutcome,
    batch_response,
    is_batch_invocation,
    is_sqs_batch,
    outcome_of,
    parse,
    parse_batch_invocation,
    parse_sqs_batch,
)
from bucketlens.pipeline.asking import RekognitionScorer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bucketlens.aws.invocation import Context
    from bucketlens.pipeline.scoring import FileScorer, Scorer
    from bucketlens.types import ObjectEvent

MEGABYTES_A_PROCESSOR = 1769
"""Lambda gives one processor for so much memory."""

WAITING_THREADS = 3
"""Beyond those that compute: they wait for the store meanwhile. An image takes nine requests."""


class LabelFunction:
    """What Lambda calls for events.

    Args:
        intake: Says which keys of events are looked at.
        keys: Settles them.
        telemetry: Logs.
        begin: Called before each call.
        release: Called after each call: a container ends without a word, and what is held for
            keys to come would be lost with it.
    """

    def __init__(
        self,
        intake: Intake,
        keys: KeySettler,
        telemetry: Telemetry,
        *,
        begin: Callable[[], None] = lambda: None,
        release: Callable[[], None] = lambda: None,
    ) -> None:
        """Hold the parts; they serve all calls of a container."""
        self._intake = intake
        self._keys = keys
        self._telemetry = telemetry
        self._begin = begin
        self._release = release

    def __call__(self, event: Mapping[str, Any], context: Context) -> dict[str, Any]:
        """Settle what an event speaks of.

        Raises:
            EventParseError: A direct event, or a part of it, can't be understood.
            TransientError: Something that a direct event speaks of must be done again.
        """
        self._telemetry.begin(context)
        self._begin()
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
        asked: list[tuple[str, Asked]] = []
        for message_id, outcome in parse_sqs_batch(event):
            if isinstance(outcome, EventParseError):
                failed[message_id] = outcome
                continue
            for part in outcome.damaged:
                failed[message_id] = EventParseError(f"{part.what}: {part.why}")
            asked += [(message_id, one) for one in self._asked(outcome.events)]
        doubted = suspect_messages(event)
        settled = self._keys.settle(
            [one for _, one in asked],
            deadline,
            suspects={key for message_id, (key, _) in asked if message_id in doubted},
            damaged=len(failed),
        )
        for message_id, (key, _) in asked:
            if (error := settled[key].error) is not None:
                failed[message_id] = error
        for message_id, error in failed.items():
            self._telemetry.log.warning(
                "a message goes back to its queue",
                extra={"message_id": message_id, "reason": printable(str(error))},
            )
        return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}

    def _answer_event(self, event: Mapping[str, Any], deadline: Deadline) -> dict[str, Any]:
        parsed = parse(event)
        settled = self._keys.settle(self._asked(parsed.events), deadline)
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
        asked: dict[str, Asked] = {}
        outcomes: dict[str, TaskOutcome] = {}
        for task in invocation.tasks:
            if isinstance(task.subject, EventParseError):
                continue
            found = self._asked([task.subject])
            if found:
                asked[task.task_id] = found[0]
            else:
                outcomes[task.task_id] = TaskOutcome("Succeeded", "passed over")
        settled = self._keys.settle(asked.values(), deadline)
        for task_id, (key, _) in asked.items():
            outcomes[task_id] = _task_outcome(settled[key])
        return batch_response(invocation, outcomes)

    def _asked(self, events: Sequence[ObjectEvent]) -> list[Asked]:
        """The keys of the events that are about images of the source."""
        asked = []
        for event in events:
            key = self._intake.key_of(event)
            if key is not None:
                asked.append((key, event.sequencer))
                continue
            self._telemetry.log.info(
                "passed over", extra={"bucket": printable(event.store), "key": printable(event.key)}
            )
        return asked


def build_label_function(environ: Mapping[str, str], *, began: float) -> LabelFunction:
    """The function as the environment configures it, with stores and models open.

    Args:
        environ: Environment variables.
        began: When its start began, as ``time.perf_counter`` tells it.

    Raises:
        ConfigError: The operator must change something first.
    """
    configuration = read_configuration(environ)
    settings = configuration.settings
    opened = open_collecting(configuration.source, configuration.out, settings, check=False)
    tracer = Tracer(environ)
    times = StageTimes(tracer.stage)
    at_once = settings.workers or _processors(environ)
    scorer, view = opened.labeler.scorer, opened.labeler.view
    labeler = TimedLabeler(settings, scorer, view, times, at_once=at_once)
    settler = TimedSettler(opened.images, opened.collection.recorder, labeler, times)
    telemetry = Telemetry(
        "label",
        models=[model.name for model in scorer.facts],
        init_seconds=time.perf_counter() - began,
    )
    keys = KeySettler(
        settler,
        Suspects(settler, labeler, opened.collection.private),
        times,
        telemetry,
        max_bytes=settings.max_bytes,
        threads=at_once + WAITING_THREADS,
    )
    intake = Intake(SourcePlace.of(opened.images.location), opened.wanted)
    release = _release(labeler, scorer, telemetry)
    return LabelFunction(intake, keys, telemetry, begin=tracer.begin, release=release)


def _release(
    labeler: TimedLabeler, scorer: Scorer | FileScorer, telemetry: Telemetry
) -> Callable[[], None]:
    """What ends each call; with a service it also measures what of the month's limit is spent."""
    if not isinstance(scorer, RekognitionScorer):
        return labeler.close

    def release() -> None:
        labeler.close()
        with suppress(BucketlensError):
            telemetry.write_metrics({}, percent={"SpendPercent": scorer.estimate(0).percent})

    return release


def _processors(environ: Mapping[str, str]) -> int:
    memory = environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    if not memory.isdigit():
        return os.cpu_count() or 1
    return max(1, int(memory) // MEGABYTES_A_PROCESSOR)


def _task_outcome(settled: Settled) -> TaskOutcome:
    if settled.failure is not None:
        return TaskOutcome("PermanentFailure", settled.failure.reason)
    if settled.error is not None:
        return outcome_of(settled.error)
    return TaskOutcome("Succeeded", settled.outcome.value if settled.outcome else "")
