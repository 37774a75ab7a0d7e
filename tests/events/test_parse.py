"""Each known notification gives the events that it stands for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bucketlens.errors import InputError
from bucketlens.events import EventParseError, parse
from bucketlens.types import ObjectEvent

HERE = Path(__file__).parent
ODD = "in/a b+ü %2F.jpg"

# fixture: what must come out as (kind, key), None for what is passed over
EXPECTED: dict[str, list[tuple[str, str] | None]] = {
    "aws_eventbridge_acl": [None],
    "aws_eventbridge_created": [("created", "in/100% a+b.jpg")],
    "aws_eventbridge_deleted": [("removed", "in/gone.jpg")],
    "aws_eventbridge_expired": [("removed", "in/old.jpg")],
    "aws_eventbridge_restored": [("created", "in/archived.jpg")],
    "aws_eventbridge_scheduled": [None],
    "aws_s3_lifecycle_delete": [("removed", "in/old.jpg")],
    "aws_s3_lifecycle_delete_marker": [("removed", "in/old.jpg")],
    "aws_s3_restore_completed": [("created", "in/archived.jpg")],
    "aws_s3_restore_started": [None],
    "aws_s3_tagging": [None],
    "aws_s3_two_records": [("created", "in/red flower.jpg"), ("created", "in/café+1.png")],
    "aws_sns_subscription": [None],
    "ceph_expired": [("removed", "in/old.jpg")],
    "ceph_put": [("created", ODD)],
    "ceph_record_alone": [("created", "in/a b+ü.jpg")],
    "minio_delete": [("removed", "in/a b+ü.jpg")],
    "minio_put": [("created", "in/a b+ü.jpg")],
    "minio_record_alone": [("created", "in/big.jpg")],
    "minio_tagging": [None],
    "ministack_eventbridge_copy": [("created", "in/copy.jpg")],
    "ministack_eventbridge_delete": [("removed", "in/copy.jpg")],
    "ministack_eventbridge_delete_marker": [("removed", "in/v.jpg")],
    "ministack_eventbridge_multipart": [("created", "in/big.jpg")],
    "ministack_eventbridge_put": [("created", ODD)],
    "ministack_s3_copy": [("created", "in/copy.jpg")],
    "ministack_s3_delete": [("removed", "in/copy.jpg")],
    "ministack_s3_delete_marker": [("removed", "in/v.jpg")],
    "ministack_s3_multipart": [("created", "in/big.jpg")],
    "ministack_s3_put": [("created", ODD)],
    "ministack_s3_versioned_put": [("created", "in/v.jpg")],
    "ministack_sns_to_lambda": [("created", ODD)],
    "ministack_sqs_message_eventbridge": [("created", ODD)],
    "ministack_sqs_message_s3": [("created", ODD)],
    "ministack_sqs_message_sns": [("created", ODD)],
    "ministack_sqs_message_sns_raw": [("created", ODD)],
    "ministack_sqs_to_lambda": [
        None,
        ("created", ODD),
        ("created", "in/big.jpg"),
        ("removed", "in/copy.jpg"),  # not in the order in which it happened
        ("created", "in/copy.jpg"),
        ("created", "in/v.jpg"),
        ("removed", "in/v.jpg"),
    ],
    "ministack_test_event": [None],
    "rustfs_put": [("created", "in/greeting file (2).jpg")],
    "seaweedfs_bucket": [None],
    "seaweedfs_create": [("created", ODD)],
    "seaweedfs_delete": [("removed", ODD)],
    "seaweedfs_delete_marker": [("created", "in/v.jpg")],
    "seaweedfs_folder": [None],
    "seaweedfs_move": [("removed", "in/moved.jpg"), ("created", "out/moved2.jpg")],
    "seaweedfs_multipart": [("created", "in/big.jpg")],
    "seaweedfs_part": [None],
    "seaweedfs_rename": [("removed", "in/copy.jpg"), ("created", "in/moved.jpg")],
    "seaweedfs_system": [None],
    "seaweedfs_update": [("created", ODD)],
    "seaweedfs_version": [("created", "in/v.jpg")],
}
OTHER_CONTRACTS = {"aws_batch_operations_1", "aws_batch_operations_2"}


def load(name: str) -> Any:  # noqa: ANN401 - JSON is of any type
    """The JSON value of a fixture."""
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))


def only_event(name: str) -> ObjectEvent:
    """The one event of a fixture."""
    (event,) = parse(load(name)).events
    return event


def record(name: str = "ObjectCreated:Put", key: str = "a.jpg", **fields: object) -> dict[str, Any]:
    """A record of an S3 notification with no more than it needs."""
    s3 = {"bucket": {"name": "photos"}, "object": {"key": key, **fields}}
    return {"eventSource": "aws:s3", "eventName": name, "s3": s3}


def test_every_fixture_has_an_expectation() -> None:
    """A payload that is added without saying what must come out fails here."""
    assert {path.stem for path in HERE.glob("*.json")} == EXPECTED.keys() | OTHER_CONTRACTS


@pytest.mark.parametrize("name", sorted(EXPECTED))
@pytest.mark.parametrize("form", ["bytes", "text", "decoded"])
def test_a_known_payload_gives_its_events(name: str, form: str) -> None:
    """Whatever the form in which it is handed over, a payload gives its events and no damage."""
    raw = (HERE / f"{name}.json").read_bytes()
    forms = {"bytes": raw, "text": raw.decode(), "decoded": json.loads(raw)}
    parsed = parse(forms[form])
    expected = EXPECTED[name]
    assert [(event.kind, event.key) for event in parsed.events] == [e for e in expected if e]
    assert len(parsed.passed_over) == expected.count(None)
    assert not parsed.damaged


def test_all_that_an_s3_record_says_is_kept() -> None:
    """Bucket, ETag, version, sequencer, size and time are taken over."""
    first, second = parse(load("aws_s3_two_records")).events
    assert first == ObjectEvent(
        store="photos-example",
        key="in/red flower.jpg",
        kind="created",
        etag="d41d8cd98f00b204e9800998ecf8427e",
        version="096fKKXTRTtl3on89fVO.nfljtsv6qko",
        sequencer="0055AED6DCD90281E5",
        size=1024,
        time="2026-03-01T12:00:00.000Z",
    )
    assert (second.version, second.size) == (None, 2048)


def test_all_that_an_eventbridge_event_says_is_kept() -> None:
    """Bucket, ETag, version, sequencer, size and time are taken over."""
    assert only_event("aws_eventbridge_created") == ObjectEvent(
        store="photos-example",
        key="in/100% a+b.jpg",
        kind="created",
        etag="b1946ac92492d2347c6235b4d2611184",
        version="IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",
        sequencer="617f08299329d189",
        size=5,
        time="2026-03-01T12:00:00Z",
    )


def test_a_version_of_seaweedfs_is_an_event_of_its_key() -> None:
    """A bucket with versioning keeps versions in a folder beside the key."""
    event = only_event("seaweedfs_version")
    assert (event.store, event.version) == ("versioned", "6715bfeb73b057e24818f6432d35b3f3")


def test_a_key_that_looks_like_a_version_of_seaweedfs_is_a_key() -> None:
    """Only the exact form of a version's name counts as one."""
    value = load("seaweedfs_create")
    value["message"]["new_entry"]["name"] = "v_2"
    value["message"]["new_parent_path"] = "/buckets/photos/a.jpg.versions"
    value["key"] = "/buckets/photos/a.jpg.versions/v_2"
    assert [event.key for event in parse(value).events] == ["a.jpg.versions/v_2"]


