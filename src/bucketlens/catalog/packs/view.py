"""Loose records over packs, as one store: whoever reads and writes records need not know.

What stands loose (one file a record) holds; packs are the layer below it. So each name has one
object that decides every race, as without packs: a conditional put succeeds or fails by the loose
one. An object of its own kind (:data:`VOID`) says that a record which a pack still holds is gone.
"""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from bucketlens.catalog.engine import open_engine, quoted
from bucketlens.catalog.packs.rows import readable
from bucketlens.errors import InputError, MissingError
from bucketlens.stores import Blob, ConflictError, ForbiddenError
from bucketlens.stores.base import check_size, missing
from bucketlens.types import ObjectInfo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    from duckdb import DuckDBPyConnection

    from bucketlens.catalog.packs.manifest import Standing
    from bucketlens.catalog.packs.packs import Found, Packs
    from bucketlens.catalog.packs.rows import Row
    from bucketlens.stores import Store

if TYPE_CHECKING:

    class _Put(Protocol):
        """Puts a loose record on a condition."""

        def __call__(self, *, match: str | None = None, absent: bool = False) -> str:
            """Its etag."""


VOID = b'{"kind":"void"}'
"""Stands loose where a pack holds a record that is gone."""

SLICE = 16_384
"""Entries of a listing that are handed over at once."""


