"""Amazon S3's events on EventBridge.

The key is raw there: decoding it would break ``+`` and ``%``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from bucketlens.events.fields import (
    excerpt,
    object_name,
    optional_etag,
    optional_size,
    optional_text,
    read_as,
)
from bucketlens.events.parsed import Finding, PassedOver
from bucketlens.types import ObjectEvent

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS: dict[str, Literal["created", "removed"]] = {
    "Object Created": "created",
    "Object Deleted": "removed",
    "Object Restore Completed": "created",
}
"""The detail types that change what can be read under a key. ``Object Deleted`` covers deletions,
delete markers and lifecycle expirations; a restored object can be read again."""


class _Head(msgspec.Struct):
    source: str
    detail_type: str = msgspec.field(name="detail-type")
    time: Any = None


class _Bucket(msgspec.Struct):
    name: str


class _Object(msgspec.Struct):
    key: str
    size: Any = None
    etag: Any = None
    version_id: Any = msgspec.field(name="version-id", default=None)
    sequencer: Any = None


class _Detail(msgspec.Struct):
    bucket: _Bucket
    object: _Object


class _Body(msgspec.Struct):
    detail: _Detail


def is_eventbridge(value: Mapping[str, Any]) -> bool:
    """Whether a JSON object has the frame of an EventBridge event."""
    return "detail-type" in value and "source" in value


def read_event(value: Mapping[str, Any]) -> Finding:
    """One EventBridge event.

    Raises:
        EventParseError: It is one of Amazon S3 and its bucket or key is missing or damaged.
    """
    head = read_as(value, _Head, "the EventBridge event")
    what = excerpt(head.detail_type)
    if head.source != "aws.s3":
        return PassedOver(what=what, why=f"it comes from {excerpt(head.source)}, not from aws.s3")
    kind = KINDS.get(head.detail_type)
    if kind is None:
        return PassedOver(what=what, why="it leaves the bytes of the object as they are")
    detail = read_as(value, _Body, "the EventBridge event").detail
    return ObjectEvent(
        store=object_name(detail.bucket.name, "the bucket name"),
        key=object_name(detail.object.key, "the object key"),
        kind=kind,
        etag=optional_etag(detail.object.etag),
        version=optional_text(detail.object.version_id),
        sequencer=optional_text(detail.object.sequencer),
        size=optional_size(detail.object.size) if kind == "created" else None,
        time=optional_text(head.time),
    )