def test_ceph_writes_the_size_as_text_and_no_version_as_nothing() -> None:
    """Such values are read as what they mean."""
    event = only_event("ceph_put")
    assert (event.size, event.version) == (1024, None)


def test_the_key_that_rustfs_puts_at_the_top_is_not_used() -> None:
    """It is encoded by halves there; the one in the record is right."""
    value = load("rustfs_put")
    value["Key"] = "other/entirely.jpg"
    assert [event.key for event in parse(value).events] == ["in/greeting file (2).jpg"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ObjectCreated:Put", "created"),
        ("s3:ObjectCreated:Post", "created"),
        ("ObjectCreated:Copy", "created"),
        ("ObjectCreated:CompleteMultipartUpload", "created"),
        ("ObjectCreated:SomethingNew", "created"),
        ("ObjectRemoved:Delete", "removed"),
        ("s3:ObjectRemoved:DeleteMarkerCreated", "removed"),
        ("ObjectRemoved:DeleteAllVersions", "removed"),
        ("LifecycleExpiration:Delete", "removed"),
        ("LifecycleExpiration:DeleteMarkerCreated", "removed"),
        ("s3:LifecycleDelMarkerExpiration:Delete", "removed"),
        ("ObjectRestore:Completed", "created"),
        ("ObjectSynced:Create", "created"),
        ("ObjectSynced:Delete", "removed"),
        ("ObjectLifecycle:Expiration:Current", "removed"),
    ],
)
def test_every_kind_of_change_is_an_event(name: str, kind: str) -> None:
    """However an object came or went, its key is looked at."""
    (event,) = parse({"Records": [record(name)]}).events
    assert event.kind == kind


