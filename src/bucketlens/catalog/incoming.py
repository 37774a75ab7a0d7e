"""What was read, beside what stands: tables that an update is composed from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bucketlens.catalog.columns import ROW_BITS
from bucketlens.catalog.engine import mapped, parquet
from bucketlens.catalog.pieces import PIECE_IMAGES, PIECE_LABELS, PIECE_WORDS
from bucketlens.records import RECORD_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from bucketlens.catalog.pieces import Piece


class Counts(NamedTuple):
    """What an update does to the images."""

    added: int
    replaced: int
    removed: int
    labelled: int


def take_in(engine: DuckDBPyConnection, pieces: Sequence[Piece], *, again: bool) -> None:
    """Make views of what was read: ``incoming``, ``incoming_labels``, ``incoming_words``.

    Of a name that was read more than once only the last reading counts; ``void`` holds the names
    where that found no record.

    Args:
        engine: With anything in it.
        pieces: Each at the place that its number says.
        again: Whether a name may have been read more than once.
    """
    void = [
        (name, number)
        for number, piece in enumerate(pieces)
        for name in (*piece.missing, *piece.unreadable, *_names_of_buried(piece))
    ]
    columns = {
        "name": np.array([*(name for name, _ in void), ""], dtype=object),
        "piece": np.array([*(number for _, number in void), -1], dtype=np.int64),
    }
    engine.register("given", columns)
    engine.execute(
        "CREATE OR REPLACE TABLE read_in_vain AS SELECT name, max(piece) AS piece FROM given"
        " WHERE name <> '' GROUP BY name"
    )
    engine.unregister("given")
    images = parquet([piece.images for piece in pieces if piece.rows], PIECE_IMAGES)
    labels = parquet([piece.labels for piece in pieces if piece.rows], PIECE_LABELS)
    words = parquet([piece.words for piece in pieces if piece.rows], PIECE_WORDS)
    with mapped("the reading of records"):
        engine.execute(f"CREATE OR REPLACE VIEW incoming_labels AS SELECT * FROM {labels}")
        engine.execute(f"CREATE OR REPLACE VIEW incoming_words AS SELECT * FROM {words}")
        last = f" AND row IN (SELECT max(row) FROM {images} GROUP BY name)" if again else ""
        engine.execute(
            f"CREATE OR REPLACE VIEW incoming AS SELECT * FROM {images} r WHERE NOT EXISTS"
            " (SELECT 1 FROM read_in_vain v"
            f" WHERE v.name = r.name AND v.piece >= (r.row >> {ROW_BITS})){last}"
        )
        engine.execute(
            "CREATE OR REPLACE VIEW void AS SELECT name FROM read_in_vain"
            " WHERE name NOT IN (SELECT name FROM incoming)"
        )


def compare(engine: DuckDBPyConnection) -> Counts:
    """Make the tables ``renewed`` (rows that differ) and ``dropped`` (images that left).

    Only what is wanted counts: what was read for an update that lost its race may be outdated.
    """
    with mapped("the comparison with the catalog"):
        engine.execute(
            "CREATE OR REPLACE TABLE renewed AS"
            " SELECT r.row, r.name, r.taken, r.kind, i.id, i.kind AS old_kind"
            " FROM incoming r LEFT JOIN images i USING (name)"
            " WHERE r.record_etag IS DISTINCT FROM i.record_etag"
            " AND r.name IN (SELECT name FROM wanted)"
        )
        engine.execute(
            "CREATE OR REPLACE TABLE dropped AS SELECT i.id, i.kind FROM images i"
            " WHERE i.name IN (SELECT name FROM void)"
            " AND i.name IN (SELECT name FROM wanted)"
        )
        found = engine.execute(
            "SELECT count(*) FILTER (id IS NULL), count(id),"
            " (SELECT count(*) FROM dropped),"
            " count(*) FILTER (kind = 'labels') - count(*) FILTER (old_kind = 'labels')"
            " - (SELECT count(*) FROM dropped WHERE kind = 'labels') FROM renewed"
        ).fetchall()
    return Counts(*found[0])


def _names_of_buried(piece: Piece) -> list[str]:
    return [buried.name.removesuffix(RECORD_SUFFIX) for buried in piece.buried]
