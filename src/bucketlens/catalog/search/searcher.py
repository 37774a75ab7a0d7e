"""Search for a server: one state of the catalog in memory, renewed while it is searched."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from bucketlens.catalog.engine import mapped
from bucketlens.catalog.search.loading import load_rows
from bucketlens.catalog.search.results import Standing
from bucketlens.catalog.search.state import State
from bucketlens.catalog.search.tables import Tables
from bucketlens.catalog.search.words import counted_vocabulary, read_labels

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.catalog.search.results import Facets, Found
    from bucketlens.catalog.snapshot import Snapshot
    from bucketlens.query import Completion


class Searcher:
    """Answers queries from memory, from any number of threads.

    Nothing is loaded until :meth:`refresh` is called; one thread calls that now and then, and
    searches go on in the older state meanwhile.

    Args:
        newest: Gives the newest state of the catalog.
    """

    def __init__(self, newest: Callable[[], Snapshot]) -> None:
        """Load nothing yet."""
        self._newest = newest
        self._state: State | None = None
        self._loading = Lock()

    @property
    def standing(self) -> Standing | None:
        """What is searched; None while nothing is loaded."""
        if (state := self._state) is None:
            return None
        tables = state.tables
        return Standing(tables.lineage, tables.change, len(tables))

    @property
    def change(self) -> int:
        """The number of the catalog's update that is searched; 0 before there is one."""
        return self._state.tables.change if self._state else 0

    @property
    def total(self) -> int:
        """Images that can be found."""
        return len(self._state.tables) if self._state else 0

    def refresh(self) -> bool:
        """Take in what is new; whether there was anything.

        Raises:
            CatalogError: A file of the catalog is missing or damaged.
            TransientError: The store is away.
        """
        with self._loading:
            snapshot = self._newest()
            old = self._state.tables if self._state else None
            if old and (old.lineage, old.change) == (snapshot.lineage, snapshot.change):
                return False
            self._state = State(load_tables(snapshot, old))
            return True

    def search(
        self,
        text: str,
        limit: int = 50,
        cursor: str | None = None,
        *,
        skip: int = 0,
        first: int | None = None,
        published: bool = False,
    ) -> Found:
        """One page of what a query finds, the newest first.

        Args:
            text: The query.
            limit: Images on the page, at most.
            cursor: Of the page before; whatever was added since stands before it.
            skip: So many images are passed over, counted from there.
            first: Begin with the image of that id, or the next older one that is found.
            published: Only images that the site shows.

        Raises:
            QueryError: It can't be read, or has words that this collection does not know.
            CursorError: The cursor is none of this catalog's.
        """
        return self._ready(published=published).search(text, limit, cursor, skip, first)

    def facets(self, text: str, *, published: bool = False) -> Facets:
        """What all images that a query finds have in common.

        Raises:
            QueryError: As :meth:`search`.
        """
        return self._ready(published=published).facets(text)

    def complete(self, prefix: str, limit: int = 8, *, published: bool = False) -> list[Completion]:
        """What a word that is being typed may become."""
        return self._ready(published=published).tables.vocabulary.complete(prefix, limit)

    def _ready(self, *, published: bool) -> State:
        while self._state is None:
            self.refresh()
        return self._state.published if published else self._state


def load_tables(snapshot: Snapshot, old: Tables | None = None) -> Tables:
    """A state of the catalog in memory; only what changed is read where the old one is near."""
    changes = None
    if old is not None and old.lineage == snapshot.lineage:
        changes = snapshot.changes_since(old.change)
    with snapshot.connect() as engine, mapped("the search"):
        if old is not None and changes is not None and changes.complete:
            loaded = load_rows(engine, after=old.change, known=old.category_names)
            # An image that can't be labelled any more has a newer row too, but none to be found.
            failed = engine.execute(
                "SELECT id FROM images WHERE change > ? AND kind <> 'labels'", [old.change]
            ).fetchnumpy()["id"]
            gone = np.concatenate([changes.removed, np.asarray(failed, dtype=np.int64)])
            rows = old.rows.renewed(loaded.rows, gone)
        else:
            loaded = load_rows(engine)
            rows = loaded.rows
        labels = read_labels(engine)
    vocabulary = counted_vocabulary(labels, rows, loaded.category_names)
    return Tables(snapshot.lineage, snapshot.change, rows, vocabulary, loaded.category_names)
