"""A store in front of another one, for whoever does something with each of its calls."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bucketlens.stores.base import Blob, Store
    from bucketlens.types import ObjectInfo

T = TypeVar("T")

Verb: TypeAlias = Literal["head", "get", "put", "delete"]
"""What is asked of one object."""


class WrappedStore:
    """Passes everything on; what is asked of one object goes through :meth:`_ask`.

    Args:
        store: The store behind it.
    """

    def __init__(self, store: Store) -> None:
        """Wrap a store."""
        self._store = store

    @property
    def location(self) -> str:
        """The store's own."""
        return self._store.location

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """The store's own."""
        return self._store.list(prefix)

    def head(self, key: str) -> ObjectInfo:
        """The facts of one object."""
        return self._ask("head", key, partial(self._store.head, key))

    def get(self, key: str, *, max_bytes: int | None = None) -> Blob:
        """The object's bytes and facts."""
        return self._ask("get", key, partial(self._store.get, key, max_bytes=max_bytes))

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
        call = partial(
            self._store.put,
            key,
            data,
            if_match=if_match,
            if_absent=if_absent,
            content_type=content_type,
            cache_control=cache_control,
        )
        return self._put(key, data, call)

    def delete(self, key: str) -> None:
        """Remove the object if it is there."""
        self._ask("delete", key, partial(self._store.delete, key))

    def url(self, key: str) -> str:
        """The store's own."""
        return self._store.url(key)

    def _put(self, key: str, data: bytes, call: Callable[[], str]) -> str:
        """Write an object by this call; for whoever has to know the bytes."""
        del data
        return self._ask("put", key, call)

    def _ask(self, verb: Verb, key: str, call: Callable[[], T]) -> T:
        """The answer of a call of the store behind."""
        del verb, key
        return call()
