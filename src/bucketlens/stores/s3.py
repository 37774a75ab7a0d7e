"""Buckets of Amazon S3 and of what speaks like it.

Bytes go through obstore. Listings and the few keys that obstore can't hold go through boto3; see
the two modules for why. Neither tries again by itself: what is transient is counted and limited
in one place, :mod:`bucketlens.stores.retries`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketlens.errors import InputError
from bucketlens.stores.base import missing
from bucketlens.stores.boto import BotoObjects
from bucketlens.stores.objects import MAX_KEY_BYTES, ObjectStore, is_plain
from bucketlens.stores.reach import Reach, S3Options
from bucketlens.stores.retries import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bucketlens.stores.base import Blob
    from bucketlens.types import ObjectInfo


class S3Store:
    """Objects below a prefix of a bucket.

    Args:
        bucket: Its name.
        prefix: Of all keys, with its trailing slash.
        options: How it is reached.
        retry: For the pages of listings.
    """

    def __init__(
        self,
        bucket: str,
        prefix: str = "",
        *,
        options: S3Options | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        """Prepare both ways to the bucket; nothing is asked of it yet."""
        reach = Reach(bucket, options or S3Options())
        self._prefix = prefix
        self._plain = ObjectStore(
            reach.backend(), location=f"s3://{bucket}/{prefix}".rstrip("/"), prefix=prefix
        )
        self._boto = BotoObjects(
            reach.client,
            bucket=bucket,
            prefix=prefix,
            retry=retry or RetryPolicy(),
            requester_pays=reach.options.requester_pays,
        )

    @property
    def location(self) -> str:
        """``s3://bucket/prefix``."""
        return self._plain.location

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """The objects whose keys begin with ``prefix``; Amazon's come sorted by key."""
        return self._boto.list(prefix)

    def head(self, key: str) -> ObjectInfo:
        """The facts of one object."""
        if is_plain(self._prefix + key):
            return self._plain.head(key)
        self._check(key, reading=True)
        return self._boto.head(key)

    def get(self, key: str, *, max_bytes: int | None = None) -> Blob:
        """The object's bytes and facts."""
        if is_plain(self._prefix + key):
            return self._plain.get(key, max_bytes=max_bytes)
        self._check(key, reading=True)
        return self._boto.get(key, max_bytes=max_bytes)

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
        """Write the object in one request."""
        if is_plain(self._prefix + key):
            return self._plain.put(
                key,
                data,
                if_match=if_match,
                if_absent=if_absent,
                content_type=content_type,
                cache_control=cache_control,
            )
        self._check(key, reading=False)
        headers = {
            "IfMatch": if_match,
            "IfNoneMatch": "*" if if_absent else None,
            "ContentType": content_type,
            "CacheControl": cache_control,
        }
        return self._boto.put(key, data, headers)

    def delete(self, key: str) -> None:
        """Remove the object if it is there."""
        if is_plain(self._prefix + key):
            self._plain.delete(key)
        elif self._is_name(key):
            self._boto.delete(key)

    def url(self, key: str) -> str:
        """``s3://bucket/prefix/key``, not percent-encoded, as AWS's own tools write it."""
        return self._plain.url(key)

    def _is_name(self, key: str) -> bool:
        """Whether S3 can have an object of this name: text, not empty and not too long."""
        try:
            return bool(key) and len((self._prefix + key).encode()) <= MAX_KEY_BYTES
        except UnicodeEncodeError:
            return False

    def _check(self, key: str, *, reading: bool) -> None:
        if self._is_name(key):
            return
        if reading:
            raise missing(key, self.location)
        raise InputError(f"S3 can't hold an object named {key!r}")
