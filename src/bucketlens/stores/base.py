"""What a store is: six verbs on objects below one root, the same for folders and buckets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from bucketlens.errors import BucketlensError, MissingError, TooLargeError, TransientError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bucketlens.types import ObjectInfo


@dataclass(frozen=True, slots=True)
class Blob:
    """An object's bytes with the facts of exactly these bytes."""

    data: bytes
    info: ObjectInfo


@dataclass(frozen=True, slots=True)
class ListingIssue:
    """A part of a store that a listing could not show.

    Nothing is known about the keys that begin with ``prefix``: who compares a listing with
    records must not take them for gone.

    Attributes:
        prefix: Beginning of the keys that are not shown; of a folder it ends in ``/``.
        reason: A sentence for people.
    """

    prefix: str
    reason: str


class ConflictError(BucketlensError):
    """A conditional put lost: the object is not, or no longer, what the caller said."""

    code: ClassVar[str] = "conflict"
    http_status: ClassVar[int] = 409


class ForbiddenError(MissingError):
    """The object may be there, but it may not be read; it must not be taken for gone."""


class ThrottledError(TransientError):
    """The store asks for fewer requests."""


class ClockError(TransientError):
    """The store says that the time of a request is too far from its own.

    A request that waited while its machine slept looks the same as one of a machine whose clock is
    wrong; the next try tells them apart.
    """


class Store(Protocol):
    """Objects below one root. Keys are relative to it; every verb may be called by many threads.

    All raise TransientError where the same call may work later, and ConfigError where the
    operator must change something first (no such bucket, no right to write, a full disk).
    """

    @property
    def location(self) -> str:
        """The root as a path or URL, as messages and events show it."""
        ...

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Stream the objects whose keys begin with ``prefix``.

        Memory stays bounded by a page or a folder. Objects that come or go meanwhile may or may
        not be shown. Folders, memory and Amazon S3 sort by key (code points); not all servers
        that speak S3 do, so no caller may count on it.

        Raises:
            ConfigError: The root itself is not there; an empty one gives nothing.
        """
        ...

    def head(self, key: str) -> ObjectInfo:
        """The facts of one object.

        Raises:
            MissingError: There is no such object.
            ForbiddenError: It may be there, but may not be read.
        """
        ...

    def get(self, key: str, *, max_bytes: int | None = None) -> Blob:
        """The bytes of one object together with their own etag.

        Raises:
            MissingError: There is no such object.
            ForbiddenError: It may be there, but may not be read.
            TooLargeError: It has more than ``max_bytes``; they were not read.
        """
        ...

    def put(
        self,
        key: str,
        data: bytes,
        *,
        if_match: str | None = None,
        if_absent: bool = False,
        content_type: str | None = None,
        cache_control: str | None = None,
    ) -> str:
        """Write one object at once, so that a reader sees the old or the new bytes; its new etag.

        Args:
            key: Where.
            data: The whole content.
            if_match: Only if the object still has this etag.
            if_absent: Only if there is no such object.
            content_type: Kept and served by stores that can.
            cache_control: Kept and served by stores that can.

        Raises:
            ConflictError: The condition does not hold.
            InputError: The store can't hold an object of this name.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove one object; fine if there is none."""
        ...

    def url(self, key: str) -> str:
        """Where the object is, for people and for other programs of the operator."""
        ...


def check_size(key: str, size: int, max_bytes: int | None) -> None:
    """Raise TooLargeError for an object over the limit."""
    if max_bytes is not None and size > max_bytes:
        raise TooLargeError(
            f"{key!r} has {size:,} bytes, more than the {max_bytes:,} that are read",
            setting="max_bytes",
        )


def missing(key: str, location: str) -> MissingError:
    """The error for an object that is not there."""
    return MissingError(f"there is no object {key!r} in {location}")


def is_remote(location: str) -> bool:
    """Whether a store that says it is there is reached over a network."""
    return "://" in location and not location.startswith("memory://")


def replace_document(store: Store, name: str, before: str | None, data: bytes) -> str | None:
    """Put JSON in the place of what was read.

    Args:
        store: Where.
        name: Its key.
        before: Etag of what was read; None where nothing was there.
        data: The whole document.

    Returns:
        Its etag, or None when somebody else's came first.
    """
    try:
        return store.put(
            name,
            data,
            if_match=before,
            if_absent=before is None,
            content_type="application/json",
        )
    except ConflictError:
        return None
