"""What a collection holds: told by its catalog, and by the records that the catalog does not know.

So a collection of a million images is surveyed in the time that listing its records takes, and
what it says is as true as if every record had been read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketlens.catalog import CatalogError
from bucketlens.pipeline.surveying import (
    EXAMPLES,
    OTHER_LIMITS,
    OTHER_SCORES,
    OTHER_VIEW,
    Survey,
    survey,
)
from bucketlens.records import RECORD_SUFFIX

if TYPE_CHECKING:
    from collections import Counter

    from duckdb import DuckDBPyConnection

    from bucketlens.assembly import Collection
    from bucketlens.pipeline.surveying import Current


def survey_collection(collection: Collection, current: Current) -> Survey:
    """Survey a collection, changing nothing; without a whole catalog every record is read.

    Args:
        collection: What is surveyed.
        current: What is stale is told by this.

    Raises:
        TransientError: The store is away.
    """
    try:
        with collection.catalog.compared() as engine:
            found = _survey_catalog(engine, current)
            names = engine.execute("SELECT name FROM wanted").fetchall()
    except CatalogError:
        return survey(collection.records, current)
    unknown = (name + RECORD_SUFFIX for (name,) in names)
    return survey(collection.records, current, unknown, found)


def _survey_catalog(engine: DuckDBPyConnection, current: Current) -> Survey:
    """What the rows say whose records are as they show them."""
    engine.execute(
        "CREATE TEMP VIEW known AS SELECT * FROM images WHERE name NOT IN (SELECT name FROM wanted)"
    )
    found = Survey()
    totals = engine.execute(
        "SELECT count(*) FILTER (kind = 'labels'), count(*) FILTER (kind = 'labels'"
        " AND id NOT IN (SELECT image FROM labels)), coalesce(epoch(max(recorded)), 0),"
        " count(*) FILTER (kind = 'labels' AND score_fingerprint <> $scores),"
        " count(*) FILTER (kind = 'labels' AND score_fingerprint = $scores"
        " AND split_part(view_fingerprint, '.', 1) <> $view),"
        " count(*) FILTER (kind = 'failure' AND limits_fingerprint <> $limits) FROM known",
        {"scores": current.scores, "view": current.view, "limits": current.limits},
    ).fetchall()[0]
    found.labelled, found.unlabelled, found.newest, *stale = totals
    for reason, count in zip((OTHER_SCORES, OTHER_VIEW, OTHER_LIMITS), stale, strict=True):
        if count:
            found.stale[reason] = count
    _count(engine, found.models, "SELECT model, count(*) FROM known GROUP BY model")
    _count(engine, found.errors, "SELECT failure, count(*) FROM known GROUP BY failure")
    _count(
        engine,
        found.labels,
        "SELECT v.name, count(*) FROM labels JOIN vocabulary v ON v.id = label"
        " WHERE image IN (SELECT id FROM known) GROUP BY v.name",
    )
    found.failures = engine.execute(
        "SELECT key, failure_reason, failure_setting FROM known WHERE kind = 'failure'"
        " ORDER BY name LIMIT ?",
        [EXAMPLES],
    ).fetchall()
    return found


def _count(engine: DuckDBPyConnection, counts: Counter[str], query: str) -> None:
    rows = engine.execute(query).fetchall()
    counts.update({name: count for name, count in rows if name is not None})
