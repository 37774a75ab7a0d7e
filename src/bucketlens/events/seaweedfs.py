"""The webhook of SeaweedFS's filer, which speaks of files and folders, not of buckets.

Objects lie at ``/buckets/<bucket>/<key>``, not encoded. Folders, the parts of unfinished multipart
uploads and the filer's own notes are reported too, and a rename arrives as one message.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from bucketlens.events.fields import excerpt, object_name, optional_size, read_as
from bucketlens.events.parsed import EventParseError, Finding, PassedOver
from bucketlens.types import ObjectEvent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = "/buckets/"
UPLOADS = ".uploads/"
VERSION = re.compile(r"(?s)(?P<key>.+)\.versions/v_(?P<version>[0-9a-f]{32})")
"""Where a bucket with versioning keeps the versions of a key."""


class _Attributes(msgspec.Struct):
    file_size: Any = None


class _Entry(msgspec.Struct):
    name: str
    is_directory: bool = False
    attributes: _Attributes = msgspec.field(default_factory=_Attributes)


class _Change(msgspec.Struct):
    old_entry: _Entry | None = None
    new_entry: _Entry | None = None
    new_parent_path: str = ""


class _Message(msgspec.Struct):
    key: str
    message: _Change


def is_seaweedfs(value: Mapping[str, Any]) -> bool:
    """Whether a JSON object has the frame of a filer's webhook."""
    return "event_type" in value and "message" in value and "key" in value


def read_change(value: Mapping[str, Any]) -> Iterator[Finding]:
    """What one webhook says: one finding, or two for a rename.

    The entries decide, not ``event_type``: an old one alone is gone, a new one is there, and one
    in another place has moved.

    Raises:
        EventParseError: The path or both entries are missing or damaged.
    """
    read = read_as(value, _Message, "the SeaweedFS message")
    old, new = read.message.old_entry, read.message.new_entry
    target = f"{read.message.new_parent_path.rstrip('/')}/{new.name}" if new else read.key
    if old and target != read.key:
        yield _finding(read.key, "removed", old)
    if new:
        yield _finding(target, "created", new)
    elif old:
        yield _finding(read.key, "removed", old)
    else:
        raise EventParseError("the SeaweedFS message names neither an old nor a new entry")


def _finding(path: str, kind: Literal["created", "removed"], entry: _Entry) -> Finding:
    bucket, slash, key = path.removeprefix(ROOT).partition("/")
    reason = None
    if not path.startswith(ROOT) or not slash or not key or bucket.startswith("."):
        reason = f"it lies outside of {ROOT}<bucket>/"
    elif entry.is_directory:
        reason = "it is a folder"
    elif key.startswith(UPLOADS):
        reason = "it is a part of an unfinished upload"
    if reason:
        return PassedOver(what=excerpt(path), why=reason)
    versioned = VERSION.fullmatch(key)
    return ObjectEvent(
        store=object_name(bucket, "the bucket name"),
        key=object_name(versioned["key"] if versioned else key, "the object key"),
        kind=kind,
        version=versioned["version"] if versioned else None,
        size=optional_size(entry.attributes.file_size) if kind == "created" else None,
    )
