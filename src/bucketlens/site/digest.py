"""What the index page and the overview say, asked of the catalog's tables.

The tables ``images``, ``labels`` and ``vocabulary`` are those of docs/catalog.md. Each question is
one pass over a few columns, so that a million images take a moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketlens.site.overview import MOST_LABELS, Count, Overview
from bucketlens.site.shell import NEWEST, Shell, ShellImage

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SHOWN = "kind = 'labels' AND page"
"""What the pages count: images that have one."""

NEWEST_IMAGES = f"""
SELECT id, key, name, width, height FROM images WHERE {SHOWN} ORDER BY id DESC LIMIT ?
"""

SPECIFIC_LABELS = """
SELECT image, vocabulary.name FROM labels JOIN vocabulary ON vocabulary.id = label
WHERE specific AND image IN (SELECT unnest(?))
ORDER BY image, confidence DESC, vocabulary.name
"""

CATEGORIES = f"""
SELECT category, count(*) FROM (SELECT unnest(categories) AS category FROM images WHERE {SHOWN})
GROUP BY category ORDER BY count(*) DESC, category
"""

LABELS = f"""
SELECT vocabulary.name, total FROM (
  SELECT label, count(*) AS total FROM labels
  WHERE image IN (SELECT id FROM images WHERE {SHOWN}) GROUP BY label
) JOIN vocabulary ON vocabulary.id = label ORDER BY total DESC, vocabulary.name
"""

MONTHS = f"""
SELECT strftime(taken, '%Y-%m') AS month, count(*) FROM images WHERE {SHOWN}
GROUP BY month ORDER BY month
"""

FAILURES = """
SELECT failure, count(*) FROM images WHERE kind = 'failure'
GROUP BY failure ORDER BY count(*) DESC, failure
"""

MODELS = f"""
SELECT model, count(*) FROM images WHERE {SHOWN} GROUP BY model ORDER BY count(*) DESC, model
"""


def digest(connection: DuckDBPyConnection) -> tuple[Shell, Overview]:
    """What the index page and the overview say, from one state of the catalog."""
    overview = overview_of(connection)
    failed = sum(one.count for one in overview.failures)
    return Shell(newest=newest(connection), total=overview.total, failed=failed), overview


def newest(connection: DuckDBPyConnection, limit: int = NEWEST) -> tuple[ShellImage, ...]:
    """The newest images, with their most specific labels."""
    images = connection.execute(NEWEST_IMAGES, [limit]).fetchall()
    labels: dict[int, list[str]] = {}
    for image, label in connection.execute(
        SPECIFIC_LABELS, [[row[0] for row in images]]
    ).fetchall():
        labels.setdefault(image, []).append(label)
    return tuple(
        ShellImage(
            key=key, name=name, width=width, height=height, labels=tuple(labels.get(id_, ()))
        )
        for id_, key, name, width, height in images
    )


def overview_of(connection: DuckDBPyConnection) -> Overview:
    """What is in the collection."""
    labels = _counts(connection, LABELS)
    months = _counts(connection, MONTHS)
    return Overview(
        total=sum(month.count for month in months),
        categories=_counts(connection, CATEGORIES),
        labels=labels[:MOST_LABELS],
        label_names=len(labels),
        months=months,
        failures=_counts(connection, FAILURES),
        models=_counts(connection, MODELS),
    )


def _counts(connection: DuckDBPyConnection, question: str) -> tuple[Count, ...]:
    return tuple(
        Count(name or "", count) for name, count in connection.execute(question).fetchall()
    )
