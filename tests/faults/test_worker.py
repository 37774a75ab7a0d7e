"""A worker whose bucket and queue are disturbed alike leaves what an undisturbed run leaves."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e.conftest import Cli
from tests.faults.conftest import client_of
from tests.faults.mishaps import Misfortune, Mishap
from tests.faults.proxy import disturbing
from tests.faults.test_passes import ROUNDS, SEED, SHARE, Doors, assert_same, picture

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers import Server

pytestmark = pytest.mark.xdist_group("ministack")

BUCKET = "faulty"
MESSAGES = 24


def told(key: str) -> str:
    """A notification about a key."""
    subject = {"bucket": {"name": BUCKET}, "object": {"key": key}}
    record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": subject}
    return json.dumps({"Records": [record]})


def new_queue(cloud: Server, name: str) -> str:
    """A queue whose messages are visible again soon, with dead letters; its URL."""
    sqs = client_of(cloud, "sqs")
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
    redrive = {
        "deadLetterTargetArn": attributes["Attributes"]["QueueArn"],
        "maxReceiveCount": "1000",
    }
    url: str = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": json.dumps(redrive)})[
        "QueueUrl"
    ]
    return url


def left(sqs: Any, queue: str) -> int:  # noqa: ANN401 - boto3 makes its classes
    """Messages in a queue, hidden ones too."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    answer = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)
    return sum(int(answer["Attributes"][name]) for name in names)


@pytest.mark.slow
@pytest.mark.timeout(300 + 120 * ROUNDS)
def test_a_disturbed_worker_ends_like_an_undisturbed_run(
    cloud: Server, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Every message is settled in the end, though its worker may have to be called again."""
    cloud.set_variables(monkeypatch)
    doors = Doors(Cli(tmp_path, root / "src"), cloud)
    s3, sqs = client_of(cloud, "s3"), client_of(cloud, "sqs")
    s3.create_bucket(Bucket=BUCKET)
    keys = [f"in/roll {i % 2}/{i}.jpg" for i in range(MESSAGES)] + ["in//double.jpg", "in/bad.jpg"]
    for seed, key in enumerate(keys):
        s3.put_object(Bucket=BUCKET, Key=key, Body=picture(seed) if "bad" not in key else b"bad")
    source = f"s3://{BUCKET}/in"
    assert doors.call(cloud, "run", source, f"s3://{BUCKET}/quiet").returncode == 1
    undisturbed = doors.state(f"s3://{BUCKET}/quiet")
    with disturbing(cloud) as proxy:
        for seed in range(SEED, SEED + ROUNDS):
            queue, out = new_queue(cloud, f"faulty-{seed}"), f"s3://{BUCKET}/out-{seed}"
            for key in keys:
                sqs.send_message(QueueUrl=queue, MessageBody=told(key))
            proxy.misfortune = Misfortune(share=SHARE, seed=seed)
            words = ("worker", source, out, "--queue", proxy.through(queue), "--once")
            end = time.monotonic() + 240
            while True:
                done = doors.call(proxy.server, *words)
                assert done.returncode in {0, 1, 75}, done.stderr
                if not left(sqs, queue) or time.monotonic() > end:
                    break
            assert left(sqs, queue) == 0, done.stderr
            assert proxy.misfortune.count[Mishap.BUSY] > 0
            lines = [json.loads(line) for line in done.stderr.splitlines() if line[:1] == "{"]
            assert lines[-1]["message"] == "ended"
            assert lines[-1]["store_retries"] >= 0
            assert "bug" not in {line["message"] for line in lines}
            assert_same(doors.state(out), undisturbed)