@pytest.mark.parametrize(
    "name",
    [
        "ObjectRestore:Post",
        "ObjectRestore:Delete",
        "ObjectTagging:Put",
        "ObjectAcl:Put",
        "LifecycleTransition",
        "IntelligentTiering",
        "ReducedRedundancyLostObject",
        "Replication:OperationFailedReplication",
        "s3:ObjectAccessed:Get",
        "s3:ObjectCreated:PutRetention",
        "ObjectLifecycle:Expiration:NonCurrent",
        "ObjectLifecycle:Expiration:AbortMultipartUpload",
        "",
    ],
)
def test_what_leaves_the_bytes_alone_is_passed_over(name: str) -> None:
    """Tags, ACLs, transitions, replication and reads cause no work, and the reason is kept."""
    parsed = parse({"Records": [record(name)]})
    assert not parsed.events
    assert [(part.what, part.damaged) for part in parsed.passed_over] == [(repr(name), False)]


def test_a_bucket_without_versioning_needs_no_version() -> None:
    """Neither S3 nor EventBridge sends a version then."""
    assert only_event("ministack_s3_put").version is None
    assert only_event("ministack_eventbridge_put").version is None


def test_one_damaged_record_does_not_stop_the_others() -> None:
    """The good records are events; the damaged one is named with its place and reason."""
    bad = record()
    del bad["s3"]["object"]["key"]
    parsed = parse({"Records": [record(key="1.jpg"), bad, record(key="3.jpg")]})
    assert [event.key for event in parsed.events] == ["1.jpg", "3.jpg"]
    (damaged,) = parsed.damaged
    assert damaged.what == "record 2 of 3"
    assert "key" in damaged.why


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        (b"", "empty"),
        (b"\xff\xfe", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"[" * 20 + b"]" * 20, "wrapped more than"),
        (b'"text"', "not a JSON object"),
        (b"{}", "no known sender"),
        (b'{"Records": [7]}', "record 1 of 1"),
        (b'{"messageId": "1", "body": null}', "holds no text"),
        (b'{"Type": "Notification", "Message": "hello"}', "not valid JSON"),
        (json.dumps({"Records": [record(key="")]}), "the object key is empty"),
        (json.dumps({"Records": [record(key="%FF")]}), "not encoded as UTF-8"),
        (json.dumps({"event_type": "create", "key": "/buckets/a/b", "message": {}}), "entry"),
        (json.dumps(load("aws_batch_operations_1")), "Batch Operations"),
    ],
)
def test_what_is_no_event_says_why(payload: bytes | str, says: str) -> None:
    """The error is one for this input, and its message names the reason."""
    with pytest.raises(EventParseError, match=says) as raised:
        parse(payload)
    assert isinstance(raised.value, InputError)
    assert len(raised.value.message) < 400


def test_a_surrogate_in_a_key_is_damage() -> None:
    """A decoded payload can hold half a character, which no store can be asked for."""
    value = load("aws_eventbridge_created")
    value["detail"]["object"]["key"] = "a\ud800.jpg"
    with pytest.raises(EventParseError, match="not valid Unicode"):
        parse(value)


@pytest.mark.parametrize("size", [-1, 1.5, True, "many", [], 2**63, "9" * 5000])
def test_a_size_that_is_none_does_not_lose_the_event(size: object) -> None:
    """What is only remembered may be absent."""
    (event,) = parse({"Records": [record(size=size, eTag=7, sequencer=None)]}).events
    assert (event.key, event.size, event.etag, event.sequencer) == ("a.jpg", None, None, None)


def test_the_quotes_of_an_etag_are_dropped() -> None:
    """Some senders copy the HTTP header."""
    (event,) = parse({"Records": [record(eTag='"abc"')]}).events
    assert event.etag == "abc"


def test_an_empty_list_of_records_is_nothing() -> None:
    """It is no mistake, and no event."""
    parsed = parse(b'{"Records": []}')
    assert not parsed.events
    assert parsed.passed_over[0].why == "there is nothing in it"


def test_addresses_in_messages_are_not_repeated() -> None:
    """A subscription is confirmed by an operator; nothing here invites to open its address."""
    (part,) = parse(load("aws_sns_subscription")).passed_over
    assert "://" not in part.what + part.why
