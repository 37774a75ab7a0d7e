"""One change of an object as each sender tells it, each in another wrapping."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

if TYPE_CHECKING:
    from collections.abc import Callable


def _record(bucket: str, key: str, kind: str, sequencer: str, source: str = "aws:s3") -> str:
    """An S3 notification; the key stands in it as given."""
    name = "ObjectCreated:Put" if kind == "created" else "ObjectRemoved:Delete"
    record = {
        "eventSource": source,
        "eventName": name,
        "s3": {"bucket": {"name": bucket}, "object": {"key": key, "sequencer": sequencer}},
    }
    return json.dumps({"Records": [record]})


def s3(bucket: str, key: str, kind: str, sequencer: str) -> str:
    """Amazon S3 itself: the key is form-encoded."""
    return _record(bucket, quote_plus(key, safe="/"), kind, sequencer)


def sns(bucket: str, key: str, kind: str, sequencer: str) -> str:
    """The same through SNS."""
    return json.dumps({"Type": "Notification", "Message": s3(bucket, key, kind, sequencer)})


def eventbridge(bucket: str, key: str, kind: str, sequencer: str) -> str:
    """EventBridge: the key is as it is."""
    detail = {"bucket": {"name": bucket}, "object": {"key": key, "sequencer": sequencer}}
    name = "Object Created" if kind == "created" else "Object Deleted"
    return json.dumps({"source": "aws.s3", "detail-type": name, "detail": detail})


def minio(bucket: str, key: str, kind: str, sequencer: str) -> str:
    """MinIO: the slash is encoded too."""
    return _record(bucket, quote_plus(key, safe=""), kind, sequencer, "minio:s3")


def ceph(bucket: str, key: str, kind: str, sequencer: str) -> str:
    """Ceph: the key is as it is."""
    return _record(bucket, key, kind, sequencer, "ceph:s3")


def seaweedfs(bucket: str, key: str, kind: str, sequencer: str) -> str:
    """SeaweedFS's filer: a path, and entries that come and go."""
    del sequencer
    entry = {"name": key.rpartition("/")[2]}
    path = f"/buckets/{bucket}/{key}"
    message = (
        {"new_entry": entry, "new_parent_path": path.rpartition("/")[0]}
        if kind == "created"
        else {"old_entry": entry}
    )
    return json.dumps({"event_type": "create", "key": path, "message": message})


ROUTES: tuple[Callable[[str, str, str, str], str], ...] = (
    s3,
    sns,
    eventbridge,
    minio,
    ceph,
    seaweedfs,
)
