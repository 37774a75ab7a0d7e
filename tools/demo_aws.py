"""Show the way of a photo through buckets and queues, on this machine and without an account.

    python -m tools.demo_aws

It starts ministack (an emulator; `make servers` installs it), makes a bucket, a queue with dead
letters and notifications, starts a worker, and then does what people do: uploads whole and in
parts, copies, awkward names, a broken file, a deletion. The site is copied to build/demo-aws.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from tests.servers import Server, ministack

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
PHOTOS = ROOT / "examples" / "photos"
SHOWN = ROOT / "build" / "demo-aws"
BUCKET = "photos"
OUT = "labels"
PATIENCE = 60.0


def main() -> int:
    """Show it all; 1 if something did not come to pass."""
    with tempfile.TemporaryDirectory() as folder, ministack(Path(folder)) as server:
        s3, sqs = _client(server, "s3"), _client(server, "sqs")
        s3.create_bucket(Bucket=BUCKET)
        s3.create_bucket(Bucket=OUT)
        queue = _queue(sqs)
        _notify(s3, sqs, queue)
        print(f"a bucket, a queue and a worker between them, at {server.endpoint}\n")
        worker = _worker(server, queue)
        try:
            done = _show(s3)
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.wait(timeout=60)
        _copy_site(s3)
    print(f"\nOpen {SHOWN.relative_to(ROOT) / 'index.html'} in a browser.")
    return 0 if done else 1


def _client(server: Server, service: str) -> Any:  # noqa: ANN401 - boto3 makes its classes
    return boto3.client(
        service,
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=server.keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=server.keys["AWS_SECRET_ACCESS_KEY"],
    )


def _queue(sqs: Any) -> str:  # noqa: ANN401
    dead = sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
    redrive = {"deadLetterTargetArn": _arn(sqs, dead), "maxReceiveCount": "5"}
    attributes = {"RedrivePolicy": json.dumps(redrive)}
    return str(sqs.create_queue(QueueName=BUCKET, Attributes=attributes)["QueueUrl"])


def _arn(sqs: Any, url: str) -> str:  # noqa: ANN401
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])


def _notify(s3: Any, sqs: Any, queue: str) -> None:  # noqa: ANN401
    kinds = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]
    target = {"QueueArn": _arn(sqs, queue), "Events": kinds}
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [target]}
    )


def _worker(server: Server, queue: str) -> subprocess.Popen[bytes]:
    kept = {name: v for name, v in os.environ.items() if not name.startswith("AWS_")}
    places = [f"s3://{BUCKET}/uploads", f"s3://{OUT}", "--queue", queue]
    print("$ bucketlens worker", *places)
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "bucketlens", "worker", *places],
        env=kept | server.keys | {"BUCKETLENS_S3_ENDPOINT": server.endpoint},
    )


def _show(s3: Any) -> bool:  # noqa: ANN401
    """Do what people do, one thing after the other, and wait for what follows."""
    zebra = (PHOTOS / "zebra.jpg").read_bytes()
    steps: list[tuple[str, str, Callable[[], object]]] = [
        ("put", "zebra.jpg", lambda: _put(s3, "zebra.jpg", zebra)),
        (
            "put under an awkward name",
            "trip 1/a+b ü%2F.jpg",
            lambda: _put(s3, "trip 1/a+b ü%2F.jpg", zebra),
        ),
        ("upload in parts", "parts.png", lambda: _parts(s3, "parts.png", PHOTOS / "chelsea.png")),
        ("copy", "copy.jpg", lambda: _copy(s3, "zebra.jpg", "copy.jpg")),
        ("put a broken file", "broken.jpg", lambda: _put(s3, "broken.jpg", zebra[:2000])),
    ]
    for what, key, act in steps:
        print(f"\n{what}: uploads/{key}")
        act()
        if not _until(lambda key=key: _told(s3, key)):
            print("    nothing came of it")
            return False
    print("\ndelete: uploads/copy.jpg")
    s3.delete_object(Bucket=BUCKET, Key="uploads/copy.jpg")
    return _until(lambda: not _names(s3, "site/images/copy.jpg"))


def _put(s3: Any, key: str, data: bytes) -> None:  # noqa: ANN401
    s3.put_object(Bucket=BUCKET, Key=f"uploads/{key}", Body=data)


def _parts(s3: Any, key: str, path: Path) -> None:  # noqa: ANN401
    where = {"Bucket": BUCKET, "Key": f"uploads/{key}"}
    where["UploadId"] = s3.create_multipart_upload(**where)["UploadId"]
    etag = s3.upload_part(**where, PartNumber=1, Body=path.read_bytes())["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    s3.complete_multipart_upload(**where, MultipartUpload=parts)


def _copy(s3: Any, key: str, to: str) -> None:  # noqa: ANN401
    s3.copy_object(Bucket=BUCKET, Key=f"uploads/{to}", CopySource=f"{BUCKET}/uploads/{key}")


def _told(s3: Any, key: str) -> bool:  # noqa: ANN401
    """Print what the record of a key says, once there is one."""
    for name in _names(s3, "metadata/"):
        record = json.loads(s3.get_object(Bucket=OUT, Key=name)["Body"].read())
        if record["source"]["key"] == key:
            labels = [f"{one['Name']} {one['Confidence']:.0f}" for one in record.get("Labels", ())]
            why = record.get("failure", {}).get("reason", "")
            print(f"    s3://{OUT}/{name}: {', '.join(labels[:5]) or why}")
            return True
    return False


def _names(s3: Any, prefix: str) -> list[str]:  # noqa: ANN401
    return [e["Key"] for e in s3.list_objects_v2(Bucket=OUT, Prefix=prefix).get("Contents", ())]


def _until(true: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


def _copy_site(s3: Any) -> None:  # noqa: ANN401
    for name in _names(s3, "site/"):
        path = SHOWN / name.removeprefix("site/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(s3.get_object(Bucket=OUT, Key=name)["Body"].read())


if __name__ == "__main__":
    sys.exit(main())
