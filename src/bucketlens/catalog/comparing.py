"""What of the records the catalog does not know: found by comparing, before anything is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bucketlens.catalog.engine import mapped
from bucketlens.catalog.listing import take_listing, take_written
from bucketlens.catalog.pieces import PIECE, Asked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from duckdb import DuckDBPyConnection

    from bucketlens.catalog.spool import Spool
    from bucketlens.types import ObjectInfo


def want_listed(engine: DuckDBPyConnection, listing: Iterable[ObjectInfo] | Path) -> int:
    """Make the table ``wanted``: names whose record is not the one that ``images`` shows; how many.

    Those that the listing does not show are among them: reading them says whether they are gone.

    Args:
        engine: With the views of the catalog.
        listing: Of the records, or the file that another process wrote it to.
    """
    if isinstance(listing, Path):
        take_written(engine, listing)
    else:
        take_listing(engine, listing)
    with mapped("the comparison with the records"):
        engine.execute(
            "CREATE OR REPLACE TABLE wanted AS"
            " SELECT name, any_value(l.etag) AS etag, any_value(i.scored) AS scored,"
            " any_value(i.scores_digest) AS scores_digest"
            " FROM listed l FULL JOIN images i USING (name)"
            " WHERE l.etag IS DISTINCT FROM i.record_etag GROUP BY name"
        )
    return _wanted(engine)


def want_all(engine: DuckDBPyConnection, listing: Iterable[ObjectInfo]) -> None:
    """Make the table ``wanted`` of all names that the listing shows."""
    take_listing(engine, listing)
    engine.execute(
        "CREATE OR REPLACE TABLE wanted AS SELECT name, any_value(etag) AS etag,"
        " NULL::BIGINT AS scored, NULL::BIGINT AS scores_digest FROM listed GROUP BY name"
    )


def want_named(engine: DuckDBPyConnection, names: Iterable[str]) -> int:
    """Make the table ``wanted`` of these names, whatever their records are; how many."""
    engine.register("given", {"name": np.array([*names, ""], dtype=object)})
    with mapped("the look for images by name"):
        engine.execute(
            "CREATE OR REPLACE TABLE wanted AS"
            " SELECT DISTINCT s.name, NULL::VARCHAR AS etag, i.scored, i.scores_digest"
            " FROM given s LEFT JOIN images i USING (name) WHERE s.name <> ''"
        )
    engine.unregister("given")
    return _wanted(engine)


def _wanted(engine: DuckDBPyConnection) -> int:
    return int(engine.execute("SELECT count(*) FROM wanted").fetchall()[0][0])


def unread(
    engine: DuckDBPyConnection, spool: Spool | None, *, again: bool
) -> Iterator[list[Asked]]:
    """What is wanted and not read yet, some at a time.

    Args:
        engine: With the table ``wanted``, and the view ``incoming`` if this is not the first time.
        spool: Records as they were put.
        again: Leave out what was read before in the version that is listed now.
    """
    # Scores that stood when a row was read may have gone with the row that they were of.
    known = (
        " WHERE NOT EXISTS (SELECT 1 FROM incoming i"
        " WHERE i.name = w.name AND i.record_etag = w.etag"
        " AND (i.own_scores OR i.scored IS NOT DISTINCT FROM w.scored))"
    )
    engine.execute(
        "CREATE OR REPLACE TABLE unread AS"
        f" SELECT row_number() OVER (ORDER BY name) AS place, w.* FROM wanted w"
        f"{known if again else ''}"
    )
    first = 1
    while rows := engine.execute(
        "SELECT name, scored, scores_digest, etag FROM unread"
        f" WHERE place BETWEEN {first} AND {first + PIECE - 1} ORDER BY place"
    ).fetchall():
        first += PIECE
        yield [
            Asked(
                name,
                None if digest is None else (scored, digest),
                spool.find(name, etag) if spool is not None and etag is not None else None,
            )
            for name, scored, digest, etag in rows
        ]
