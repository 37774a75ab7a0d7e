"""The catalog brought up to date with the records, whoever else is doing the same.

The manifest is read before anything else, and replaced only if it still stands: an update that
lost its race compares again and reads what has changed since. So of two that read the same record
the one that read it later can't be overtaken by the other.
"""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from bucketlens.catalog.comparing import unread
from bucketlens.catalog.composing import compose
from bucketlens.catalog.engine import CatalogError, open_engine
from bucketlens.catalog.incoming import Counts, compare, take_in
from bucketlens.catalog.manifest import MANIFEST, Manifest, read_manifest, replace_manifest
from bucketlens.catalog.pieces import Buried, Piece
from bucketlens.catalog.snapshot import SEARCHED, create_views
from bucketlens.errors import MissingError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from duckdb import DuckDBPyConnection

    from bucketlens.catalog.files import Files
    from bucketlens.catalog.pieces import Asked
    from bucketlens.catalog.spool import Spool

ATTEMPTS = 20
"""Races that one update may lose; each means that another one was done."""


class Reader(Protocol):
    """Reads records into pieces, here or in other processes."""

    def read_all(self, asked: Iterator[list[Asked]], first: int) -> Iterator[Piece]:
        """Read them; the piece at each place has the number ``first`` plus its place."""


class Refreshed(msgspec.Struct, frozen=True, kw_only=True):
    """What an update came to.

    Attributes:
        lineage: Of the catalog as it stands.
        change: Likewise.
        added: Images that are new.
        replaced: Images whose row is another.
        removed: Images that left.
        unreadable: Records that can't be read, and so are not in it.
        buried: Tombstones that were seen; none of their images is in the catalog.
    """

    lineage: str
    change: int
    added: int = 0
    replaced: int = 0
    removed: int = 0
    unreadable: int = 0
    buried: tuple[Buried, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the catalog is another than before."""
        return bool(self.added or self.replaced or self.removed)


class Update:
    """One update, tried until it wins its race.

    Args:
        files: Of the catalog.
        reader: Reads records.
        want: Makes the table ``wanted`` and says how many it holds; called anew for each try.
        spool: Records as they were put.
        handed: Records that somebody put and knows, each piece at the place that its number says;
            they count as read before what is read now, and their files go at the end.
        anew: Take nothing from what stands, and number all images anew.
    """

    def __init__(
        self,
        files: Files,
        reader: Reader,
        want: Callable[[DuckDBPyConnection], int],
        *,
        spool: Spool | None = None,
        handed: Sequence[Piece] = (),
        anew: bool = False,
    ) -> None:
        """Do nothing yet."""
        self._files = files
        self._reader = reader
        self._want = want
        self._spool = spool
        self._anew = anew
        self._pieces: list[Piece] = list(handed)

    def run(self) -> Refreshed:
        """Bring the catalog up to date.

        Raises:
            CatalogError: It can't be read.
            TransientError: The store is away, or others kept coming first.
        """
        try:
            for _ in range(ATTEMPTS):
                done = self._try()
                if done is not None:
                    return done
        finally:
            self._forget()
        raise TransientError(f"the catalog was changed by others {ATTEMPTS} times meanwhile")

    def _try(self) -> Refreshed | None:
        before, etag = self._standing()
        again = bool(self._pieces)
        with closing(open_engine()) as engine:
            create_views(engine, before, self._files, SEARCHED)
            if not self._want(engine) and not self._anew:
                return _refreshed(before, Counts(0, 0, 0, 0), ())
            if again:
                take_in(engine, self._pieces, again=True)
            fresh = self._read(engine)
            take_in(engine, self._pieces, again=again)
            counts = compare(engine)
            after = before
            if self._anew or any(counts):
                after = compose(engine, self._files, before, self._pieces, counts, anew=self._anew)
                if not replace_manifest(self._files.private, etag, after):
                    return None
        return _refreshed(after, counts, fresh)

    def _read(self, engine: DuckDBPyConnection) -> tuple[Piece, ...]:
        """Read what is wanted and was not read yet."""
        first = len(self._pieces)
        asked = unread(engine, self._spool, again=first > 0)
        for piece in self._reader.read_all(asked, first):
            self._pieces.append(piece)
        return tuple(self._pieces[first:])

    def _standing(self) -> tuple[Manifest, str | None]:
        """What the update begins with, and the version of the manifest that it is to replace."""
        private = self._files.private
        if not self._anew:
            standing = read_manifest(private)
            return standing.manifest, standing.etag
        try:
            etag = private.head(MANIFEST).etag
        except MissingError:
            return Manifest(), None
        with suppress(CatalogError):
            standing = read_manifest(private)
            return Manifest(change=standing.manifest.change), standing.etag
        return Manifest(), etag

    def _forget(self) -> None:
        """Remove what was read."""
        for piece in self._pieces:
            for path in (piece.images, piece.labels, piece.words):
                if path:
                    Path(path).unlink(missing_ok=True)


def _refreshed(after: Manifest, counts: Counts, fresh: tuple[Piece, ...]) -> Refreshed:
    return Refreshed(
        lineage=after.lineage,
        change=after.change,
        added=counts.added,
        replaced=counts.replaced,
        removed=counts.removed,
        unreadable=sum(len(piece.unreadable) for piece in fresh),
        buried=tuple(buried for piece in fresh for buried in piece.buried),
    )
