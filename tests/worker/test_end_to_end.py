"""The worker as a process, with a real queue and a real bucket over HTTP."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING

import pytest
from tests.worker.conftest import PHOTOS, Cloud, bucketlens, finish

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.xdist_group("ministack")

AWKWARD = (
    "in/trip 1/a b+ü%2F.jpg",
    "in/a+b=c&d.jpg",
    "in/100%.jpg",
    "in//double.jpg",
    "in/写真/🐶.JPG",
    "in/back\\slash#?.jpg",
)


def photo(name: str = "zebra.jpg") -> bytes:
    """An example photo."""
    return (PHOTOS / name).read_bytes()


def test_images_are_labelled_however_they_arrive(cloud: Cloud):
    """Put, copied and uploaded in parts, each has its record and page; what is deleted has none."""
    s3, bucket = cloud.s3, cloud.bucket
    s3.put_object(Bucket=bucket, Key="in/put.jpg", Body=photo())
    s3.copy_object(Bucket=bucket, Key="in/copy.jpg", CopySource=f"{bucket}/in/put.jpg")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="in/parts.jpg")["UploadId"]
    part = s3.upload_part(
        Bucket=bucket, Key="in/parts.jpg", UploadId=upload, PartNumber=1, Body=photo()
    )
    s3.complete_multipart_upload(
        Bucket=bucket,
        Key="in/parts.jpg",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    s3.put_object(Bucket=bucket, Key="in/gone.jpg", Body=photo())
    s3.delete_object(Bucket=bucket, Key="in/gone.jpg")
    s3.put_object(Bucket=bucket, Key="elsewhere/other.jpg", Body=photo())
    status, _, lines = cloud.work()
    assert status == 0, lines
    assert cloud.keys("metadata/") == {"put.jpg.json", "copy.jpg.json", "parts.jpg.json"}
    assert cloud.keys("site/images/") == {"put.jpg.html", "copy.jpg.html", "parts.jpg.html"}
    assert "index.html" in cloud.keys("site/")
    assert "Zebra" in {label["Name"] for label in cloud.record("parts.jpg.json")["Labels"]}


def test_own_outputs_set_off_no_work(cloud: Cloud):
    """The outputs lie in the source, their events come too, and nothing is made of them."""
    cloud.s3.put_object(Bucket=cloud.bucket, Key="in/a.jpg", Body=photo())
    cloud.work()
    before = cloud.keys()
    assert "site/thumbs/a.jpg.jpg" in before
    status, _, lines = cloud.work()
    assert status == 0
    assert cloud.keys() == before
    assert not [line for line in lines if "key" in line]


def test_awkward_keys_keep_their_names(cloud: Cloud):
    """Each key comes through notification, queue and store as it is."""
    for key in AWKWARD:
        cloud.s3.put_object(Bucket=cloud.bucket, Key=key, Body=photo("beagle puppy.jpg"))
    status, _, lines = cloud.work()
    assert status == 0, lines
    found = {cloud.record(name)["source"]["key"] for name in cloud.keys("metadata/")}
    assert found == {key.removeprefix("in/") for key in AWKWARD}


@pytest.mark.parametrize("route", ["sns", "eventbridge"])
def test_notifications_may_come_by_other_ways(cloud: Cloud, route: str):
    """Through SNS and through EventBridge, the key arrives as it is; a delete marker too."""
    cloud.redirect(route)
    cloud.s3.put_bucket_versioning(
        Bucket=cloud.bucket, VersioningConfiguration={"Status": "Enabled"}
    )
    for key in (AWKWARD[0], AWKWARD[1], "in/gone.jpg"):
        cloud.s3.put_object(Bucket=cloud.bucket, Key=key, Body=photo("beagle puppy.jpg"))
    assert cloud.work()[0] == 0
    cloud.s3.delete_object(Bucket=cloud.bucket, Key="in/gone.jpg")
    status, _, lines = cloud.work()
    assert status == 0, lines
    assert [line["key"] for line in lines if line["message"] == "removed"] == ["gone.jpg"]
    found = {cloud.record(name)["source"]["key"] for name in cloud.keys("metadata/")}
    assert found == {key.removeprefix("in/") for key in AWKWARD[:2]}


def test_a_poison_image_is_a_failure_with_a_record(cloud: Cloud):
    """It is settled: its record says why, its message is deleted, the status tells."""
    cloud.s3.put_object(Bucket=cloud.bucket, Key="in/bad.jpg", Body=b"\xff\xd8\xff" + b"x" * 900)
    cloud.s3.put_object(Bucket=cloud.bucket, Key="in/good.jpg", Body=photo())
    status, _, _ = cloud.work()
    assert status == 1
    assert cloud.record("bad.jpg.json")["kind"] == "failure"
    assert cloud.record("good.jpg.json")["kind"] == "labels"
    assert cloud.work()[0] == 0
    assert waiting(cloud, cloud.queue) == waiting(cloud, cloud.dead) == 0


def test_a_message_that_is_no_notification_ends_among_the_dead_letters(cloud: Cloud):
    """It is given back until the queue puts it aside; others are settled beside it."""
    cloud.sqs.send_message(QueueUrl=cloud.queue, MessageBody="{not json")
    cloud.s3.put_object(Bucket=cloud.bucket, Key="in/good.jpg", Body=photo())
    status, _, lines = cloud.work()
    assert status == 75
    assert any(line["message"] == "not understood" for line in lines)
    assert cloud.keys("metadata/") == {"good.jpg.json"}
    deadline = time.monotonic() + 60
    while not waiting(cloud, cloud.dead) and time.monotonic() < deadline:
        cloud.work()
    assert waiting(cloud, cloud.dead) == 1


def test_duplicates_through_several_workers_give_one_record(cloud: Cloud):
    """Every message told three times, to two processes at once."""
    keys = [f"in/{i}.jpg" for i in range(6)]
    for key in keys:
        cloud.s3.put_object(Bucket=cloud.bucket, Key=key, Body=photo("beagle puppy.jpg"))
        record = {
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": cloud.bucket}, "object": {"key": key}},
        }
        for _ in range(2):
            cloud.sqs.send_message(
                QueueUrl=cloud.queue, MessageBody=json.dumps({"Records": [record]})
            )
    processes = [bucketlens(cloud.server, *cloud.command()) for _ in range(2)]
    ended = [finish(process) for process in processes]
    assert [status for status, _, _ in ended] == [0, 0], ended
    assert cloud.keys("metadata/") == {f"{i}.jpg.json" for i in range(6)}
    labelled = [line for _, _, lines in ended for line in lines if line["message"] == "labelled"]
    assert {line["key"] for line in labelled} == {f"{i}.jpg" for i in range(6)}


def test_a_worker_that_is_asked_to_stop_ends_in_peace(cloud: Cloud):
    """SIGTERM: status 0, what was done stands, and the index shows it."""
    cloud.s3.put_object(Bucket=cloud.bucket, Key="in/a.jpg", Body=photo())
    arguments = [word for word in cloud.command() if word != "--once"]
    process = bucketlens(cloud.server, *arguments)
    deadline = time.monotonic() + 60
    while "a.jpg.json" not in cloud.keys("metadata/") and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    status, _, lines = finish(process)
    assert status == 0
    assert lines[-1]["message"] == "ended"
    assert lines[-1]["labelled"] == 1
    index = cloud.s3.get_object(Bucket=cloud.bucket, Key="in/out/site/index.html")["Body"].read()
    assert b"a.jpg" in index


def test_a_queue_that_is_not_there_is_the_operators_to_see_to(server: Server, cloud: Cloud):
    """The message names the queue, the status is that of configuration."""
    wrong = cloud.queue + "-not"
    arguments = ["worker", f"s3://{cloud.bucket}/in", f"s3://{cloud.bucket}/out", "--queue", wrong]
    process = bucketlens(server, *arguments)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert wrong in errors


def waiting(cloud: Cloud, queue: str) -> int:
    """Messages in a queue, hidden ones too."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = cloud.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)
    return sum(int(answer["Attributes"][name]) for name in names)
