"""The catalog of one collection: kept up to date, and asked."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from bucketlens.catalog.checking import Checked, check
from bucketlens.catalog.comparing import want_listed, want_named
from bucketlens.catalog.files import Files
from bucketlens.catalog.manifest import read_manifest
from bucketlens.catalog.merging import merge_all, merge_tiers
from bucketlens.catalog.outdated import Outdated
from bucketlens.catalog.pieces import PieceReader
from bucketlens.catalog.purging import purge
from bucketlens.catalog.snapshot import Snapshot
from bucketlens.catalog.spool import Spool
from bucketlens.catalog.sweeping import sweep
from bucketlens.catalog.updating import Update
from bucketlens.names import encode_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from bucketlens.catalog.pieces import Asked, Piece
    from bucketlens.catalog.updating import Reader, Refreshed
    from bucketlens.stores import Store


class MakesReader(Protocol):
    """Makes what reads many records at once."""

    def __call__(self, files: Files, spool: Spool, *, keep_scores: bool) -> Reader:
        """For one update, or one check."""


class Catalog:
    """What all records of a collection say.

    Several processes may keep it at once: that costs work and never harm.

    Args:
        private: Where it is kept, below ``catalog/``.
        records: The records.
        reader: Makes what reads many records at once; without one this process reads them.
        clock: Gives the time, seconds since the epoch.
    """

    def __init__(
        self,
        private: Store,
        records: Store,
        *,
        reader: MakesReader | None = None,
        clock: Callable[[], float],
    ) -> None:
        """Open nothing yet."""
        self.spool = Spool()
        self._handed: list[Piece] = []
        self._records = records
        self._files = Files(private)
        self._clock = clock
        self._reader = reader

    @property
    def scratch(self) -> Path:
        """A folder that goes with this object, for pieces that other processes hand over."""
        return self._files.scratch

    def hand(self, piece: Piece) -> None:
        """Take records that somebody put and knows, for the next comparison with the listing.

        Args:
            piece: Its number is that of pieces that were handed over before.
        """
        self._handed.append(piece)

    def refresh(self, keys: Iterable[str] | None = None) -> Refreshed:
        """Bring the catalog up to date with the records.

        Args:
            keys: Of the images whose records may have changed; without, the listing of the records
                is compared with the catalog.

        Raises:
            CatalogError: It can't be read; :meth:`rebuild` makes it anew.
            TransientError: The store is away, or others kept coming first.
        """
        names = None if keys is None else [encode_name(key) for key in keys]
        done = self._update(names, anew=False)
        if done.changed:
            merge_tiers(self._files)
            sweep(self._files.private, self._clock())
        return done

    def rebuild(self) -> Refreshed:
        """Make the catalog from the records alone, whatever stands."""
        done = self._update(None, anew=True)
        sweep(self._files.private, self._clock())
        return done

    def compact(self) -> None:
        """Merge all segments into one, and drop what no longer holds from all files."""
        merge_all(self._files)
        sweep(self._files.private, self._clock())

    def purge(self, keys: Sequence[str]) -> Refreshed:
        """Leave no row of images that are gone in any file, an old one or a new one.

        All is written anew, so this takes as long as :meth:`compact`.
        """
        return purge(self._files, keys, lambda names: self._update(names, anew=False))

    @contextmanager
    def compared(self) -> Iterator[DuckDBPyConnection]:
        """The tables, and a table ``wanted``: names of records that are not as they show them.

        Raises:
            CatalogError: A file is missing or damaged.
            TransientError: The store is away.
        """
        with self.snapshot().connect() as engine:
            want_listed(engine, self._records.list())
            yield engine

    @contextmanager
    def outdated(self, listed: Callable[[], Path] | None = None) -> Iterator[Outdated]:
        """What a view can ask of the rows whose records are as they show them.

        Args:
            listed: Waits for another process that lists the records, and gives the file that it
                wrote (:func:`bucketlens.catalog.listing.write_listing`).

        Raises:
            CatalogError: A file is missing or damaged.
            TransientError: The store is away.
        """
        snapshot = self.snapshot()
        with snapshot.connect() as engine:
            want_listed(engine, listed() if listed else self._records.list())
            yield Outdated(engine, snapshot.score_files())

    def check(self) -> Checked:
        """Compare the catalog with the records, each of which is read.

        Raises:
            CatalogError: The manifest can't be read.
            TransientError: The store is away.
        """
        manifest = read_manifest(self._files.private).manifest
        reader = self._open_reader(keep_scores=False)
        return check(manifest, self._files, reader, self._records.list())

    def snapshot(self) -> Snapshot:
        """The state as it stands; an empty one where there is no catalog.

        Raises:
            CatalogError: The manifest is damaged.
            TransientError: The store is away.
        """
        return Snapshot(read_manifest(self._files.private).manifest, self._files)

    def close(self) -> None:
        """Remove temporary files."""
        self.spool.clear()
        self._files.close()

    def _update(self, names: list[str] | None, *, anew: bool) -> Refreshed:
        def want(engine: DuckDBPyConnection) -> int:
            if names is None:
                return want_listed(engine, self._records.list())
            return want_named(engine, names)

        reader = self._open_reader(keep_scores=True)
        handed: list[Piece] = []
        if names is None and not anew:
            handed, self._handed = self._handed, []
        update = Update(self._files, reader, want, spool=self.spool, handed=handed, anew=anew)
        done = update.run()
        if names is None:
            self.spool.clear()
        return done

    def _open_reader(self, *, keep_scores: bool) -> Reader:
        if self._reader is not None:
            return self._reader(self._files, self.spool, keep_scores=keep_scores)
        return OwnReader(self._records, self._files, self.spool, keep_scores=keep_scores)


class OwnReader:
    """Reads records in this process."""

    def __init__(self, records: Store, files: Files, spool: Spool, *, keep_scores: bool) -> None:
        """Hold the stores."""
        self._keep_scores = keep_scores
        self._records = records
        self._files = files
        self._spool = spool

    def read_all(self, asked: Iterator[list[Asked]], first: int) -> Iterator[Piece]:
        """Read them, one piece after the other."""
        reader = PieceReader(
            self._records, self._files, self._spool.path, keep_scores=self._keep_scores
        )
        for number, some in enumerate(asked, first):
            yield reader.read(number, some)
