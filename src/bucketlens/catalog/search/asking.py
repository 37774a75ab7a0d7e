"""A search straight from the catalog's files, for those who ask once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from bucketlens.catalog.engine import mapped
from bucketlens.catalog.search.conditions import SEARCHED, where
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
from bucketlens.catalog.search.sureness import Sureness
from bucketlens.catalog.search.words import read_vocabulary
from bucketlens.query import parse, resolve, to_text

if TYPE_CHECKING:
    from typing import Any

    from duckdb import DuckDBPyConnection

    from bucketlens.catalog.snapshot import Snapshot
    from bucketlens.query import Resolved, Vocabulary

ROWS = """
SELECT i.id, i.key, i.name, strftime(i.taken, '%Y-%m-%d'), i.width, i.height, i.color
FROM images i WHERE i.id IN (SELECT unnest(?)) ORDER BY i.id DESC
"""
LABELS = """
SELECT l.image, v.id, v.name, l.confidence
FROM labels l JOIN vocabulary v ON v.id = l.label WHERE l.image IN (SELECT unnest(?))
ORDER BY l.image, l.specific DESC, l.confidence DESC, l.label
"""
MONTH = "date_trunc('month', taken)"
BY_LABEL = """
SELECT v.name, c.images FROM vocabulary v JOIN (
    SELECT label, count(*) AS images FROM labels WHERE image IN (SELECT id FROM found) GROUP BY 1
) c ON c.label = v.id
"""


class Search:
    """One query, answered in one state of the catalog.

    Args:
        snapshot: The state.
        text: The query.

    Raises:
        QueryError: It can't be read, or has words that this collection does not know.
        CatalogError: A file of the catalog is missing or damaged.
        TransientError: The store is away.
    """

    def __init__(self, snapshot: Snapshot, text: str) -> None:
        """Find the images; nothing but their ids is kept."""
        query = parse(text)
        self._snapshot = snapshot
        self._engine = snapshot.connect()
        try:
            with mapped("the search"):
                self.vocabulary: Vocabulary = read_vocabulary(self._engine)
                self._resolved: Resolved = resolve(query, self.vocabulary)
                condition = where(self._resolved.node)
                self._engine.execute(
                    f"CREATE TEMP TABLE found AS SELECT i.id FROM images i"
                    f" WHERE {SEARCHED} AND ({condition.sql})",
                    condition.parameters,
                )
        except BaseException:
            self._engine.close()
            raise

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is answered a little otherwise than it was asked."""
        return self._resolved.warnings

    def __enter__(self) -> Self:
        """Use it in a ``with`` statement."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Give back what the database holds."""
        self._engine.close()

    def found(self, limit: int, cursor: str | None = None) -> Found:
        """The newest images, or those after a cursor.

        Raises:
            CursorError: The cursor is none of this catalog's.
        """
        last = read_cursor(cursor, self._snapshot.lineage) if cursor else None
        with mapped("the search"):
            total, searched, offset = self._counts(last)
            ids = [
                row[0]
                for row in _all(
                    self._engine,
                    "SELECT id FROM found WHERE ? IS NULL OR id < ? ORDER BY id DESC LIMIT ?",
                    [last, last, limit + 1],
                )
            ]
            hits = self._hits(ids[:limit])
        more = len(ids) > limit
        state = self._snapshot.lineage, self._snapshot.change
        return Found(
            total=total,
            searched=searched,
            offset=offset,
            hits=hits,
            cursor=write_cursor(*state, ids[limit - 1]) if more and limit else None,
            query=to_text(self._resolved.query),
            warnings=self._resolved.warnings,
            change=self._snapshot.change,
        )

    def _counts(self, last: int | None) -> tuple[int, int, int]:
        """Images that were found, that there are, and that stand before the page."""
        (total, before), ((searched,),) = (
            _all(
                self._engine,
                "SELECT count(*), count(*) FILTER (? IS NOT NULL AND id >= ?) FROM found",
                [last, last],
            )[0],
            _all(self._engine, f"SELECT count(*) FROM images i WHERE {SEARCHED}"),
        )
        return int(total), int(searched), int(before)

    def facets(self) -> Facets:
        """What all that was found has in common."""
        with mapped("the facets"):
            return Facets(
                categories=self._listed("categories"),
                labels=_ranked(_all(self._engine, BY_LABEL))[:MOST_LABELS],
                colors=self._listed("colors"),
                orientations=_ranked(self._counted("orientation")),
                months=tuple(
                    FacetCount(f"{month:%Y-%m}", count)
                    for month, count in sorted(self._counted(MONTH), reverse=True)
                ),
            )

    def _hits(self, ids: list[int]) -> tuple[Hit, ...]:
        sureness = Sureness(self._resolved.node, self.vocabulary)
        labels: dict[int, list[tuple[int, HitLabel]]] = {}
        for image, label, name, confidence in _all(self._engine, LABELS, [ids]):
            labels.setdefault(image, []).append((label, HitLabel(name, round(confidence, 4))))
        return tuple(
            Hit(
                id=image,
                key=key,
                name=name,
                taken=taken,
                width=width,
                height=height,
                color=color,
                labels=tuple(label for _, label in labels.get(image, ())),
                confidence=sureness.of({n: each.confidence for n, each in labels.get(image, ())}),
            )
            for image, key, name, taken, width, height, color in _all(self._engine, ROWS, [ids])
        )

    def _counted(self, expression: str) -> list[tuple[Any, int]]:
        return _all(
            self._engine,
            f"SELECT {expression} AS value, count(*) FROM images"
            " WHERE id IN (SELECT id FROM found) AND value IS NOT NULL GROUP BY 1",
        )

    def _listed(self, column: str) -> tuple[FacetCount, ...]:
        return _ranked(
            _all(
                self._engine,
                f"SELECT value, count(*) FROM (SELECT unnest({column}) AS value FROM images"
                " WHERE id IN (SELECT id FROM found)) GROUP BY 1",
            )
        )


def _ranked(rows: list[tuple[str, int]]) -> tuple[FacetCount, ...]:
    return tuple(FacetCount(*row) for row in sorted(rows, key=lambda row: (-row[1], row[0])))


def _all(engine: DuckDBPyConnection, sql: str, parameters: object = ()) -> list[tuple]:  # type: ignore[type-arg]
    return engine.execute(sql, parameters).fetchall()
