"""What packs hold, found by name, with a bounded part of them in memory."""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections import OrderedDict
from itertools import accumulate
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from bucketlens.catalog.files import Files
from bucketlens.catalog.packs.manifest import (
    FOLDER,
    MANIFEST,
    PackManifest,
    Standing,
    read_manifest,
)
from bucketlens.catalog.packs.rows import GROUP, Facts, Row, read_names, read_records
from bucketlens.errors import ConfigError, MissingError
from bucketlens.stores import ForbiddenError, is_remote

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence
    from pathlib import Path

    from bucketlens.catalog.manifest import FileFacts
    from bucketlens.catalog.packs.manifest import Pack
    from bucketlens.stores import Store

T = TypeVar("T")

FRESH_SECONDS = 1.0
"""So long a manifest that is reached over a network is not asked for again by readers."""

NAMED_ROWS = 512 * 1024
"""Rows whose names are kept in memory, about 150 bytes each."""

GROUP_BYTES = 96 * 1024 * 1024
"""Bytes of records that are kept in memory."""

STATES = 8
"""Newer states that one reading may be overtaken by: each purge removes old files at once."""

FETCHED = 16
"""Files of a remote store that are kept on disk."""


class Found(NamedTuple):
    """Where a record stands."""

    pack: Pack
    facts: Facts


class Recent(Generic[T]):
    """What was used last, within a bound on the sum of weights; not safe to share."""

    def __init__(self, most: int, drop: Callable[[T], None] = lambda _: None) -> None:
        """Hold nothing yet."""
        self._most = most
        self._drop = drop
        self._held = 0
        self._items: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], tuple[T, int]]) -> T:
        """What is held under a key, or else what is made, with its weight."""
        if key in self._items:
            self._items.move_to_end(key)
            return self._items[key][0]
        item, weight = make()
        self._items[key] = item, weight
        self._held += weight
        while self._held > self._most and len(self._items) > 1:
            old, freed = self._items.popitem(last=False)[1]
            self._held -= freed
            self._drop(old)
        return item


class _State(NamedTuple):
    """A manifest with its packs in the order of their first names."""

    standing: Standing
    firsts: list[str]
    ranked: list[tuple[int, Pack]]
    reach: list[str]

    @classmethod
    def of(cls, standing: Standing) -> _State:
        ranked = sorted(enumerate(standing.manifest.packs), key=lambda item: item[1].first)
        firsts = [pack.first for _, pack in ranked]
        return cls(standing, firsts, ranked, list(accumulate((p.last for _, p in ranked), max)))

    def candidates(self, name: str) -> list[Pack]:
        """The packs that may hold a name, newest first."""
        found: list[tuple[int, Pack]] = []
        at = bisect_right(self.firsts, name) - 1
        while at >= 0 and self.reach[at] >= name:
            if self.ranked[at][1].last >= name:
                found.append(self.ranked[at])
            at -= 1
        return [pack for _, pack in sorted(found, key=lambda item: item[0], reverse=True)]


