"""What the source no longer has: found by comparing listings, removed key by key, and never rashly.

Two safety stops stand before the first removal: a source that lists nothing at all, and a pass
that would remove more than a share of the records. Either is what a disk that is not mounted, a
wrong path or a lost permission looks like.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bucketlens.errors import ConfigError, MissingError
from bucketlens.names import key_hash, key_of
from bucketlens.pipeline.recording import Recorder
from bucketlens.records import RECORD_SUFFIX, Tombstone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bucketlens.stores import Store


class SeenKeys:
    """The keys of a listing in 8 bytes each: ten million take 80 MB.

    Two keys may share a hash (one chance in 10^5 for ten million keys); then a record that is an
    orphan is kept until a later pass. Nothing is ever removed on the word of a hash alone.
    """

    def __init__(self) -> None:
        """Begin with no keys."""
        self._hashes = array("Q")
        self._sorted: np.ndarray[tuple[int], np.dtype[np.uint64]] | None = None

    def __len__(self) -> int:
        """How many keys were added."""
        return len(self._hashes)

    def add(self, key: str) -> None:
        """Remember a key."""
        self._hashes.append(key_hash(key))
        self._sorted = None

    def __contains__(self, key: str) -> bool:
        """Whether a key of this hash was added."""
        if self._sorted is None:
            self._sorted = np.sort(np.frombuffer(self._hashes, dtype=np.uint64))
        wanted = np.uint64(key_hash(key))
        at = int(np.searchsorted(self._sorted, wanted))
        return at < len(self._sorted) and bool(self._sorted[at] == wanted)


@dataclass(frozen=True, slots=True)
class Sweep:
    """The comparison of one listing of the source with the records, made as often as needed.

    Attributes:
        records: The records' store.
        seen: The keys that the source's listing showed.
        unlisted: Beginnings of keys that it could not show; they are taken to be there.
    """

    records: Store
    seen: SeenKeys
    unlisted: tuple[str, ...] = ()

    def is_gone(self, key: str) -> bool:
        """Whether the listing says that there is no such image; the source itself is not asked."""
        return key not in self.seen and not key.startswith(self.unlisted)

    def orphans(self) -> Iterator[str]:
        """Keys of records whose image is gone, streamed; tombstones are none."""
        return (key for key, tombstone in self._without_image() if not tombstone)

    def check(self, source: str, max_percent: float) -> None:
        """Refuse to remove records where it is likelier that the source is not what it seems.

        Raises:
            ConfigError: The source lists nothing, or too large a share would go.
        """
        missing = sum(1 for _ in self._missing())
        if not missing:
            return
        total = sum(1 for info in self.records.list() if info.key.endswith(RECORD_SUFFIX))
        if len(self.seen) == 0 and next(self.orphans(), None) is not None:
            raise ConfigError(
                f"{source} is empty but {total:,} records stand for images in it: nothing was"
                " removed; if the images are really gone, say --allow-deletes"
            )
        if 100.0 * missing / total <= max_percent:
            return  # and some of them may be tombstones
        gone = sum(1 for _ in self.orphans())
        percent = 100.0 * gone / total
        if percent > max_percent:
            raise ConfigError(
                f"{gone:,} of {total:,} records ({percent:.0f} %) stand for images that {source}"
                f" no longer has: nothing was removed, since that is more than {max_percent:g} %;"
                " if they are really gone, say --allow-deletes",
                setting="max_delete_percent",
            )

    def _without_image(self) -> Iterator[tuple[str, bool]]:
        recorder = Recorder(self.records, None)
        for name, key in self._missing():
            yield key, isinstance(recorder.read_name(name).outlined, Tombstone)

    def _missing(self) -> Iterator[tuple[str, str]]:
        """Names and keys of what stands in the records and not in the listing; none is read."""
        for info in self.records.list():
            key = key_of(info.key, RECORD_SUFFIX)
            if key is not None and self.is_gone(key):
                yield info.key, key


def drop_tombstone(records: Store, name: str, etag: str) -> bool:
    """Remove a tombstone if it still stands.

    An image that comes back just now may lose its new record to this: whoever drops a tombstone
    settles its key once more.
    """
    try:
        if records.head(name).etag != etag:
            return False
    except MissingError:
        return False
    records.delete(name)
    return True
