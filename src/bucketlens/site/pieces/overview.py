"""Counts over all that is shown: what the start page, the overview and the completion tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

Counts = list[tuple[str, int]]


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """How many images there are of each kind; the most frequent first, months from the latest.

    Attributes:
        total: Images that are shown.
        labels: By the id of the label.
        failures: Files without labels by the reason's code; their names stay private.
    """

    total: int
    labels: list[tuple[int, int]]
    categories: Counts
    colors: Counts
    orientations: Counts
    months: Counts
    failures: Counts
    models: Counts


def show_images(
    connection: duckdb.DuckDBPyConnection, publishes: Callable[[str], bool] | None
) -> None:
    """Make a view ``shown`` of the images that have a page and may be shown.

    With a filter, ``images.page`` is false from here on for what it does not let through, so that
    whatever else reads this connection leads to none of it either.
    """
    if publishes is not None:
        keys = connection.execute("SELECT id, key FROM images WHERE kind = 'labels' AND page")
        passed = []
        while part := keys.fetchmany(1 << 16):
            passed += [number for number, key in part if publishes(key)]
        ids = np.array(passed, np.int64)  # noqa: F841 - DuckDB finds it by its name
        place = connection.execute("SELECT current_database(), current_schema()").fetchone()
        database, schema = place or ("memory", "main")
        connection.execute("CREATE TEMP TABLE published AS SELECT column0 AS id FROM ids")
        connection.execute(
            "CREATE TEMP VIEW images AS SELECT * REPLACE"  # noqa: S608 - names that DuckDB gives
            " (page AND id IN (SELECT id FROM published) AS page)"
            f' FROM "{database}"."{schema}".images'
        )
    connection.execute(
        "CREATE TEMP VIEW shown AS SELECT * FROM images WHERE kind = 'labels' AND page"
    )


def read_overview(connection: duckdb.DuckDBPyConnection) -> Overview:
    """Count what the view ``shown`` shows, and the failures."""
    counted = "count(*) FROM shown GROUP BY 1 ORDER BY 2 DESC, 1"
    total = connection.execute("SELECT count(*) FROM shown").fetchone()
    return Overview(
        total=total[0] if total else 0,
        labels=connection.execute(
            "SELECT l.label, count(*) FROM labels l SEMI JOIN shown s ON l.image = s.id"
            " GROUP BY 1 ORDER BY 2 DESC, 1"
        ).fetchall(),
        categories=_counts(connection, "SELECT unnest(categories), " + counted),
        colors=_counts(connection, "SELECT unnest(colors), " + counted),
        orientations=_counts(connection, "SELECT orientation, " + counted),
        months=_counts(
            connection,
            "SELECT strftime(taken, '%Y-%m'), count(*) FROM shown GROUP BY 1 ORDER BY 1 DESC",
        ),
        failures=_counts(
            connection,
            "SELECT failure, count(*) FROM images WHERE kind = 'failure'"
            " GROUP BY 1 ORDER BY 2 DESC, 1",
        ),
        models=_counts(connection, "SELECT model, " + counted),
    )


def _counts(connection: duckdb.DuckDBPyConnection, query: str) -> Counts:
    return [(str(name), count) for name, count in connection.execute(query).fetchall()]