class Packs:
    """The packs of one collection; safe to share between threads.

    Args:
        private: Where they are, below ``packs/``.
        wanted: There may be some: that their manifest may not be read is an error then.
    """

    def __init__(self, private: Store, *, wanted: bool) -> None:
        """Read nothing yet."""
        self.private = private
        self.files = Files(private, folder=FOLDER)
        self._wanted = wanted
        self._lock = threading.RLock()
        self._state: _State | None = None
        self._looked = 0.0
        self._names: Recent[dict[str, Facts]] = Recent(NAMED_ROWS)
        self._groups: Recent[list[bytes]] = Recent(GROUP_BYTES)
        self._fetched: Recent[Path] = Recent(FETCHED, lambda path: path.unlink(missing_ok=True))
        self._remote = is_remote(private.location)
        self._fresh = FRESH_SECONDS if self._remote else 0.0

    def standing(self, *, now: bool = False) -> Standing:
        """The manifest that stands; of a remote store one that stood a second ago.

        Args:
            now: Ask for it in any case.
        """
        with self._lock:
            return self._current(now=now).standing

    def took(self, standing: Standing) -> None:
        """Take note of a manifest that was put."""
        with self._lock:
            self._state = _State.of(standing)
            self._looked = time.monotonic()

    def look(self) -> bool:
        """Whether there are or were any; asked of the store in any case."""
        with self._lock:
            if self._state is not None and self._state.standing.etag is None:
                self._state = None
            return self._current(now=True).standing.etag is not None

    def settled(self, read: Callable[[Standing], T], *, now: bool = False) -> T:
        """What is read in one state; read again where its files went with a newer state.

        Raises:
            ConfigError: A file of the state that stands is missing or damaged.
        """
        return self._settled(lambda state: read(state.standing), now=now)

    def find(self, name: str, *, now: bool = False) -> Found | None:
        """Where the newest record of a name stands."""
        return self._settled(lambda state: self._find(state, name), now=now)

    def find_in(self, manifest: Standing, names: Sequence[str]) -> list[Found | None]:
        """The same for many names, in a state that was read before."""
        with self._lock:
            state = _State.of(manifest)
            return [self._find(state, name) for name in names]

    def read(self, name: str) -> Row | None:
        """The newest record of a name."""

        def read(state: _State) -> Row | None:
            found = self._find(state, name)
            return None if found is None else self.row(name, found)

        return self._settled(read, now=False)

    def row(self, name: str, found: Found) -> Row:
        """The record that was found.

        Raises:
            ConfigError: Its file is missing or damaged.
        """
        with self._lock:
            group, at = divmod(found.facts.place, GROUP)
            file = found.pack.records

            def make() -> tuple[list[bytes], int]:
                records = read_records(self.path(file), group)
                return records, sum(map(len, records))

            data = self._groups.get((file.name, group), make)[at]
            return Row(name, found.facts.etag, found.facts.modified, data)

    def names(self, pack: Pack) -> dict[str, Facts]:
        """The names of one pack."""
        with self._lock:
            file = pack.names
            return self._names.get(file.name, lambda: (read_names(self.path(file)), pack.rows))

    def path(self, file: FileFacts) -> Path:
        """Where a file can be read; of a remote store it is fetched.

        Raises:
            ConfigError: It is missing or damaged.
        """
        with self._lock:
            try:
                (path,) = self.files.paths([file])
            except ConfigError as exc:
                raise ConfigError(
                    f"{self.private.url(file.name)} holds {file.rows:,} records and is missing or"
                    " damaged: put it back; without it, take its pack out of"
                    f" {self.private.url(MANIFEST)}, and a run labels its images again"
                ) from exc
            return self._fetched.get(file.name, lambda: (path, 1)) if self._remote else path

    def _settled(self, read: Callable[[_State], T], *, now: bool) -> T:
        with self._lock:
            state = self._current(now=now)
            for _ in range(STATES):
                try:
                    return read(state)
                except ConfigError:
                    newer = self._current(now=True)
                    if newer.standing.etag == state.standing.etag:
                        raise
                    state = newer
            return read(state)

    def _find(self, state: _State, name: str) -> Found | None:
        for pack in state.candidates(name):
            facts = self.names(pack).get(name)
            if facts is not None:
                return Found(pack, facts)
        return None

    def _current(self, *, now: bool) -> _State:
        state = self._state
        asked = time.monotonic()
        if state is not None:
            if not now and asked - self._looked < self._fresh:
                return state
            if not self._wanted and state.standing.etag is None:
                return state  # a request an image would be much for what hardly ever comes
        if state is None or self._etag() != state.standing.etag:
            state = _State.of(self._read())
        self._state, self._looked = state, asked
        return state

    def _etag(self) -> str | None:
        try:
            return self.private.head(MANIFEST).etag
        except ForbiddenError:
            if self._wanted:
                raise
            return None
        except MissingError:
            return None

    def _read(self) -> Standing:
        try:
            return read_manifest(self.private)
        except ForbiddenError as exc:
            if not self._wanted:  # a door that was never told of packs may have no right to look
                return Standing(PackManifest(), None)
            raise ConfigError(f"{self.private.url(MANIFEST)} may not be read") from exc


def rows_of(packs: Packs, pack: Pack) -> Iterator[Row]:
    """All rows of a pack, in the order of their names."""
    for name, facts in packs.names(pack).items():
        yield packs.row(name, Found(pack, facts))
