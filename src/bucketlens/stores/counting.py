"""A store that counts what is asked of it, to tell what the same would cost elsewhere."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bucketlens.stores.base import Blob, Store
    from bucketlens.types import ObjectInfo


@dataclass(slots=True)
class Traffic:
    """What was asked of one or more stores; safe to share between threads.

    Attributes:
        calls: Of each verb; of ``list`` the objects that were shown, since a page holds many.
        seconds: That the calls of each verb took, waiting included.
    """

    calls: Counter[str] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, verb: str, started: float) -> None:
        """Count a call that began then, by ``time.monotonic``."""
        took = time.monotonic() - started
        with self._lock:
            self.calls[verb] += 1
            self.seconds[verb] += took  # type: ignore[assignment]  # a Counter adds any number

    def copy(self) -> Traffic:
        """What was counted until now."""
        with self._lock:
            return Traffic(self.calls.copy(), self.seconds.copy())

    def since(self, before: Traffic) -> Traffic:
        """What was counted after an earlier copy."""
        now = self.copy()
        return Traffic(now.calls - before.calls, now.seconds - before.seconds)


class CountingStore:
    """A store whose calls are counted; all else passes through."""

    def __init__(
        self, store: Store, traffic: Traffic, apart: Mapping[str, Traffic] | None = None
    ) -> None:
        """Wrap a store; what is asked of keys that begin so is counted apart."""
        self._store = store
        self._traffic = traffic
        self._apart = apart or {}

    @property
    def location(self) -> str:
        """The store's own."""
        return self._store.location

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """The store's own, each object counted."""
        for info in self._store.list(prefix):
            self._traffic.add("list", time.monotonic())
            yield info

    def head(self, key: str) -> ObjectInfo:
        """The facts of one object; one that is missing costs a request too."""
        started = time.monotonic()
        try:
            return self._store.head(key)
        finally:
            self._of(key).add("head", started)

    def get(self, key: str, *, max_bytes: int | None = None) -> Blob:
        """The object's bytes and facts."""
        started = time.monotonic()
        try:
            return self._store.get(key, max_bytes=max_bytes)
        finally:
            self._of(key).add("get", started)

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
        """Write the object."""
        started = time.monotonic()
        try:
            return self._store.put(
                key,
                data,
                if_match=if_match,
                if_absent=if_absent,
                content_type=content_type,
                cache_control=cache_control,
            )
        finally:
            self._of(key).add("put", started)

    def delete(self, key: str) -> None:
        """Remove the object if it is there."""
        started = time.monotonic()
        try:
            self._store.delete(key)
        finally:
            self._of(key).add("delete", started)

    def url(self, key: str) -> str:
        """The store's own."""
        return self._store.url(key)

    def _of(self, key: str) -> Traffic:
        apart = (traffic for start, traffic in self._apart.items() if key.startswith(start))
        return next(apart, self._traffic)
