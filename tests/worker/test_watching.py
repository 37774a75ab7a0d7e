"""``bucketlens watch`` on a bucket over HTTP: its queue, its listings, and a stop."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from tests.live.waiting import wait_until
from tests.worker.conftest import PHOTOS, Cloud, bucketlens, finish

if TYPE_CHECKING:
    import subprocess

pytestmark = pytest.mark.xdist_group("ministack")

AWKWARD = "in/trip 1/a b+ü%2F.jpg"


def start(cloud: Cloud, *more: str) -> subprocess.Popen[str]:
    """The program, watching the bucket."""
    where = [f"s3://{cloud.bucket}/in", f"s3://{cloud.bucket}/in/out"]
    return bucketlens(cloud.server, "watch", *where, "--detector", "none", *more)


@pytest.mark.parametrize("way", ["queue", "listings"])
def test_a_bucket_labels_itself(cloud: Cloud, way: str):
    """What was there, what comes and what goes, under its own key; the messages are deleted."""
    photo = (PHOTOS / "zebra.jpg").read_bytes()
    cloud.s3.put_object(Bucket=cloud.bucket, Key="in/old.jpg", Body=photo)
    options = ["--queue", cloud.queue] if way == "queue" else ["--set", "poll_seconds=0.2"]
    process = start(cloud, *options)
    try:
        wait_until(lambda: "old.jpg.json" in cloud.keys("metadata/"))
        cloud.s3.put_object(Bucket=cloud.bucket, Key=AWKWARD, Body=photo)
        wait_until(lambda: len(cloud.keys("metadata/")) == 2)
        cloud.s3.delete_object(Bucket=cloud.bucket, Key="in/old.jpg")
        wait_until(lambda: "old.jpg.html" not in cloud.keys("site/images/"))
        if way == "queue":
            wait_until(lambda: waiting(cloud) == 0)
    finally:
        process.send_signal(signal.SIGTERM)
    status, _, lines = finish(process)
    assert status == 0, lines
    assert lines[-1]["message"] == "ended"
    assert lines[-1]["whole"]
    (name,) = (name for name in cloud.keys("metadata/") if not name.startswith("old"))
    record = cloud.record(name)
    assert record["source"]["key"] == AWKWARD.removeprefix("in/")
    assert "Zebra" in {label["Name"] for label in record["Labels"]}
    labelled = [line["key"] for line in lines if line["message"] == "labelled"]
    assert sorted(labelled) == ["old.jpg", AWKWARD.removeprefix("in/")]


def waiting(cloud: Cloud) -> int:
    """Messages in the queue, hidden ones too."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = cloud.sqs.get_queue_attributes(QueueUrl=cloud.queue, AttributeNames=names)
    return sum(int(answer["Attributes"][name]) for name in names)
