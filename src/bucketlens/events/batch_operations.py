"""S3 Batch Operations: another contract than events, with a result for each task.

A job calls the function with tasks and reads the answer, so an event function can't serve it. Pin
the job to a version of the function: an alias can move while the job runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from bucketlens.errors import ConfigError, InputError
from bucketlens.events.fields import (
    decode_json,
    decoded_key,
    object_name,
    optional_text,
    read_as,
)
from bucketlens.events.parsed import EventParseError
from bucketlens.types import ObjectEvent

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_RESULT = 1024
"""Characters of a result text; it ends up in a cell of the job's report."""

ResultCode = Literal["Succeeded", "TemporaryFailure", "PermanentFailure"]


class BatchTask(msgspec.Struct, frozen=True, kw_only=True):
    """One object that a job asks for.

    Attributes:
        task_id: What the result names it by.
        subject: The object, as an event says it; the error if the task can't be understood.
    """

    task_id: str
    subject: ObjectEvent | EventParseError


class BatchInvocation(msgspec.Struct, frozen=True, kw_only=True):
    """One call by a job: its tasks, and what the answer must repeat."""

    schema_version: str
    invocation_id: str
    job_id: str
    tasks: tuple[BatchTask, ...]


class TaskOutcome(msgspec.Struct, frozen=True):
    """How a task ended; a TemporaryFailure is tried again by the job."""

    code: ResultCode
    message: str = ""


class _Job(msgspec.Struct):
    id: str


class _Task(msgspec.Struct, rename="camel"):
    task_id: str
    s3_key: str
    s3_version_id: Any = None
    s3_bucket_arn: Any = None  # schema 1.0
    s3_bucket: Any = None  # schema 2.0


class _TaskName(msgspec.Struct, rename="camel"):
    task_id: str


class _Invocation(msgspec.Struct, rename="camel"):
    invocation_schema_version: str
    invocation_id: str
    job: _Job
    tasks: list[dict[str, Any]]


def is_batch_invocation(event: Mapping[str, Any]) -> bool:
    """Whether a Lambda event is a call by S3 Batch Operations."""
    return "invocationSchemaVersion" in event and "tasks" in event


def parse_batch_invocation(payload: bytes | str | Mapping[str, Any]) -> BatchInvocation:
    """Read a call by S3 Batch Operations, schema 1.0 or 2.0; keys are form-encoded there.

    Raises:
        EventParseError: It is none, or has no ids to answer to. A damaged key or bucket does not
            raise: the task carries the error, and the answer says PermanentFailure for it.
    """
    value = decode_json(payload) if isinstance(payload, (bytes, str)) else payload
    read = read_as(value, _Invocation, "the batch invocation")
    return BatchInvocation(
        schema_version=read.invocation_schema_version,
        invocation_id=read.invocation_id,
        job_id=read.job.id,
        tasks=tuple(_read_task(task) for task in read.tasks),
    )


def _read_task(value: Mapping[str, Any]) -> BatchTask:
    task_id = read_as(value, _TaskName, "a task of the batch invocation").task_id
    try:
        return BatchTask(task_id=task_id, subject=_read_subject(value))
    except EventParseError as exc:
        return BatchTask(task_id=task_id, subject=exc)


def _read_subject(value: Mapping[str, Any]) -> ObjectEvent:
    task = read_as(value, _Task, "the task")
    bucket = optional_text(task.s3_bucket) or optional_text(task.s3_bucket_arn) or ""
    return ObjectEvent(
        store=object_name(bucket.rpartition(":")[2], "the bucket of the task"),
        key=decoded_key(task.s3_key, "the key of the task"),
        kind="created",
        version=optional_text(task.s3_version_id),
    )


def outcome_of(error: Exception | None) -> TaskOutcome:
    """How a task ended, from the error that ended it, if any.

    What will never work is permanent; throttling, a store that is away and mistakes of our own
    are tried again.
    """
    if error is None:
        return TaskOutcome("Succeeded")
    permanent = isinstance(error, (InputError, ConfigError))
    return TaskOutcome("PermanentFailure" if permanent else "TemporaryFailure", str(error))


def batch_response(
    invocation: BatchInvocation, outcomes: Mapping[str, TaskOutcome]
) -> dict[str, Any]:
    """The answer to a call, as JSON values.

    Args:
        invocation: The call.
        outcomes: How tasks ended, by task id. Tasks that could not be read need none. A task
            that is not named here was not finished, and the job tries it again.
    """
    results = []
    for task in invocation.tasks:
        outcome = outcomes.get(task.task_id)
        if outcome is None and isinstance(task.subject, EventParseError):
            outcome = outcome_of(task.subject)
        if outcome is not None:
            text = outcome.message[:LONGEST_RESULT]
            results.append(
                {"taskId": task.task_id, "resultCode": outcome.code, "resultString": text}
            )
    return {
        "invocationSchemaVersion": invocation.schema_version,
        "treatMissingKeysAs": "TemporaryFailure",
        "invocationId": invocation.invocation_id,
        "results": results,
    }
