"""A folder that must go on being the folder it was, or nothing in it is taken for gone.

A disk that is pulled out leaves an empty folder, or none, where the photos were. Each file that is
missing is missing only as long as the folder itself is the one that was there before: the same
device, and the same place on it.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from bucketlens.errors import MissingError, TransientError
from bucketlens.stores import ForbiddenError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bucketlens.stores import Blob, Store
    from bucketlens.types import ObjectInfo


class SteadySource:
    """A folder of images that says TransientError, never MissingError, while it is not there.

    Args:
        store: The folder.
    """

    def __init__(self, store: Store) -> None:
        """Remember which folder it is; one that is not there now is none of which anything is."""
        self._store = store
        self._lock = threading.Lock()
        self._place = _place_of(store.location)

    @property
    def location(self) -> str:
        """The folder's real path."""
        return self._store.location

    def is_there(self) -> bool:
        """Whether the folder is the one that it was."""
        return self._place is not None and _place_of(self.location) == self._place

    def accept(self) -> bool:
        """Take the folder that is there now for the source, if it holds anything at all.

        Returns:
            Whether there is a source now.
        """
        if self.is_there():
            return True
        place = _place_of(self.location)
        if place is None or next(self._store.list(), None) is None:
            return False
        with self._lock:
            self._place = place
        return True

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """The folder's files; an error, and no end, if the folder goes meanwhile."""
        self._check()
        yield from self._store.list(prefix)
        self._check()

    def head(self, key: str) -> ObjectInfo:
        """The facts of one file."""
        try:
            return self._store.head(key)
        except ForbiddenError:
            raise
        except MissingError:
            self._check()
            raise

    def get(self, key: str, *, max_bytes: int | None = None) -> Blob:
        """The bytes of one file."""
        try:
            return self._store.get(key, max_bytes=max_bytes)
        except ForbiddenError:
            raise
        except MissingError:
            self._check()
            raise

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
        """Write one file."""
        self._check()
        return self._store.put(
            key,
            data,
            if_match=if_match,
            if_absent=if_absent,
            content_type=content_type,
            cache_control=cache_control,
        )

    def delete(self, key: str) -> None:
        """Remove one file."""
        self._store.delete(key)

    def url(self, key: str) -> str:
        """Where a file is."""
        return self._store.url(key)

    def _check(self) -> None:
        if not self.is_there():
            raise TransientError(
                f"the folder {self.location} is not there, or not the one that it was: is its disk"
                " mounted?"
            )


def _place_of(folder: str) -> tuple[int, int] | None:
    try:
        status = os.stat(folder)  # noqa: PTH116 - a path is text here
    except OSError:
        return None
    return status.st_dev, status.st_ino
