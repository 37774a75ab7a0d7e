"""The label function: events in, records out, and to each sender its answer."""

import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.aws.invoking import Emitted, FakeContext, Places, build, returned, s3_record, sqs

from bucketlens.errors import ConfigError, TransientError
from bucketlens.events import EventParseError
from bucketlens.stores import ForbiddenError

if TYPE_CHECKING:
    from bucketlens.aws.labelling import LabelFunction


def created(places: Places, key: str) -> dict[str, Any]:
    """A notification that an image is there."""
    return {"Records": [s3_record(places.bucket, places.prefix + key)]}


def eventbridge(places: Places, key: str, kind: str = "Object Created") -> dict[str, Any]:
    """The same through EventBridge, where keys are not encoded."""
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": kind,
        "source": "aws.s3",
        "time": "2026-11-22T03:25:10Z",
        "resources": [],
        "detail": {
            "version": "0",
            "bucket": {"name": places.bucket},
            "object": {"key": places.prefix + key, "size": 1, "etag": "e", "sequencer": "01"},
            "reason": "PutObject",
        },
    }


def test_a_photo_that_arrives_by_the_queue_is_labelled_and_shown(
    places: Places, function: "LabelFunction", photo: bytes
):
    """One message, one photo with an awkward name: its record and its page stand."""
    places.put("trip/a b+ü.jpg", photo)
    answer = function(sqs(created(places, "trip/a b+ü.jpg")), FakeContext())
    assert answer == {"batchItemFailures": []}
    record = places.record("trip/a b+ü.jpg")
    assert record["kind"] == "labels"
    assert record["Labels"]
    assert record["observed"]["sequencer"] == "0055AED6DCD90281E5"
    assert any(info.key.startswith("images/") for info in places.site.list())


@pytest.mark.parametrize("places", ["memory"], indirect=True)
def test_a_direct_event_and_one_of_eventbridge_are_settled_too(
    places: Places, function: "LabelFunction", photo: bytes
):
    """The same photo under two keys, by either way, gives the same labels."""
    places.put("1+1.jpg", photo)
    places.put("2%2F.jpg", photo)
    assert function(created(places, "1+1.jpg"), FakeContext()) == {"settled": {"labelled": 1}}
    through = function(eventbridge(places, "2%2F.jpg"), FakeContext())
    assert through == {"settled": {"labelled": 1}}
    assert places.record("1+1.jpg")["Labels"] == places.record("2%2F.jpg")["Labels"]


@pytest.mark.parametrize("places", ["memory"], indirect=True)
def test_an_image_that_went_loses_its_record_and_its_page(
    places: Places, function: "LabelFunction", photo: bytes
):
    """A removal leaves a tombstone, and one for an image that was never seen nothing."""
    places.put("a.jpg", photo)
    function(created(places, "a.jpg"), FakeContext())
    places.source.delete("a.jpg")
    gone = eventbridge(places, "a.jpg", "Object Deleted")
    assert function(gone, FakeContext()) == {"settled": {"removed": 1}}
    assert places.record("a.jpg")["kind"] == "tombstone"
    never = eventbridge(places, "never.jpg", "Object Deleted")
    assert function(never, FakeContext()) == {"settled": {"unchanged": 1}}


@pytest.mark.parametrize("places", ["memory"], indirect=True)
def test_only_the_messages_that_failed_go_back(
    places: Places, function: "LabelFunction", photo: bytes, monkeypatch: pytest.MonkeyPatch
):
    """A message that is no event and one whose key can't be read go back, the others are done."""
    for key in ("a.jpg", "b.jpg", "shut.jpg"):
        places.put(key, photo)
    head = type(places.source).head

    def guarded(store: Any, key: str) -> object:  # noqa: ANN401 - any store
        if key == "shut.jpg":
            raise ForbiddenError("shut.jpg may not be read")
        return head(store, key)

    monkeypatch.setattr(type(places.source), "head", guarded)
    events = [created(places, key) for key in ("a.jpg", "shut.jpg", "b.jpg")]
    answer = function(sqs(*events, "no JSON", {"Records": []}), FakeContext())
    assert sorted(returned(answer)) == ["m1", "m3"]
    assert places.names() == {"a.jpg.json", "b.jpg.json"}


