"""Calling the functions as Lambda does, and what they work on."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from bucketlens.names import output_name
from bucketlens.stores import Store

if TYPE_CHECKING:
    from bucketlens.aws.labelling import LabelFunction

Emitted = Callable[[], list[dict[str, Any]]]


@dataclass
class FakeContext:
    """A call with so many milliseconds left."""

    milliseconds: float = 60_000.0
    aws_request_id: str = "request-1"
    began: float = field(default_factory=time.monotonic)

    def get_remaining_time_in_millis(self) -> int:
        """What Lambda's own context tells."""
        return max(0, int(self.milliseconds - 1000 * (time.monotonic() - self.began)))


@dataclass(frozen=True)
class Places:
    """A source with its outputs, in memory or in a folder, as environment variables name them."""

    source: Store
    records: Store
    site: Store
    private: Store
    bucket: str
    prefix: str
    environ: Mapping[str, str]

    def put(self, key: str, data: bytes) -> None:
        """Put an image."""
        self.source.put(key, data)

    def record(self, key: str) -> dict[str, Any]:
        """The record of a key."""
        found: dict[str, Any] = json.loads(self.records.get(output_name(key, ".json")).data)
        return found

    def names(self) -> set[str]:
        """The names of all records."""
        return {info.key for info in self.records.list()}


def build(environ: Mapping[str, str]) -> "LabelFunction":
    """The label function of an environment."""
    from bucketlens.aws.labelling import build_label_function  # noqa: PLC0415

    return build_label_function(environ, began=time.perf_counter())


def s3_record(bucket: str, key: str, *, event: str = "ObjectCreated:Put") -> dict[str, Any]:
    """A record of a notification by S3; the key is encoded as S3 does it."""
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventTime": "2026-11-22T03:25:10.521Z",
        "eventName": event,
        "s3": {
            "s3SchemaVersion": "1.0",
            "bucket": {"name": bucket},
            "object": {"key": quote_plus(key, safe="/"), "sequencer": "0055AED6DCD90281E5"},
        },
    }


def sqs(*bodies: object) -> dict[str, Any]:
    """A batch of SQS with these bodies; the messages are named m0, m1 and so on."""
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "body": body if isinstance(body, str) else json.dumps(body),
                "eventSource": "aws:sqs",
            }
            for number, body in enumerate(bodies)
        ]
    }


def returned(answer: dict[str, Any]) -> list[str]:
    """The messages that an answer gives back."""
    return [entry["itemIdentifier"] for entry in answer["batchItemFailures"]]