class PackedStore:
    """Loose records over packs.

    Args:
        loose: One object a record.
        packs: The layer below.
        listed: The loose ones too, but where there are packs, a folder that is not there is empty.
    """

    def __init__(self, loose: Store, packs: Packs, listed: Store | None = None) -> None:
        """Read nothing yet."""
        self.loose = loose
        self.packs = packs
        self._listed = listed or loose

    @property
    def location(self) -> str:
        """That of the loose records."""
        return self.loose.location

    def url(self, key: str) -> str:
        """Where a loose record is, or would be."""
        return self.loose.url(key)

    def head(self, key: str) -> ObjectInfo:
        """The facts of one record."""
        info = self._loose_head(key)
        if info is not None:
            if info.size == len(VOID) and self.is_void(key):
                raise missing(key, self.location)
            return info
        found = self.packs.find(key)
        if found is None:
            raise missing(key, self.location)
        return _info(key, found)

    def get(self, key: str, *, max_bytes: int | None = None) -> Blob:
        """The bytes and facts of one record."""
        blob = self._loose_get(key, max_bytes)
        if blob is not None:
            if blob.data == VOID:
                raise missing(key, self.location)
            return blob
        row = self.packs.read(key)
        if row is None:
            raise missing(key, self.location)
        check_size(key, len(row.data), max_bytes)
        return Blob(row.data, _row_info(row))

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
        """Write one loose record, if the condition holds for what both layers show."""
        if data == VOID:
            raise InputError(f"{key!r} can't be {VOID!r}: that stands for what is gone")

        def put(*, match: str | None = None, absent: bool = False) -> str:
            return self.loose.put(
                key,
                data,
                if_match=match,
                if_absent=absent,
                content_type=content_type,
                cache_control=cache_control,
            )

        if if_absent:
            return self._create(key, put)
        if if_match is None:
            return put()
        found = self.packs.find(key, now=True)
        if found is not None and found.facts.etag == if_match:
            try:
                return put(absent=True)
            except ConflictError:
                pass  # a loose one may have the same etag while it moves into a pack
        return put(match=if_match)

    def _create(self, key: str, put: _Put) -> str:
        """Put where neither layer shows anything."""
        if self.packs.find(key, now=True) is None:
            try:
                return put(absent=True)
            except ConflictError:
                pass  # it may be a void that outlived its pack
        blob = self._loose_get(key, None)
        if blob is None or blob.data != VOID:
            raise ConflictError(f"{key!r} is there already in {self.location}")
        return put(match=blob.info.etag)

    def delete(self, key: str) -> None:
        """Remove one record from what is shown; what a pack holds of it goes with the pack."""
        if self.packs.find(key, now=True) is None:
            self.loose.delete(key)
        else:
            self.loose.put(key, VOID, content_type="application/json")

    def takes(self, key: str) -> bool:
        """Whether nothing stands loose under a name, so that a pack may hold its record."""
        return self._loose_head(key) is None

    def is_void(self, key: str) -> bool:
        """Whether what stands loose says that a packed record is gone."""
        blob = self._loose_get(key, None)
        return blob is not None and blob.data == VOID

    def list_loose(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """What stands loose, with what says that a packed record is gone."""
        return self._listed.list(prefix)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """What both layers show, sorted by name where there are packs."""
        if not self.packs.look():
            yield from self.loose.list(prefix)
            return
        with closing(open_engine()) as engine:
            self._take_loose(engine, prefix)
            self._take_packed(engine)
            rows = engine.execute(
                "SELECT name, etag, size, modified FROM loose WHERE etag IS NOT NULL UNION ALL"
                " SELECT name, max_by(etag, rank), max_by(size, rank), max_by(modified, rank)"
                " FROM packed WHERE starts_with(name, ?) AND name NOT IN (SELECT name FROM loose)"
                " GROUP BY name ORDER BY name",
                [prefix],
            )
            while some := rows.fetchmany(SLICE):
                for name, etag, size, modified in some:
                    yield ObjectInfo(key=name, etag=etag, size=size, modified=modified)

    def _take_loose(self, engine: DuckDBPyConnection, prefix: str) -> None:
        """Make the table ``loose``; what is void has no etag in it."""
        engine.execute(
            "CREATE TABLE loose (name VARCHAR, etag VARCHAR, size BIGINT, modified DOUBLE)"
        )
        infos = self.list_loose(prefix)
        while some := list(islice(infos, SLICE)):
            void = {i.key for i in some if i.size == len(VOID) and self.is_void(i.key)}
            columns = {
                "name": np.array([info.key for info in some], dtype=object),
                "etag": np.array([info.etag for info in some], dtype=object),
                "size": np.array([info.size for info in some]),
                "modified": np.array([info.modified for info in some]),
                "void": np.array([info.key in void for info in some]),
            }
            engine.register("given", columns)
            engine.execute(
                "INSERT INTO loose SELECT name, CASE WHEN void THEN NULL ELSE etag END, size,"
                " modified FROM given"
            )
            engine.unregister("given")

    def _take_packed(self, engine: DuckDBPyConnection) -> None:
        """Make the table ``packed`` of all rows, of which that with the highest rank holds."""

        def take(standing: Standing) -> None:
            engine.execute(
                "CREATE OR REPLACE TABLE packed"
                " (name VARCHAR, etag VARCHAR, size BIGINT, modified DOUBLE, rank BIGINT)"
            )
            for rank, pack in enumerate(standing.manifest.packs):
                path = self.packs.path(pack.names)
                with readable(path):
                    engine.execute(
                        f"INSERT INTO packed SELECT name, etag, size, modified, {rank}"
                        f" FROM read_parquet({quoted(str(path))})"
                    )

        self.packs.settled(take, now=True)

    def _loose_head(self, key: str) -> ObjectInfo | None:
        try:
            return self.loose.head(key)
        except ForbiddenError:
            raise
        except MissingError:
            return None

    def _loose_get(self, key: str, max_bytes: int | None) -> Blob | None:
        try:
            return self.loose.get(key, max_bytes=max_bytes)
        except ForbiddenError:
            raise
        except MissingError:
            return None


def _info(key: str, found: Found) -> ObjectInfo:
    facts = found.facts
    return ObjectInfo(key=key, etag=facts.etag, size=facts.size, modified=facts.modified)


def _row_info(row: Row) -> ObjectInfo:
    return ObjectInfo(key=row.name, etag=row.etag, size=len(row.data), modified=row.modified)
