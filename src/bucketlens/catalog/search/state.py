"""Answers to queries in one state of the catalog that is in memory."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

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
from bucketlens.catalog.search.words import counted_vocabulary
from bucketlens.query import COLORS, ORIENTATIONS, parse, resolve, to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from bucketlens.catalog.search.tables import Mask, Places
    from bucketlens.query import Condition, Resolved

KEPT = 8
"""Results that are kept for the next page and the facets: 5 MB each where a million are found."""


class State:
    """Answers queries in one state of the catalog.

    Args:
        tables: The state.
    """

    def __init__(self, tables: Tables) -> None:
        """Keep the last results."""
        self.tables = tables
        self._chosen = lru_cache(KEPT)(self._choose)

    @cached_property
    def published(self) -> State:
        """The same state with only the images that the site shows."""
        tables = self.tables
        shown = np.flatnonzero(tables.rows.published)
        if len(shown) == len(tables):
            return self
        rows = tables.rows.taken(shown)
        names = tables.category_names
        words = counted_vocabulary(tables.vocabulary.labels, rows, names)
        return State(Tables(tables.lineage, tables.change, rows, words, names))

    def search(
        self, text: str, limit: int, cursor: str | None, skip: int, first: int | None
    ) -> Found:
        """One page; see :meth:`Searcher.search`."""
        tables = self.tables
        resolved = resolve(parse(text), tables.vocabulary)
        places, _ = self._chosen(resolved.node)
        ids = tables.rows.ids
        end = len(places)
        if cursor:
            end = int(np.searchsorted(ids[places], read_cursor(cursor, tables.lineage)))
        if first is not None:
            end = min(end, int(np.searchsorted(ids[places], first, "right")))
        end = max(0, end - skip)
        start = max(0, end - limit)
        page = places[start:end][::-1]
        more = start > 0 and len(page) > 0
        last_id = int(ids[page[-1]]) if len(page) else 0
        return Found(
            total=len(places),
            searched=len(tables),
            offset=len(places) - end,
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
            id=int(rows.ids[place]),
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
