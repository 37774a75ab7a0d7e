"""Any key survives every route from the store to the event."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bucketlens.events import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    Payload = dict[str, Any]

KEYS = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("/+% .&=?#*~\\\"'\n"), min_size=1
).filter(lambda key: len(key.encode()) <= 1024)


def s3(key: str, source: str = "aws:s3") -> Payload:
    """An S3 notification with the key as the sender writes it."""
    s3 = {"bucket": {"name": "photos"}, "object": {"key": key, "size": 1}}
    return {"Records": [{"eventSource": source, "eventName": "ObjectCreated:Put", "s3": s3}]}


def aws(key: str) -> Payload:
    """Amazon S3 form-encodes all but the slash."""
    return s3(quote_plus(key, safe="/"))


def minio(key: str) -> Payload:
    """MinIO and RustFS form-encode the slash too, and put a raw key at the top."""
    encoded = quote_plus(key)
    return s3(encoded, "minio:s3") | {"EventName": "s3:ObjectCreated:Put", "Key": f"photos/{key}"}


def ceph(key: str) -> Payload:
    """Ceph writes the key as it is."""
    return s3(key, "ceph:s3")


def eventbridge(key: str) -> Payload:
    """EventBridge writes the key as it is."""
    detail = {"bucket": {"name": "photos"}, "object": {"key": key}}
    return {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}


def seaweedfs(key: str) -> Payload:
    """The filer writes a path."""
    folder, _, name = f"/buckets/photos/{key}".rpartition("/")
    change = {"new_entry": {"name": name}, "new_parent_path": folder}
    return {"event_type": "create", "key": f"/buckets/photos/{key}", "message": change}


def direct(payload: Payload) -> Payload:
    """Straight to a function or a webhook."""
    return payload


def sqs_to_lambda(payload: Payload) -> Payload:
    """From a queue to a function."""
    return {"Records": [{"messageId": "1", "eventSource": "aws:sqs", "body": json.dumps(payload)}]}


def sqs_received(payload: Payload) -> Payload:
    """From a queue by ReceiveMessage."""
    return {"MessageId": "1", "ReceiptHandle": "r", "Body": json.dumps(payload)}


def sns(payload: Payload) -> Payload:
    """From a topic to a webhook, or as the body of a queue."""
    return {"Type": "Notification", "TopicArn": "arn", "Message": json.dumps(payload)}


def sns_to_lambda(payload: Payload) -> Payload:
    """From a topic to a function."""
    return {"Records": [{"EventSource": "aws:sns", "Sns": sns(payload)}]}


def sns_in_sqs_to_lambda(payload: Payload) -> Payload:
    """From a topic through a queue to a function."""
    return sqs_to_lambda(sns(payload))


def pipe(payload: Payload) -> Payload:
    """EventBridge Pipes calls a function with a bare list; here as it would be written out."""
    return {"Records": [sqs_to_lambda(payload)["Records"]]}


SENDERS = [aws, minio, ceph, eventbridge, seaweedfs]
WRAPPINGS = [
    direct, sqs_to_lambda, sqs_received, sns, sns_to_lambda, sns_in_sqs_to_lambda, pipe
]  # fmt: skip


@pytest.mark.parametrize("wrap", WRAPPINGS)
@pytest.mark.parametrize("send", SENDERS)
@given(key=KEYS)
@example(key="in/a b+ü %2F%252F.jpg")
@example(key="100%+~*.jpg")
@example(key="//a//../b/./")
@example(key="\x00\n\x7f\ufffe\U0001f600")
def test_any_key_survives(
    send: Callable[[str], Payload], wrap: Callable[[Payload], Payload], key: str
) -> None:
    """What the store holds is what comes out, decoded once where the sender encodes."""
    if send is seaweedfs:
        # The filer has no empty names, and what is below .uploads/ are parts.
        assume(not key.startswith((".uploads/", "/")) and not key.endswith("/"))
    payload = wrap(send(key))
    for form in (payload, json.dumps(payload), json.dumps(payload, ensure_ascii=False).encode()):
        (event,) = parse(form).events
        assert (event.store, event.key) == ("photos", key)
