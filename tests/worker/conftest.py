"""Ministack with a bucket whose notifications go to a queue, and a bucket for outputs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from tests.servers import Server, ministack

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PHOTOS = ROOT / "examples" / "photos"


def bucketlens(server: Server, *arguments: str) -> subprocess.Popen[str]:
    """The program, started as an operator would, with the server as its S3."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "BUCKETLENS_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "bucketlens", *arguments],
        env=kept
        | server.keys
        | {
            "AWS_REGION": "us-east-1",
            "BUCKETLENS_S3_ENDPOINT": server.endpoint,
            "PYTHONPATH": str(ROOT / "src"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, list[dict[str, Any]]]:
    """Exit status, standard output, and the lines of standard error that are JSON objects."""
    output, errors = process.communicate(timeout=120)
    lines = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
    assert process.returncode in {0, 1, 75}, errors
    return process.returncode, output, lines


def client_of(server: Server, service: str) -> Any:  # noqa: ANN401 - boto3 makes its classes
    """A client of boto3."""
    return boto3.client(
        service,
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=server.keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=server.keys["AWS_SECRET_ACCESS_KEY"],
    )


@dataclass
class Cloud:
    """One bucket with notifications, its queue and dead letters."""

    server: Server
    s3: Any
    sqs: Any
    bucket: str
    queue: str
    dead: str

    def work(self, *more: str) -> tuple[int, str, list[dict[str, Any]]]:
        """Drain the queue with one worker; what it left and said."""
        return finish(bucketlens(self.server, *self.command(*more)))

    def redirect(self, route: str) -> None:
        """Have notifications come through SNS or EventBridge instead."""
        arn = arn_of(self.sqs, self.queue)
        notify = self.s3.put_bucket_notification_configuration
        if route == "sns":
            sns = client_of(self.server, "sns")
            topic = sns.create_topic(Name=self.bucket)["TopicArn"]
            sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
            kinds = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]
            configuration: dict[str, Any] = {
                "TopicConfigurations": [{"TopicArn": topic, "Events": kinds}]
            }
        else:
            bus = client_of(self.server, "events")
            pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [self.bucket]}}}
            bus.put_rule(Name=self.bucket, EventPattern=json.dumps(pattern))
            bus.put_targets(Rule=self.bucket, Targets=[{"Id": "queue", "Arn": arn}])
            configuration = {"EventBridgeConfiguration": {}}
        notify(Bucket=self.bucket, NotificationConfiguration=configuration)

    def command(self, *more: str) -> list[str]:
        """Arguments of a worker that ends when the queue is empty."""
        where = [f"s3://{self.bucket}/in", f"s3://{self.bucket}/in/out"]
        return ["worker", *where, "--queue", self.queue, "--once", *more]

    def keys(self, prefix: str = "") -> set[str]:
        """What is below a prefix of the outputs."""
        whole = f"in/out/{prefix}"
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=whole)
        return {
            entry["Key"].removeprefix(whole) for page in pages for entry in page.get("Contents", ())
        }

    def record(self, name: str) -> dict[str, Any]:
        """A record, decoded."""
        whole = f"in/out/metadata/{name}"
        found: dict[str, Any] = json.loads(
            self.s3.get_object(Bucket=self.bucket, Key=whole)["Body"].read()
        )
        return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Ministack."""
    with ministack(tmp_path_factory.mktemp("ministack")) as running:
        yield running


@pytest.fixture
def cloud(server: Server, request: pytest.FixtureRequest) -> Cloud:
    """A fresh bucket with everything around it."""
    name = f"b{abs(hash(request.node.nodeid)):x}"
    s3, sqs = client_of(server, "s3"), client_of(server, "sqs")
    s3.create_bucket(Bucket=name)
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    redrive = {"deadLetterTargetArn": arn_of(sqs, dead), "maxReceiveCount": "2"}
    queue = sqs.create_queue(
        QueueName=name, Attributes={"RedrivePolicy": json.dumps(redrive), "VisibilityTimeout": "5"}
    )["QueueUrl"]
    s3.put_bucket_notification_configuration(
        Bucket=name,
        NotificationConfiguration={
            "QueueConfigurations": [
                {
                    "QueueArn": arn_of(sqs, queue),
                    "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"],
                }
            ]
        },
    )
    return Cloud(server, s3, sqs, name, queue, dead)


def arn_of(sqs: Any, url: str) -> str:  # noqa: ANN401
    """The name of a queue that policies and notifications use."""
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])
