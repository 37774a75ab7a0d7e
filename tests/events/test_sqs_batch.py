"""Messages of an SQS batch are read each for itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bucketlens.events import (
    EventParseError,
    ParsedEvents,
    is_sqs_batch,
    parse,
    parse_sqs_batch,
)

HERE = Path(__file__).parent


def load(name: str) -> dict[str, object]:
    """The JSON object of a fixture."""
    value: dict[str, object] = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    return value


def message(message_id: object, body: object) -> dict[str, object]:
    """A message as Lambda gets it."""
    return {"messageId": message_id, "body": body, "eventSource": "aws:sqs"}


def test_every_message_has_its_outcome() -> None:
    """A batch of seven messages gives seven outcomes under the messages' own ids."""
    event = load("ministack_sqs_to_lambda")
    outcomes = parse_sqs_batch(event)
    assert [outcome.message_id for outcome in outcomes] == [
        entry["messageId"]
        for entry in event["Records"]  # type: ignore[attr-defined]
    ]
    keys = [
        entry.key
        for _, parsed in outcomes
        if isinstance(parsed, ParsedEvents)
        for entry in parsed.events
    ]
    assert keys == [entry.key for entry in parse(event).events]


def test_a_poison_message_fails_alone() -> None:
    """The message that can't be read has its error, and the others their events."""
    good = json.dumps(load("ministack_s3_put"))
    event = {"Records": [message("1", good), message("2", "not JSON"), message("3", good)]}
    first, second, third = (outcome for _, outcome in parse_sqs_batch(event))
    assert first == third
    assert isinstance(first, ParsedEvents)
    assert isinstance(second, EventParseError)


def test_a_message_that_is_damaged_by_half_says_so() -> None:
    """Its events are there to be worked on, and the damage to be reported."""
    records = load("ministack_s3_put")["Records"]
    body = json.dumps({"Records": [*records, {"s3": {}}]})  # type: ignore[misc]
    ((_, parsed),) = parse_sqs_batch({"Records": [message("1", body)]})
    assert isinstance(parsed, ParsedEvents)
    assert (len(parsed.events), len(parsed.damaged)) == (1, 1)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"Records": []},
        {"Records": [{"messageId": "1"}]},
        {"Records": [7]},
        load("ministack_s3_put"),
        load("ministack_sns_to_lambda"),
        load("ministack_eventbridge_put"),
    ],
)
def test_other_events_are_no_sqs_batch(event: dict[str, object]) -> None:
    """They are told apart, and refused rather than answered with an empty list."""
    assert not is_sqs_batch(event)
    with pytest.raises(EventParseError, match="not a batch of SQS messages"):
        parse_sqs_batch(event)


@pytest.mark.parametrize("message_id", ["", None, 7])
def test_a_message_without_an_id_fails_the_batch(message_id: object) -> None:
    """It could not be named in the answer, and no message may be lost."""
    with pytest.raises(EventParseError, match="no messageId"):
        parse_sqs_batch({"Records": [message(message_id, "{}")]})
