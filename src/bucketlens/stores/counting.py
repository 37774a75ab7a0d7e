"""A store that counts what is asked of it, to tell what the same would cost elsewhere."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from bucketlens.stores.wrapping import WrappedStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bucketlens.stores.base import Store
    from bucketlens.stores.wrapping import Verb
    from bucketlens.types import ObjectInfo

T = TypeVar("T")


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


class CountingStore(WrappedStore):
    """A store whose calls are counted; one of an object that is missing is a request too."""

    def __init__(
        self, store: Store, traffic: Traffic, apart: Mapping[str, Traffic] | None = None
    ) -> None:
        """Wrap a store; what is asked of keys that begin so is counted apart."""
        super().__init__(store)
        self._traffic = traffic
        self._apart = apart or {}

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """The store's own, each object counted."""
        for info in super().list(prefix):
            self._traffic.add("list", time.monotonic())
            yield info

    def _ask(self, verb: Verb, key: str, call: Callable[[], T]) -> T:
        started = time.monotonic()
        try:
            return call()
        finally:
            self._of(key).add(verb, started)

    def _of(self, key: str) -> Traffic:
        apart = (traffic for start, traffic in self._apart.items() if key.startswith(start))
        return next(apart, self._traffic)
