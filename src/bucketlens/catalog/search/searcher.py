"""Search for a server: one state of the catalog in memory, renewed while it is searched."""

from __future__ import annotations

from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from bucketlens.catalog.engine import mapped
from bucketlens.catalog.search.loading import load_rows
from bucketlens.catalog.search.results import (
    MOST_LABELS,
    FacetCount,
    Facets,
    Found,
    Hit,
    HitLabel,
    read_cursor,
    write_cursor,
)
from bucketlens.catalog.search.selecting import select
from bucketlens.catalog.search.sureness import Sureness
from bucketlens.catalog.search.tables import Tables
from bucketlens.catalog.search.words import counted_vocabulary, read_labels
from bucketlens.query import COLORS, ORIENTATIONS, parse, resolve, to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from bucketlens.catalog.search.tables import Mask, Places
    from bucketlens.catalog.snapshot import Snapshot
    from bucketlens.query import Completion, Condition, Resolved

KEPT = 8
"""Results that are kept for the next page and the facets: 5 MB each where a million are found."""


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

    def search(self, text: str, limit: int = 50, cursor: str | None = None) -> Found:
        """One page of what a query finds, the newest first.

        Raises:
            QueryError: It can't be read, or has words that this collection does not know.
            CursorError: The cursor is none of this catalog's.
        """
        return self._ready().search(text, limit, cursor)

    def facets(self, text: str) -> Facets:
        """What all images that a query finds have in common.

        Raises:
            QueryError: As :meth:`search`.
        """
        return self._ready().facets(text)

    def complete(self, prefix: str, limit: int = 8) -> list[Completion]:
        """What a word that is being typed may become."""
        return self._ready().tables.vocabulary.complete(prefix, limit)

    def _ready(self) -> State:
        while self._state is None:
            self.refresh()
        return self._state


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


class State:
    """Answers queries in one state of the catalog."""

    def __init__(self, tables: Tables) -> None:
        """Keep the last results."""
        self.tables = tables
        self._chosen = lru_cache(KEPT)(self._choose)

    def search(self, text: str, limit: int, cursor: str | None) -> Found:
        """One page; see :meth:`Searcher.search`."""
        tables = self.tables
        resolved = resolve(parse(text), tables.vocabulary)
        places, _ = self._chosen(resolved.node)
        end = len(places)
        if cursor:
            last = read_cursor(cursor, tables.lineage)
            end = int(np.searchsorted(tables.rows.ids[places], last))
        start = max(0, end - limit)
        page = places[start:end][::-1]
        more = start > 0 and len(page) > 0
        last_id = int(tables.rows.ids[page[-1]]) if len(page) else 0
        return Found(
            total=len(places),
            hits=self._hits(page, resolved),
            cursor=write_cursor(tables.lineage, tables.change, last_id) if more else None,
            query=to_text(resolved.query),
            warnings=resolved.warnings,
            change=tables.change,
        )

    def facets(self, text: str) -> Facets:
        """Counts; see :meth:`Searcher.facets`."""
        tables = self.tables
        resolved = resolve(parse(text), tables.vocabulary)
        places, mask = self._chosen(resolved.node)
        labels = tables.labels.counted(places, mask)
        names = [tables.label_names.get(label, "") for label in range(len(labels))]
        months = tables.months[places]
        first = int(months.min(initial=0))
        counts = np.bincount(months - first)
        dated = [
            FacetCount(_month(first + month), int(counts[month]))
            for month in np.flatnonzero(counts)[::-1]
        ]
        return Facets(
            categories=_ranked(tables.category_names, tables.categories.counted(places, mask)),
            labels=_ranked(names, labels)[:MOST_LABELS],
            colors=_ranked(COLORS, tables.colors.counted(places, mask)),
            orientations=_ranked(
                ORIENTATIONS, np.bincount(tables.rows.orientations[places] + 1, minlength=4)[1:]
            ),
            months=tuple(dated),
        )

    def _choose(self, condition: Condition) -> tuple[Places, Mask]:
        mask = select(condition, self.tables)
        return np.flatnonzero(mask).astype(np.int32), mask

    def _hits(self, page: Places, resolved: Resolved) -> tuple[Hit, ...]:
        sureness = Sureness(resolved.node, self.tables.vocabulary)
        return tuple(self._hit(int(place), sureness) for place in page)

    def _hit(self, place: int, sureness: Sureness) -> Hit:
        tables, rows = self.tables, self.tables.rows
        labels = rows.labels[place].tolist()
        confidences = [round(value, 4) for value in rows.confidences[place].tolist()]
        width, height = int(rows.widths[place]), int(rows.heights[place])
        tint = int(rows.tints[place])
        return Hit(
            key=tables.key(place),
            name=tables.name(place),
            taken=str(rows.days[place].astype("datetime64[D]")),
            width=None if width < 0 else width,
            height=None if height < 0 else height,
            color=None if tint < 0 else f"#{tint:06x}",
            labels=tuple(
                HitLabel(tables.label_names[label], confidence)
                for label, confidence in zip(labels, confidences, strict=True)
            ),
            confidence=sureness.of(dict(zip(labels, confidences, strict=True))),
        )


def _ranked(
    names: Sequence[str], counts: Iterable[int] | NDArray[np.int64]
) -> tuple[FacetCount, ...]:
    found = [
        FacetCount(name, int(count)) for name, count in zip(names, counts, strict=True) if count
    ]
    return tuple(sorted(found, key=lambda facet: (-facet.count, facet.name)))


def _month(months: int) -> str:
    return f"{1970 + months // 12:04}-{months % 12 + 1:02}"
