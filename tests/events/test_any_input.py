"""Whatever arrives gives events or an EventParseError, never anything else."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketlens.events import (
    BatchInvocation,
    EventParseError,
    ParsedEvents,
    parse,
    parse_batch_invocation,
    parse_sqs_batch,
)

HERE = Path(__file__).parent
PAYLOADS = [path.read_bytes() for path in sorted(HERE.glob("*.json"))]
VALUES = [json.loads(payload) for payload in PAYLOADS]

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from([10**400, "\ud800", "", "{", "[" * 50_000, '{"Records": [{}]}', "%E0%A4"])
)
NAMES = st.sampled_from(
    [
        *("Records", "messageId", "body", "MessageId", "Body", "Sns", "Message", "Type", "Event"),
        *("source", "detail-type", "detail", "bucket", "name", "object", "key", "s3"),
        *("eventName", "eventSource", "event_type", "message", "new_entry"),
        *("tasks", "taskId", "job", "invocationSchemaVersion", "invocationId"),
    ]
) | st.text(max_size=3)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4)
)


def read(payload: Any) -> None:  # noqa: ANN401 - anything is the point
    """Every parser keeps its promise for this payload; another exception fails the test."""
    try:
        parsed = parse(payload)
    except EventParseError as exc:
        parsed, message = ParsedEvents(), exc.message
    else:
        message = ""
        assert isinstance(parsed, ParsedEvents)
    assert all(event.key.encode() and event.store.encode() for event in parsed.events)
    said = [message, *(part.what + part.why for part in parsed.passed_over)]
    assert all(text.isprintable() and len(text) < 1000 for text in said)
    with suppress(EventParseError):
        assert isinstance(parse_batch_invocation(payload), BatchInvocation)
    if isinstance(payload, dict):
        with suppress(EventParseError):
            assert parse_sqs_batch(payload)


@given(st.binary())
def test_random_bytes(payload: bytes) -> None:
    """Bytes that mean nothing give the error."""
    read(payload)


@given(JSON)
def test_random_json(value: object) -> None:
    """JSON that means nothing gives the error, decoded or not."""
    if isinstance(value, dict):
        read(value)
    read(json.dumps(value))


@given(st.sampled_from(PAYLOADS), st.data())
def test_real_payloads_with_broken_bytes(payload: bytes, data: st.DataObject) -> None:
    """A bit that falls over, or an end that is missing, gives events or the error."""
    at = data.draw(st.integers(0, len(payload) - 1))
    read(payload[:at])
    read(payload[:at] + data.draw(st.binary(max_size=3)) + payload[at + 1 :])


@given(st.sampled_from(VALUES), st.data())
def test_real_payloads_with_broken_values(value: Any, data: st.DataObject) -> None:  # noqa: ANN401
    """A value of another type in any place gives events or the error."""
    value = copy.deepcopy(value)
    at = value
    while True:
        place = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        inner = at[place]
        if not isinstance(inner, (dict, list)) or not inner or data.draw(st.booleans()):
            break
        at = inner
    at[place] = data.draw(JSON)
    read(value)
    read(json.dumps(value))


@pytest.mark.parametrize("depth", [10, 1_000, 100_000])
@pytest.mark.parametrize("opening", ["[", '{"Records":[', '{"detail":', '{"Sns":{"Message":'])
def test_nesting_without_end(opening: str, depth: int) -> None:
    """However deep a payload is nested, the stack is not used up."""
    read(opening * depth)
    closing = "".join({"[": "]", "{": "}"}[char] for char in reversed(opening) if char in "[{")
    read(opening * depth + "1" + closing * depth)


def test_nesting_without_end_in_decoded_values() -> None:
    """Values that were decoded elsewhere can be nested as deep as memory goes."""
    deep: Any = {}
    for _ in range(100_000):
        deep = {"Records": [deep], "s3": deep, "detail": deep}
    read(deep)
    record = {"eventName": deep, "s3": deep, "eventSource": "aws:s3"}
    read({"Records": [record]})
    read({"source": "aws.s3", "detail-type": "Object Created", "detail": deep})
    inner = deep
    while inner:  # take it apart from the top, or freeing it would use up the stack
        inner, deep = inner["s3"], inner
        deep.clear()


def test_messages_within_messages() -> None:
    """A message that holds a message that holds a message is opened a few times, not for ever."""
    payload = "{}"
    for _ in range(12):
        payload = json.dumps({"Type": "Notification", "Message": payload})
        if len(payload) > 100_000:
            break
    with pytest.raises(EventParseError, match="wrapped"):
        parse(payload)