@pytest.mark.parametrize("places", ["memory"], indirect=True)
def test_a_poison_image_is_recorded_and_its_message_is_done(
    places: Places, function: "LabelFunction", photo: bytes, emitted: Emitted
):
    """What can never be decoded gets a record of its failure and does not come again."""
    places.put("poison.jpg", photo[:200])
    places.put("good.jpg", photo)
    events = [created(places, key) for key in ("poison.jpg", "good.jpg")]
    for _ in range(2):
        assert function(sqs(*events), FakeContext()) == {"batchItemFailures": []}
        classes = [line for line in emitted() if "ImagesFailedByClass" in line]
        assert [line["error"] for line in classes] == ["damaged"]
    assert places.record("poison.jpg")["kind"] == "failure"
    assert places.record("good.jpg")["kind"] == "labels"


@pytest.mark.parametrize("places", ["memory"], indirect=True)
def test_a_key_that_many_messages_speak_of_is_settled_once(
    places: Places, function: "LabelFunction", photo: bytes, emitted: Emitted
):
    """Duplicates in a batch cost one settling, and those that come later one look."""
    places.put("a.jpg", photo)
    function(sqs(*[created(places, "a.jpg")] * 3), FakeContext())
    assert [line["outcome"] for line in emitted() if "outcome" in line] == ["labelled"]
    function(sqs(created(places, "a.jpg")), FakeContext())
    assert [line["outcome"] for line in emitted() if "outcome" in line] == ["unchanged"]


@pytest.mark.parametrize("places", ["memory"], indirect=True)
def test_what_finds_no_time_goes_back_before_the_end(
    places: Places, function: "LabelFunction", photo: bytes, monkeypatch: pytest.MonkeyPatch
):
    """A key that hangs and a call without any time left go back; the rest is done."""
    places.put("slow.jpg", photo)
    places.put("quick.jpg", photo)
    get = type(places.source).get

    def slow(store: Any, key: str, **options: Any) -> object:  # noqa: ANN401
        if key == "slow.jpg":
            time.sleep(7)
        return get(store, key, **options)

    monkeypatch.setattr(type(places.source), "get", slow)
    context = FakeContext(6000)
    events = [created(places, key) for key in ("slow.jpg", "quick.jpg")]
    assert returned(function(sqs(*events), context)) == ["m0"]
    assert context.get_remaining_time_in_millis() > 0
    assert places.record("quick.jpg")["kind"] == "labels"
    assert returned(function(sqs(*events), FakeContext(0))) == ["m0", "m1"]
    with pytest.raises(TransientError, match="no time left"):
        function(created(places, "quick.jpg"), FakeContext(0))


@pytest.mark.parametrize("places", ["memory"], indirect=True)
def test_what_is_not_an_image_of_the_source_is_passed_over(
    places: Places, function: "LabelFunction", emitted: Emitted
):
    """Other buckets, other folders, other files, folder markers and tests of S3 ask for nothing."""
    events = [
        {"Records": [s3_record("another", places.prefix + "a.jpg")]},
        {"Records": [s3_record(places.bucket, "elsewhere/a.jpg")]},
        created(places, "notes.txt"),
        created(places, "trip/"),
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": places.bucket},
    ]
    assert function(sqs(*events), FakeContext()) == {"batchItemFailures": []}
    assert sum(line.get("message") == "passed over" for line in emitted()) == 4
    assert places.names() == set()


@pytest.mark.parametrize("places", ["memory"], indirect=True)
def test_a_direct_event_that_is_none_fails_the_call(function: "LabelFunction"):
    """Lambda then sends it to its destination for failures."""
    with pytest.raises(EventParseError, match="no known sender"):
        function({"some": "thing"}, FakeContext())


