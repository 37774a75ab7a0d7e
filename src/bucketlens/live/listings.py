"""A listing remembered in 16 bytes a key, and what the next one has that differs."""

from __future__ import annotations

from array import array
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from bucketlens.names import key_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from bucketlens.types import ObjectInfo

CHUNK = 1024
"""Keys that are compared in one go."""


class Listings:
    """The last listing of a source.

    Two versions of a key may share a mark (one chance in 10^19); reconciling finds the change.
    """

    def __init__(self) -> None:
        """Begin with nothing listed."""
        self._keys: NDArray[np.uint64] = np.empty(0, np.uint64)
        self._marks: NDArray[np.uint64] = np.empty(0, np.uint64)

    def __len__(self) -> int:
        """How many keys the last listing had."""
        return len(self._keys)

    def compare(self, objects: Iterable[ObjectInfo]) -> Comparison:
        """What another listing has that this one has not, and the other way round."""
        return Comparison(self, objects)

    def known(self, keys: NDArray[np.uint64], marks: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Whether each of some keys was listed with this mark."""
        if not len(self._keys):
            return np.zeros(len(keys), np.bool_)
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        same: NDArray[np.bool_] = (self._keys[at] == keys) & (self._marks[at] == marks)
        return same

    def missing(self, keys: NDArray[np.uint64]) -> frozenset[int]:
        """Hashes of the keys that the last listing had and these are not."""
        return frozenset(np.setdiff1d(self._keys, keys).tolist())

    def replace(self, keys: NDArray[np.uint64], marks: NDArray[np.uint64]) -> None:
        """From now on this is the last listing."""
        order = np.argsort(keys)
        self._keys, self._marks = keys[order], marks[order]


class Comparison:
    """A listing that is compared with the last one while it is read.

    Attributes:
        vanished: Hashes (``names.key_hash``) of keys that are no longer listed; right once all
            changes were read.
    """

    def __init__(self, last: Listings, objects: Iterable[ObjectInfo]) -> None:
        """Read nothing yet."""
        self.vanished: frozenset[int] = frozenset()
        self._last = last
        self._objects = iter(objects)
        self._keys = array("Q")
        self._marks = array("Q")

    def __len__(self) -> int:
        """How many keys were read so far."""
        return len(self._keys)

    def changes(self) -> Iterator[str]:
        """Keys that are new or have changed, as they are read."""
        while chunk := list(islice(self._objects, CHUNK)):
            keys = [key_hash(info.key) for info in chunk]
            marks = [key_hash(info.etag) for info in chunk]
            self._keys.extend(keys)
            self._marks.extend(marks)
            known = self._last.known(np.array(keys, np.uint64), np.array(marks, np.uint64))
            for info, same in zip(chunk, known.tolist(), strict=True):
                if not same:
                    yield info.key
        self.vanished = self._last.missing(np.frombuffer(self._keys, np.uint64))

    def accept(self) -> None:
        """Take this listing for the last one, when all of it was read."""
        self._last.replace(
            np.frombuffer(self._keys, np.uint64), np.frombuffer(self._marks, np.uint64)
        )
