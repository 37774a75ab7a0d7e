"""S3 Batch Operations: a call with tasks, and an answer with a result for each."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketlens.errors import ConfigError, DamagedError, TransientError
from bucketlens.events import (
    EventParseError,
    TaskOutcome,
    batch_response,
    is_batch_invocation,
    outcome_of,
    parse_batch_invocation,
)
from bucketlens.types import ObjectEvent

HERE = Path(__file__).parent
FIRST = (HERE / "aws_batch_operations_1.json").read_bytes()
SECOND = (HERE / "aws_batch_operations_2.json").read_bytes()


def call(*tasks: dict[str, object]) -> dict[str, object]:
    """A call by a job."""
    head = {"invocationSchemaVersion": "1.0", "invocationId": "i", "job": {"id": "j"}}
    return head | {"tasks": list(tasks)}


def task(task_id: str, key: str, bucket: str = "arn:aws:s3:::photos") -> dict[str, object]:
    """A task of schema 1.0."""
    return {"taskId": task_id, "s3Key": key, "s3BucketArn": bucket, "s3VersionId": None}


@pytest.mark.parametrize(("payload", "version"), [(FIRST, "1"), (SECOND, None)])
def test_both_schemas_are_read(payload: bytes, version: str | None) -> None:
    """The bucket stands as an ARN in the older one and by name in the newer."""
    invocation = parse_batch_invocation(payload)
    assert is_batch_invocation(json.loads(payload))
    assert invocation.job_id == "f3cc4f60-61f6-4a2b-8a21-d07600c373ce"
    (only,) = invocation.tasks
    assert only.subject == ObjectEvent(
        store="photos-example", key="in/red flower+1.jpg", kind="created", version=version
    )


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.sampled_from("+ "))
def test_any_key_survives(key: str, space: str) -> None:
    """Keys are form-encoded, with a space as a plus or as ``%20``."""
    encoded = quote_plus(key) if space == "+" else quote(key)
    (only,) = parse_batch_invocation(call(task("t", encoded))).tasks
    assert isinstance(only.subject, ObjectEvent)
    assert only.subject.key == key


def test_the_answer_names_each_task_with_its_result() -> None:
    """Results repeat the ids of the call."""
    invocation = parse_batch_invocation(call(task("a", "a.jpg"), task("b", "b.jpg")))
    answer = batch_response(
        invocation,
        {"a": outcome_of(None), "b": outcome_of(DamagedError("b.jpg is cut off" + "." * 2000))},
    )
    assert answer["invocationId"] == "i"
    assert answer["invocationSchemaVersion"] == "1.0"
    first, second = answer["results"]
    assert first == {"taskId": "a", "resultCode": "Succeeded", "resultString": ""}
    assert (second["taskId"], second["resultCode"]) == ("b", "PermanentFailure")
    assert len(second["resultString"]) == 1024


def test_a_task_that_was_not_finished_is_tried_again() -> None:
    """It has no result, and missing results count as temporary failures."""
    invocation = parse_batch_invocation(call(task("a", "a.jpg"), task("b", "b.jpg")))
    answer = batch_response(invocation, {"a": TaskOutcome("Succeeded")})
    assert [result["taskId"] for result in answer["results"]] == ["a"]
    assert answer["treatMissingKeysAs"] == "TemporaryFailure"


@pytest.mark.parametrize("bad", [task("b", "%FF"), task("b", ""), task("b", "k", bucket="")])
def test_a_damaged_task_fails_alone_and_for_good(bad: dict[str, object]) -> None:
    """Its error is its result; the other task is there to be worked on."""
    invocation = parse_batch_invocation(call(task("a", "a.jpg"), bad))
    assert isinstance(invocation.tasks[0].subject, ObjectEvent)
    assert isinstance(invocation.tasks[1].subject, EventParseError)
    (result,) = batch_response(invocation, {})["results"]
    assert (result["taskId"], result["resultCode"]) == ("b", "PermanentFailure")
    assert result["resultString"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (None, "Succeeded"),
        (DamagedError("cut off"), "PermanentFailure"),
        (ConfigError("no such model"), "PermanentFailure"),
        (TransientError("throttled"), "TemporaryFailure"),
        (RuntimeError("our bug"), "TemporaryFailure"),
    ],
)
def test_errors_become_results_by_what_helps(error: Exception | None, code: str) -> None:
    """Only what may work later is tried again."""
    assert outcome_of(error).code == code


@pytest.mark.parametrize("payload", [b"{}", b"[]", b"7", b"", b'{"tasks": [], "job": 1}'])
def test_what_is_no_call_is_refused(payload: bytes) -> None:
    """Without the ids of a call there is nothing to answer to."""
    with pytest.raises(EventParseError):
        parse_batch_invocation(payload)
