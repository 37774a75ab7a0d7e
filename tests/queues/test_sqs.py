"""SQS through boto3: what is sent, what answers mean. Its own service model checks both."""

from __future__ import annotations

import json
import logging

import pytest
from botocore.stub import Stubber

from bucketlens.errors import BucketlensError, ConfigError, TransientError
from bucketlens.lines import JsonLines
from bucketlens.queues import Message, SqsQueue

URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/photos"
MESSAGE = Message("m-1", "r-1", "{}")


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> SqsQueue:
    """A queue of Amazon, with credentials that are nobody's."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL_SQS", raising=False)
    return SqsQueue(URL)


def test_the_url_names_region_and_server(queue: SqsQueue):
    """Amazon's own URL its region, any other its server."""
    assert queue._client.meta.region_name == "eu-west-1"
    assert queue._client.meta.endpoint_url == "https://sqs.eu-west-1.amazonaws.com"
    other = SqsQueue("http://127.0.0.1:9324/000000000000/photos", region="eu-north-1")
    assert other._client.meta.endpoint_url == "http://127.0.0.1:9324"
    assert other._client.meta.region_name == "eu-north-1"


@pytest.mark.parametrize("url", ["photos", "arn:aws:sqs:eu-west-1:1:photos", "https://host", ""])
def test_what_is_no_url_of_a_queue_is_refused(url: str):
    """Before anything is asked."""
    with pytest.raises(ConfigError, match="not the URL of a queue"):
        SqsQueue(url)


def test_messages_come_with_their_receptions(queue: SqsQueue):
    """Body, receipt and count; hidden for as long as was asked."""
    expected = {
        "QueueUrl": URL,
        "MaxNumberOfMessages": 10,
        "WaitTimeSeconds": 10,
        "VisibilityTimeout": 60,
        "AttributeNames": ["ApproximateReceiveCount"],
    }
    entry = {
        "MessageId": "m-1",
        "ReceiptHandle": "r-1",
        "Body": "{}",
        "Attributes": {"ApproximateReceiveCount": "3"},
    }
    with Stubber(queue._client) as stub:
        stub.add_response("receive_message", {"Messages": [entry]}, expected)
        stub.add_response("receive_message", {}, expected)
        assert queue.receive(10, wait=10, hidden=60) == [Message("m-1", "r-1", "{}", 3)]
        assert queue.receive(10, wait=10, hidden=60) == []


def test_messages_are_deleted_and_hidden_by_their_receipt(queue: SqsQueue):
    """Never longer than SQS allows."""
    with Stubber(queue._client) as stub:
        stub.add_response("delete_message", {}, {"QueueUrl": URL, "ReceiptHandle": "r-1"})
        queue.delete(MESSAGE)
        for seconds, sent in ((2.9, 2), (1e9, 43_200)):
            expected = {"QueueUrl": URL, "ReceiptHandle": "r-1", "VisibilityTimeout": sent}
            stub.add_response("change_message_visibility", {}, expected)
            queue.hide(MESSAGE, seconds)
        stub.assert_no_pending_responses()


@pytest.mark.parametrize(("attributes", "found"), [({}, False), ({"RedrivePolicy": "{}"}, True)])
def test_a_queue_without_redrive_is_noticed(
    queue: SqsQueue, attributes: dict[str, str], *, found: bool
):
    """The worker warns of it when it starts."""
    with Stubber(queue._client) as stub:
        stub.add_response("get_queue_attributes", {"Attributes": attributes})
        assert queue.has_dead_letters() is found


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("AWS.SimpleQueueService.NonExistentQueue", 400, ConfigError),
        ("AccessDenied", 403, ConfigError),
        ("InvalidClientTokenId", 403, ConfigError),
        ("RequestThrottled", 403, TransientError),
        ("OverLimit", 403, TransientError),
        ("InternalError", 500, TransientError),
        ("ServiceUnavailable", 503, TransientError),
        ("ReceiptHandleIsInvalid", 404, TransientError),
        ("InvalidParameterValue", 400, TransientError),
    ],
)
def test_answers_are_errors_by_what_must_be_done(
    queue: SqsQueue, code: str, status: int, error: type[BucketlensError]
):
    """A receipt that is out of date stops no worker; a missing right does."""
    with Stubber(queue._client) as stub:
        stub.add_client_error("delete_message", code, http_status_code=status)
        with pytest.raises(error, match="photos"):
            queue.delete(MESSAGE)


def test_a_server_that_is_not_there_may_come_back(monkeypatch: pytest.MonkeyPatch):
    """No answer is no verdict about the queue."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(TransientError, match="no whole answer"):
        SqsQueue("http://127.0.0.1:9/0/photos").has_dead_letters()


def test_a_log_line_is_one_object_whatever_the_key():
    """A newline in a key begins no line of its own."""
    record = logging.makeLogRecord(
        {"msg": "labelled", "levelname": "INFO", "fields": {"key": 'a\n"b".jpg', "seconds": 0.2}}
    )
    text = JsonLines().format(record)
    assert "\n" not in text
    line = json.loads(text)
    assert (line["message"], line["key"], line["level"]) == ("labelled", 'a\n"b".jpg', "info")


def test_many_messages_are_deleted_by_tens(queue: SqsQueue):
    """A request takes ten at most, each with a name of its own."""
    messages = [Message(f"m-{number}", f"r-{number}", "{}") for number in range(12)]
    with Stubber(queue._client) as stub:
        for part in (messages[:10], messages[10:]):
            entries = [
                {"Id": str(number), "ReceiptHandle": message.receipt}
                for number, message in enumerate(part)
            ]
            stub.add_response(
                "delete_message_batch",
                {"Successful": [], "Failed": []},
                {"QueueUrl": URL, "Entries": entries},
            )
        queue.delete_all(messages)
        stub.assert_no_pending_responses()


def test_a_message_is_sent_as_it_is(queue: SqsQueue):
    """And where the queue may not be written to, the operator is told."""
    with Stubber(queue._client) as stub:
        stub.add_response(
            "send_message", {"MessageId": "m"}, {"QueueUrl": URL, "MessageBody": "{}"}
        )
        queue.send("{}")
        stub.add_client_error("send_message", "AccessDenied", http_status_code=403)
        with pytest.raises(ConfigError):
            queue.send("{}")
