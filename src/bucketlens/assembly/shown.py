"""The pages of the index, from a state of the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketlens.site import IndexBuilder, IndexEntry
from bucketlens.site.index import NEWEST

if TYPE_CHECKING:
    from bucketlens.catalog import Snapshot

NEWEST_IMAGES = f"""
WITH newest AS (
    SELECT id, key, key_bytes, taken, width, height FROM images
    WHERE kind = 'labels' AND page ORDER BY taken DESC, key LIMIT {NEWEST}
), named AS (
    SELECT l.image, list(v.name ORDER BY l.specific DESC, l.confidence DESC, v.name) AS names,
        count(*) FILTER (l.specific) AS specific
    FROM labels l JOIN vocabulary v ON v.id = l.label
    WHERE l.image IN (SELECT id FROM newest) GROUP BY l.image
)
SELECT key, key_bytes, epoch(taken), width, height, coalesce(names, []), coalesce(specific, 0)
FROM newest LEFT JOIN named ON image = id
"""  # noqa: S608 - a number of our own


def index_of(snapshot: Snapshot) -> IndexBuilder:
    """The newest images that have pages, how many there are, and the failures by reason."""
    index = IndexBuilder()
    with snapshot.connect() as engine:
        for key, raw, seconds, width, height, names, specific in engine.execute(
            NEWEST_IMAGES
        ).fetchall():
            index.add_entry(
                IndexEntry(
                    key=key if raw is None else raw.decode("utf-8", "surrogateescape"),
                    seconds=seconds,
                    width=width,
                    height=height,
                    labels=tuple(names),
                    specific=specific,
                )
            )
        totals = engine.execute(
            "SELECT failure, count(*) FROM images WHERE page OR kind = 'failure' GROUP BY failure"
        ).fetchall()
    for failure, count in totals:
        if failure is None:
            index.add_unseen(count - min(count, NEWEST))
        else:
            index.add_failure(failure, count)
    return index