@pytest.mark.parametrize("places", ["memory"], indirect=True)
def test_a_job_of_batch_operations_gets_a_result_for_each_task(
    places: Places, function: "LabelFunction", photo: bytes
):
    """Labelled, damaged and passed over; keys are encoded there."""
    places.put("red flower+1.jpg", photo)
    places.put("poison.jpg", b"\xff\xd8\xff")
    keys = ("red+flower%2B1.jpg", "poison.jpg", "notes.txt")
    event = {
        "invocationSchemaVersion": "1.0",
        "invocationId": "i",
        "job": {"id": "j"},
        "tasks": [
            {
                "taskId": key,
                "s3Key": places.prefix + key,
                "s3BucketArn": f"arn:aws:s3:::{places.bucket}",
            }
            for key in keys
        ],
    }
    answer = function(event, FakeContext())
    codes = {result["taskId"]: result["resultCode"] for result in answer["results"]}
    assert codes == dict(zip(keys, ("Succeeded", "PermanentFailure", "Succeeded"), strict=True))


@pytest.mark.parametrize("places", ["memory"], indirect=True)
def test_logs_name_request_and_key_and_metrics_are_embedded(
    places: Places, function: "LabelFunction", photo: bytes, emitted: Emitted
):
    """Each line is JSON; the first call is a cold start and the second is not."""
    places.put("a.jpg", photo)
    function(sqs(created(places, "a.jpg")), FakeContext(aws_request_id="r-17"))
    lines = emitted()
    # What an earlier test ran out of time for may end, and be logged, only now.
    ended = [line for line in lines if line.get("message") == "settled"]
    settled = next(line for line in ended if line["key"] == "a.jpg")
    assert settled["request_id"] == "r-17"
    assert settled["cold_start"] is True
    metrics = next(line for line in lines if "_aws" in line)
    assert metrics["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "bucketlens"
    assert metrics["ImagesLabelled"] == [1.0]
    assert metrics["ColdStart"] == [1.0]
    assert metrics["models"]
    for stage in ("InspectTime", "ReadTime", "ScoreTime", "LabelTime", "CommitTime", "SettleTime"):
        assert metrics[stage][0] > 0
    function(sqs(created(places, "a.jpg")), FakeContext())
    again = next(line for line in emitted() if "_aws" in line)
    assert again["ImagesSkipped"] == [1.0]
    assert "ColdStart" not in again


def test_the_bucket_of_the_tutorials_can_not_loop(photo: bytes, emitted: Emitted):
    """BUCKET_NAME alone takes images from uploads/ and passes over its own results."""
    from bucketlens.aws import configuration  # noqa: PLC0415
    from bucketlens.stores import open_store  # noqa: PLC0415

    read = configuration.read_configuration({"BUCKET_NAME": "pictures"})
    assert (read.source, read.out) == ("s3://pictures/uploads/", "s3://pictures")

    function = build(
        {"BUCKETLENS_SOURCE": "memory://pictures/uploads/", "BUCKETLENS_OUT": "memory://pictures"}
    )
    bucket = open_store("memory://pictures")
    bucket.put("uploads/cute_dog.jpg", photo)
    function({"Records": [s3_record("pictures", "uploads/cute_dog.jpg")]}, FakeContext())
    names = [info.key for info in bucket.list()]
    assert "metadata/cute_dog.jpg.json" in names
    emitted()
    results = [name for name in names if not name.startswith("uploads/")]
    assert any(name.endswith(".jpg") for name in results)
    function(sqs(*[{"Records": [s3_record("pictures", name)]} for name in results]), FakeContext())
    assert sum(line.get("message") == "passed over" for line in emitted()) == len(results)
    assert [info.key for info in bucket.list()] == names


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "BUCKETLENS_SOURCE and BUCKETLENS_OUT"),
        ({"BUCKETLENS_SOURCE": "memory://a"}, "BUCKETLENS_OUT"),
        ({"BUCKET_NAME": "a", "BUCKETLENS_MIN_CONFIDENCE": "200"}, "BUCKETLENS_MIN_CONFIDENCE"),
        ({"BUCKET_NAME": "a", "BUCKETLENS_MIN_CONFIDENSE": "20"}, "did you mean min_confidence"),
        ({"BUCKETLENS_SOURCE": "ftp://a", "BUCKETLENS_OUT": "memory://a"}, "ftp"),
    ],
)
def test_a_mistake_in_the_configuration_fails_the_start(environ: dict[str, str], said: str):
    """Nothing is labelled with settings that nobody meant."""
    with pytest.raises(ConfigError, match=said):
        build(environ)
