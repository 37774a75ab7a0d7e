"""A folder that must go on being the folder it was, or nothing in it is taken for gone.

A disk that is pulled out leaves an empty folder, or none, where the photos were. Each file that is
missing is missing only as long as the folder itself is the one that was there before: the same
device, and the same place on it.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, TypeVar

from bucketlens.errors import MissingError, TransientError
from bucketlens.stores import ForbiddenError, WrappedStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bucketlens.stores import Store, Verb
    from bucketlens.types import ObjectInfo

T = TypeVar("T")


class SteadySource(WrappedStore):
    """A folder of images that says TransientError, never MissingError, while it is not there.

    Args:
        store: The folder.
    """

    def __init__(self, store: Store) -> None:
        """Remember which folder it is; one that is not there now is none of which anything is."""
        super().__init__(store)
        self._lock = threading.Lock()
        self._place = _place_of(store.location)

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
        yield from super().list(prefix)
        self._check()

    def _ask(self, verb: Verb, key: str, call: Callable[[], T]) -> T:
        del key
        if verb == "put":
            self._check()
        try:
            return call()
        except ForbiddenError:
            raise
        except MissingError:
            if verb in {"head", "get"}:
                self._check()
            raise

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
