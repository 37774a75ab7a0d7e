"""Objects in the memory of this process, for tests and for trying things out."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from bucketlens.stores.base import Blob, ConflictError, check_size, missing
from bucketlens.types import ObjectInfo

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class _Space:
    """The objects under one name, shared by all stores that are opened on it."""

    objects: dict[str, Blob] = field(default_factory=dict)
    writes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


_SPACES: dict[str, _Space] = {}
_SPACES_LOCK = threading.Lock()


class MemoryStore:
    """Objects in a dict.

    Args:
        name: Stores of the same name share their objects; without one they are this store's own.
        prefix: The root below which keys are relative.
    """

    def __init__(self, name: str = "", prefix: str = "") -> None:
        """Open the space of this name, or a new one."""
        self._prefix = prefix
        self._location = f"memory://{name}/{prefix}".rstrip("/")
        if name:
            with _SPACES_LOCK:
                self._space = _SPACES.setdefault(name, _Space())
        else:
            self._space = _Space()

    @property
    def location(self) -> str:
        """``memory://name/prefix``."""
        return self._location

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """The objects as they are now, in the order of their keys."""
        start = self._prefix + prefix
        with self._space.lock:
            keys = sorted(key for key in self._space.objects if key.startswith(start))
        for key in keys:
            blob = self._space.objects.get(key)
            if blob is not None:
                yield self._relative(key, blob).info

    def head(self, key: str) -> ObjectInfo:
        """The facts of one object."""
        return self.get(key).info

    def get(self, key: str, *, max_bytes: int | None = None) -> Blob:
        """The object's bytes and facts."""
        blob = self._space.objects.get(self._prefix + key)
        if blob is None:
            raise missing(key, self.location)
        check_size(key, blob.info.size, max_bytes)
        return self._relative(self._prefix + key, blob)

    def put(
        self,
        key: str,
        data: bytes,
        *,
        if_match: str | None = None,
        if_absent: bool = False,
        content_type: str | None = None,  # noqa: ARG002 - nothing is served from here
        cache_control: str | None = None,  # noqa: ARG002
    ) -> str:
        """Write the object if the condition holds."""
        full = self._prefix + key
        with self._space.lock:
            before = self._space.objects.get(full)
            if if_absent and before is not None:
                raise ConflictError(f"{key!r} is there already in {self.location}")
            if if_match is not None and (before is None or before.info.etag != if_match):
                raise ConflictError(f"{key!r} has changed in {self.location}")
            self._space.writes += 1
            etag = f"{self._space.writes:x}"
            info = ObjectInfo(key=full, etag=etag, size=len(data), modified=time.time())
            self._space.objects[full] = Blob(bytes(data), info)
        return etag

    def delete(self, key: str) -> None:
        """Remove the object if it is there."""
        with self._space.lock:
            self._space.objects.pop(self._prefix + key, None)

    def url(self, key: str) -> str:
        """``memory://name/prefix/key``, percent-encoded."""
        return f"{self._location}/{quote(key, errors='surrogatepass')}"

    def _relative(self, full: str, blob: Blob) -> Blob:
        if not self._prefix:
            return blob
        info = ObjectInfo(
            key=full.removeprefix(self._prefix),
            etag=blob.info.etag,
            size=blob.info.size,
            modified=blob.info.modified,
        )
        return Blob(blob.data, info)
