"""One record of an S3 notification, as Amazon S3, MinIO, RustFS and Ceph send it.

Only ``Records[]`` is read: MinIO and RustFS put a ``Key`` of their own at the top, and RustFS's is
encoded differently from the one in the record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from bucketlens.events.fields import (
    decoded_key,
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

Kind = Literal["created", "removed"]

RAW_KEY_SOURCES = frozenset({"ceph:s3"})
"""Senders that do not encode the key. All others do: Amazon S3 keeps ``/``, MinIO and RustFS
write it as ``%2F``; both come out right when decoded once."""

KINDS: dict[str, Kind | None] = {
    # Whole groups, by the part before the first colon.
    "ObjectCreated": "created",
    "ObjectRemoved": "removed",
    "LifecycleExpiration": "removed",
    "LifecycleDelMarkerExpiration": "removed",
    # MinIO and RustFS count these as creations, but the bytes stay what they were.
    "ObjectCreated:PutTagging": None,
    "ObjectCreated:DeleteTagging": None,
    "ObjectCreated:PutRetention": None,
    "ObjectCreated:PutLegalHold": None,
    # An archived object could not be read before and can be now.
    "ObjectRestore:Completed": "created",
    # Ceph's names for changes that arrive from another zone, and for its lifecycle.
    "ObjectSynced:Create": "created",
    "ObjectSynced:Delete": "removed",
    "ObjectSynced:DeletionMarkerCreated": "removed",
    "ObjectLifecycle:Expiration:Current": "removed",
    "ObjectLifecycle:Expiration:DeleteMarker": "removed",
}
"""What an event name says about the object; a full name counts before its group, and what stands
in neither way is no change of an object's bytes."""


class _Bucket(msgspec.Struct):
    name: str


class _Object(msgspec.Struct, rename="camel"):
    key: str
    size: Any = None
    e_tag: Any = None
    version_id: Any = None
    sequencer: Any = None


class _Subject(msgspec.Struct):
    bucket: _Bucket
    object: _Object


class _Record(msgspec.Struct, rename="camel"):
    event_name: str
    s3: _Subject
    event_source: Any = None
    event_time: Any = None


def kind_of(event_name: str) -> Kind | None:
    """What happened to the object's bytes: ``s3:ObjectCreated:Copy`` is ``created``.

    None for what leaves them as they are: tags, ACLs, transitions, replication, reads.
    """
    name = event_name.removeprefix("s3:")
    return KINDS[name] if name in KINDS else KINDS.get(name.partition(":")[0])


def read_record(record: Mapping[str, Any]) -> Finding:
    """One entry of ``Records``.

    Raises:
        EventParseError: The bucket, the key or the name of the event is missing or damaged.
    """
    read = read_as(record, _Record, "the record")
    kind = kind_of(read.event_name)
    if kind is None:
        return PassedOver(
            what=excerpt(read.event_name), why="it leaves the bytes of the object as they are"
        )
    found = read.s3.object
    raw = optional_text(read.event_source) in RAW_KEY_SOURCES
    return ObjectEvent(
        store=object_name(read.s3.bucket.name, "the bucket name"),
        key=object_name(found.key, "the object key") if raw else decoded_key(found.key),
        kind=kind,
        etag=optional_etag(found.e_tag),
        version=optional_text(found.version_id),
        sequencer=optional_text(found.sequencer),
        size=optional_size(found.size) if kind == "created" else None,
        time=optional_text(read.event_time),
    )
