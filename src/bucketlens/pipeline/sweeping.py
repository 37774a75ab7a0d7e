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

from bucketlens.errors import ConfigError
from bucketlens.names import key_hash, key_of
from bucketlens.pipeline.settling import RECORD_SUFFIX

if TYPE_CHECKING:
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
class Orphans:
    """Records whose image a full listing of the source did not show.

    Attributes:
        keys: Of those records.
        records: How many records there are in all.
    """

    keys: tuple[str, ...]
    records: int


def find_orphans(records: Store, seen: SeenKeys, unlisted: tuple[str, ...] = ()) -> Orphans:
    """List the records and keep the keys that were not seen in the source.

    Args:
        records: The records' store.
        seen: The keys that the source's listing showed.
        unlisted: Beginnings of keys that it could not show; they are taken to be there.
    """
    total = 0
    missing: list[str] = []
    for info in records.list():
        key = key_of(info.key, RECORD_SUFFIX)
        if key is None:
            continue
        total += 1
        if key not in seen and not key.startswith(unlisted):
            missing.append(key)
    return Orphans(tuple(missing), total)


def check_removal(orphans: Orphans, seen: SeenKeys, source: str, max_percent: float) -> None:
    """Refuse to remove records where it is more likely that the source is not what it seems.

    Raises:
        ConfigError: The source lists nothing, or too large a share would go.
    """
    if not orphans.keys:
        return
    if len(seen) == 0:
        raise ConfigError(
            f"{source} is empty but {orphans.records:,} records stand for images in it: nothing was"
            " removed; if the images are really gone, say --allow-deletes"
        )
    percent = 100.0 * len(orphans.keys) / orphans.records
    if percent > max_percent:
        raise ConfigError(
            f"{len(orphans.keys):,} of {orphans.records:,} records ({percent:.0f} %) stand for"
            f" images that {source} no longer has: nothing was removed, since that is more than"
            f" {max_percent:g} %; if they are really gone, say --allow-deletes",
            setting="max_delete_percent",
        )
