"""The catalog of a collection and what follows it, renewed together; many records in processes."""

from __future__ import annotations

import signal
import threading
from collections import deque
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from bucketlens.catalog.catalog import OwnReader
from bucketlens.catalog.engine import use_threads
from bucketlens.catalog.files import Files
from bucketlens.catalog.pieces import PieceReader
from bucketlens.errors import TransientError
from bucketlens.pipeline.parents import end_with_parent
from bucketlens.records import RECORD_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from bucketlens.catalog import Catalog, Snapshot
    from bucketlens.catalog.pieces import Asked, Buried, Piece
    from bucketlens.catalog.spool import Spool
    from bucketlens.stores import Store

ATTEMPTS = 8

ROWS = 10_000
"""Of an answer that are in memory at once."""

AHEAD = 2
"""Pieces that are asked for, a process; each is in memory while it is made."""


class RecordPacks(Protocol):
    """Records that are kept by the thousand."""

    def tidy(self) -> None:
        """Merge what many small writes left."""

    def purge(self, keys: Collection[str]) -> None:
        """Leave nothing of images that are gone."""


class SiteIndex(Protocol):
    """What shows the catalog in the site."""

    def update_index(self, snapshot: Snapshot) -> bool:
        """Show this state, unless a newer one is shown already.

        Returns:
            False when another one came between: what is shown may be of two states, so this is to
            be called again with a fresh snapshot.
        """

    def purge_index(self, snapshot: Snapshot) -> bool:
        """Show this state in files that are all new, and remove the old ones at once."""


class CollectionIndex:
    """Catalog and site of one collection.

    Args:
        catalog: Follows the records.
        site: Follows the catalog; None where there are no pages.
        remote: The records are reached over a network, so that reading one back costs a request.
        packs: Where records are kept by the thousand; None where each has a file of its own.
    """

    def __init__(
        self,
        catalog: Catalog,
        site: SiteIndex | None,
        *,
        remote: bool,
        packs: RecordPacks | None = None,
    ) -> None:
        """Open nothing yet."""
        self._packs = packs
        self._catalog = catalog
        self._site = site
        self._remote = remote
        self._renewing = threading.Lock()

    def listen(self) -> None:
        """Keep what is put from now on for the next renewal, where that saves reading it back."""
        if self._remote:
            self._catalog.spool.open()

    def told(self, name: str, etag: str, data: bytes) -> None:
        """Take note of a record that was put."""
        self._catalog.spool.add(name.removesuffix(RECORD_SUFFIX), etag, data)

    def renew(self, keys: Collection[str] | None = None) -> Sequence[Buried]:
        """Bring both up to date; the tombstones whose images neither shows.

        Args:
            keys: Of the images whose records may have changed; without, all records are listed.

        Raises:
            CatalogError: The catalog can't be read.
            TransientError: A store is away, or others kept coming first.
        """
        if keys is None and self._packs is not None:
            self._packs.tidy()
        with self._renewing:  # a pass and whoever keeps the index may share this one
            for _ in range(ATTEMPTS):
                refreshed = self._catalog.refresh(keys)
                if keys is not None:
                    self._catalog.spool.clear()  # what it kept of other keys is read back
                if self._site is None or self._site.update_index(self._catalog.snapshot()):
                    return refreshed.buried
        raise TransientError(f"the index was renewed by others {ATTEMPTS} times meanwhile")

    def labelled(self) -> Iterator[str]:
        """The names of all images with labels, as of the last renewal.

        Raises:
            CatalogError: The catalog can't be read.
            TransientError: A store is away.
        """
        with self._catalog.snapshot().connect(("images",)) as engine:
            found = engine.execute("SELECT name FROM images WHERE kind = 'labels'")
            while rows := found.fetchmany(ROWS):
                for (name,) in rows:
                    yield name

    def purge(self, keys: Sequence[str]) -> Sequence[Buried]:
        """Leave nothing of images that are gone in either, not in old files that readers may hold.

        Raises:
            CatalogError: The catalog can't be read.
            TransientError: A store is away, or others kept coming first.
        """
        with self._renewing:
            if self._packs is not None:
                self._packs.purge(keys)
            buried = self._catalog.purge(keys).buried
            self._catalog.spool.clear()
            for _ in range(ATTEMPTS):
                if self._site is None or self._site.purge_index(self._catalog.snapshot()):
                    return buried
        raise TransientError(f"the index was renewed by others {ATTEMPTS} times meanwhile")


class PoolReader:
    """Reads pieces in several processes where there is more than one.

    Args:
        open_stores: Opens the private store and that of the records, in another process.
        files: Of the catalog.
        spool: Records as they were put.
        processes: How many.
        keep_scores: Whether scores and embeddings are kept.
    """

    def __init__(
        self,
        open_stores: Callable[[], tuple[Store, Store]],
        files: Files,
        spool: Spool,
        *,
        processes: int,
        keep_scores: bool,
    ) -> None:
        """Start nothing yet."""
        self._open_stores = open_stores
        self._files = files
        self._spool = spool
        self._processes = processes
        self._keep_scores = keep_scores

    def read_all(self, asked: Iterator[list[Asked]], first: int) -> Iterator[Piece]:
        """Read them; the pieces come in order."""
        start = [some for some in (next(asked, None), next(asked, None)) if some is not None]
        if len(start) == 1 or not start:
            records = self._open_stores()[1]
            own = OwnReader(records, self._files, self._spool, keep_scores=self._keep_scores)
            yield from own.read_all(iter(start), first)
            return
        import multiprocessing  # noqa: PLC0415 - both cost every start 15 ms
        from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415

        waiting: deque[Future[Piece]] = deque()
        with ProcessPoolExecutor(
            self._processes,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(
                self._open_stores,
                self._files.scratch,
                self._spool.path,
                self._keep_scores,
            ),
        ) as pool:
            for number, some in enumerate(chain(start, asked), first):
                waiting.append(pool.submit(_read, number, some))
                if len(waiting) >= AHEAD * self._processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()


_reader: PieceReader | None = None


def _begin(
    open_stores: Callable[[], tuple[Store, Store]],
    scratch: Path,
    spool: Path | None,
    keep_scores: bool,  # noqa: FBT001 - a pool's initargs
) -> None:
    """What a process of the pool does first."""
    global _reader  # noqa: PLW0603 - a process has one
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the first one decides
    end_with_parent()
    use_threads(1)
    private, records = open_stores()
    _reader = PieceReader(records, Files(private, scratch), spool, keep_scores=keep_scores)


def _read(number: int, asked: list[Asked]) -> Piece:
    assert _reader is not None  # noqa: S101 - the initializer ran
    return _reader.read(number, asked)
