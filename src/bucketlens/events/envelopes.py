"""Opening what events arrive in: SQS messages, SNS notifications, lists of records.

Wrappings nest (S3 in SNS in SQS) and are told apart by their fields, so that one function reads
what a queue, a function, a webhook or a file holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from bucketlens.events import eventbridge, s3_notifications, seaweedfs
from bucketlens.events.batch_operations import is_batch_invocation
from bucketlens.events.fields import decode_json, excerpt, optional_text
from bucketlens.events.parsed import EventParseError, Finding, ParsedEvents, PassedOver
from bucketlens.types import ObjectEvent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DEEPEST = 6
"""Wrappings within each other. S3 in SNS in an SQS record in a list takes four."""

CONFIRMATIONS = frozenset({"SubscriptionConfirmation", "UnsubscribeConfirmation"})


class ParsedMessage(NamedTuple):
    """One message of an SQS batch.

    Attributes:
        message_id: What a partial batch response names it by.
        outcome: What it says, or why it can't be understood.
    """

    message_id: str
    outcome: ParsedEvents | EventParseError


def parse(payload: bytes | bytearray | memoryview | str | Mapping[str, Any]) -> ParsedEvents:
    """Read a notification from any of the known senders, in any of the known wrappings.

    Args:
        payload: JSON as it arrived, or the JSON object already decoded (Lambda does that).

    Returns:
        The events, and what was passed over with the reason. Where only some parts are damaged,
        the others are returned and the damaged ones are among ``passed_over``.

    Raises:
        EventParseError: Nothing in it can be understood. No other exception is raised, whatever
            the payload.
    """
    value = payload if isinstance(payload, Mapping) else decode_json(payload)
    events: list[ObjectEvent] = []
    passed_over: list[PassedOver] = []
    for finding in _open(value, 0):
        if isinstance(finding, ObjectEvent):
            events.append(finding)
        else:
            passed_over.append(finding)
    if not events and passed_over and all(part.damaged for part in passed_over):
        first = passed_over[0]
        raise EventParseError(f"nothing in the event can be understood; {first.what}: {first.why}")
    return ParsedEvents(events=tuple(events), passed_over=tuple(passed_over))


def is_sqs_batch(event: Mapping[str, Any]) -> bool:
    """Whether a Lambda event is a batch of SQS messages, to be answered for each message."""
    records = event.get("Records")
    return isinstance(records, list) and bool(records) and all(_is_sqs(entry) for entry in records)


def parse_sqs_batch(event: Mapping[str, Any]) -> list[ParsedMessage]:
    """Read a Lambda event of SQS messages, each for itself, so that each can fail for itself.

    Raises:
        EventParseError: It is no batch of SQS messages, or a message has no id to answer for.
    """
    if not is_sqs_batch(event):
        raise EventParseError("the event is not a batch of SQS messages")
    return [_parse_message(message) for message in event["Records"]]


def _parse_message(message: Mapping[str, Any]) -> ParsedMessage:
    message_id = message["messageId"]
    if not isinstance(message_id, str) or not message_id:
        raise EventParseError("a message of the SQS batch has no messageId")
    try:
        return ParsedMessage(message_id, parse(message))
    except EventParseError as exc:
        return ParsedMessage(message_id, exc)


def _is_sqs(entry: object) -> bool:
    return isinstance(entry, Mapping) and "messageId" in entry and "body" in entry


def _open(value: object, depth: int) -> Iterator[Finding]:
    """Take off one wrapping, or read what is in the innermost."""
    if depth > DEEPEST:
        raise EventParseError(f"the event is wrapped more than {DEEPEST} times")
    if isinstance(value, list):
        yield from _open_each(value, depth + 1)
    elif not isinstance(value, Mapping):
        raise EventParseError(f"the event is {excerpt(value)}, not a JSON object")
    elif isinstance(records := value.get("Records"), list):
        yield from _open_each(records, depth + 1)
    elif (inner := _wrapped(value)) is not None:
        yield from _open(decode_json(inner), depth + 1)
    else:
        yield from _read(value)


def _open_each(entries: Sequence[object], depth: int) -> Iterator[Finding]:
    """Read each entry for itself: a damaged one does not stop the others."""
    if not entries:
        yield PassedOver(what="an empty list", why="there is nothing in it")
    for number, entry in enumerate(entries, start=1):
        try:
            yield from _open(entry, depth)
        except EventParseError as exc:
            what = f"record {number} of {len(entries)}"
            yield PassedOver(what=what, why=exc.message, damaged=True)


def _wrapped(value: Mapping[str, Any]) -> str | None:
    """The text inside an SQS message or an SNS notification."""
    inner: object = None
    if _is_sqs(value):
        inner = value["body"]
    elif "MessageId" in value and "Body" in value:  # as ReceiveMessage returns it
        inner = value["Body"]
    elif isinstance(sns := value.get("Sns"), Mapping):
        inner = sns.get("Message")
    elif value.get("Type") == "Notification":
        inner = value.get("Message")
    else:
        return None
    if not isinstance(inner, str):
        raise EventParseError("the message holds no text")
    return inner


def _read(value: Mapping[str, Any]) -> Iterator[Finding]:
    """The innermost JSON object, told apart by its fields."""
    if "s3" in value:  # a record alone: Ceph's CloudEvents, MinIO's Redis target
        yield s3_notifications.read_record(value)
    elif eventbridge.is_eventbridge(value):
        yield eventbridge.read_event(value)
    elif seaweedfs.is_seaweedfs(value):
        yield from seaweedfs.read_change(value)
    elif value.get("Event") == "s3:TestEvent":
        yield PassedOver(what="s3:TestEvent", why="S3 sends it when notifications are set up")
    elif optional_text(value.get("Type")) in CONFIRMATIONS:
        yield PassedOver(
            what=f"SNS {value['Type']}",
            why="an operator confirms subscriptions; no address in a message is opened",
        )
    elif is_batch_invocation(value):
        raise EventParseError(
            "this is an invocation by S3 Batch Operations, which has its own answer: "
            "invoke the function made for it"
        )
    else:
        fields = ", ".join(excerpt(name) for name in list(value)[:5]) or "none"
        raise EventParseError(f"no known sender writes an event with these fields: {fields}")
