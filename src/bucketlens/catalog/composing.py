"""From what was read to the next manifest: ids are given, and a segment of new files is written.

Most updates add one small segment. One that brings more images than there were numbers them all
anew, in the order of their dates, and begins another lineage: whatever is derived is then mostly
new anyway, and a first run shows its images newest first however they were found.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from bucketlens.catalog.engine import mapped
from bucketlens.catalog.manifest import FileFacts, Manifest, Segment
from bucketlens.catalog.pieces import OPTIONS
from bucketlens.catalog.schema import GONE, IMAGES, LABELS, VOCABULARY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from bucketlens.catalog.files import Files
    from bucketlens.catalog.incoming import Counts
    from bucketlens.catalog.pieces import Piece
    from bucketlens.catalog.schema import Table

FILE_IMAGES = 500_000
"""Images whose rows stand in one file: about 80 MB of images, 40 MB of labels."""

OWN = ", ".join(name for name in IMAGES.names if name not in {"id", "change"})
"""Columns of an image's row that come from its record."""


def write_table(
    engine: DuckDBPyConnection, files: Files, table: Table, select: str
) -> tuple[FileFacts, ...]:
    """Write what a query gives, in the table's order, and keep it; nothing where it is empty."""
    path = files.temporary(table.name)
    columns = ", ".join(f'CAST("{c.name}" AS {c.type}) AS "{c.name}"' for c in table.columns)
    with mapped(f"writing {table.name}"):
        written = engine.execute(
            f"COPY (SELECT {columns} FROM ({select}) ORDER BY {table.order}) TO '{path}' {OPTIONS}"
        ).fetchall()
    rows = int(written[0][0])
    if not rows:
        path.unlink(missing_ok=True)
        return ()
    return (files.put(table.name, path, rows),)


def compose(
    engine: DuckDBPyConnection,
    files: Files,
    before: Manifest,
    pieces: Sequence[Piece],
    counts: Counts,
    *,
    anew: bool,
) -> Manifest:
    """The manifest that says what was read too; its files stand, and nothing names them yet.

    Args:
        engine: With the views of the catalog, and what :mod:`incoming` made.
        files: Where to write.
        before: The manifest that it follows.
        pieces: What was read.
        counts: Of the comparison.
        anew: Number all images anew, whatever came.
    """
    anew = anew or counts.added > before.images
    change = before.change + 1
    _gather(engine, anew=anew)
    _number(engine, before.next_image, anew=anew)
    _name(engine, before.next_label, anew=anew)
    segment = Segment(
        first=change,
        last=change,
        images=_write_images(engine, files, change),
        labels=_write_labels(engine, files),
        gone=() if anew else _write_gone(engine, files, change),
    )
    last_image = _value(engine, "SELECT coalesce(max(id), 0) FROM numbered")
    return msgspec.structs.replace(
        before,
        lineage=os.urandom(8).hex() if anew else before.lineage,
        change=change,
        horizon=change if anew else before.horizon,
        next_image=last_image + 1 if anew else max(before.next_image, last_image + 1),
        # Words of before may have been dropped, and their ids are not given again.
        next_label=max(
            0 if anew else before.next_label,
            _value(engine, "SELECT coalesce(max(id), 0) + 1 FROM words"),
        ),
        images=before.images + counts.added - counts.removed,
        labelled=before.labelled + counts.labelled,
        segments=(segment,) if anew else (*before.segments, segment),
        vocabulary=_write_vocabulary(engine, files, before, anew=anew),
        scores=(*before.scores, *(piece.scores for piece in pieces if piece.scores)),
        embeddings=(*before.embeddings, *(p.embeddings for p in pieces if p.embeddings)),
    )


def _gather(engine: DuckDBPyConnection, *, anew: bool) -> None:
    """Views of all rows that are written; those that stand have negative numbers."""
    images = f"SELECT row, {OWN} FROM incoming WHERE row IN (SELECT row FROM renewed)"
    labels = "SELECT * FROM incoming_labels"
    words = "SELECT * FROM incoming_words"
    if anew:
        images += (
            f" UNION ALL SELECT -id, {OWN} FROM images WHERE id NOT IN (SELECT id FROM dropped)"
            " AND id NOT IN (SELECT id FROM renewed WHERE id IS NOT NULL)"
        )
        labels += f" UNION ALL SELECT -image, -label, {', '.join(LABELS.names[2:])} FROM labels"
        words += f" UNION ALL SELECT -id, {', '.join(VOCABULARY.names[1:])} FROM vocabulary"
    engine.execute(f"CREATE OR REPLACE VIEW all_images AS {images}")
    engine.execute(f"CREATE OR REPLACE VIEW all_labels AS {labels}")
    engine.execute(f"CREATE OR REPLACE VIEW all_words AS {words}")


def _number(engine: DuckDBPyConnection, first: int, *, anew: bool) -> None:
    """The table ``numbered``: the id of each row, and its place among all that are written."""
    if anew:
        ids = "SELECT row, row_number() OVER (ORDER BY taken, name) AS id FROM all_images"
    else:
        ids = (
            f"SELECT row, coalesce(id, {first} - 1"
            " + row_number() OVER (PARTITION BY id IS NULL ORDER BY taken, name)) AS id"
            " FROM renewed"
        )
    with mapped("numbering the images"):
        engine.execute(
            "CREATE OR REPLACE TABLE numbered AS"
            f" SELECT *, row_number() OVER (ORDER BY id) AS place FROM ({ids})"
        )


def _name(engine: DuckDBPyConnection, first: int, *, anew: bool) -> None:
    """The tables ``words`` (the next vocabulary) and ``meant`` (the label of each word)."""
    latest = ", ".join(f"arg_max({name}, word) AS {name}" for name in VOCABULARY.names[2:])
    known = (
        "SELECT NULL::INTEGER AS id, NULL::VARCHAR AS name" if anew else "SELECT * FROM vocabulary"
    )
    number = (
        f"row_number() OVER (PARTITION BY v.id IS NULL ORDER BY name) + {0 if anew else first - 1}"
    )
    columns = ", ".join(
        f"w.{column}" if anew else f"coalesce(w.{column}, v.{column}) AS {column}"
        for column in VOCABULARY.names[2:]
    )
    join = f"({known} LIMIT 0)" if anew else f"({known})"
    with mapped("naming the labels"):
        engine.execute(
            f"CREATE OR REPLACE TABLE words AS SELECT coalesce(v.id, {number})::INTEGER AS id,"
            f" name, {columns} FROM (SELECT name, {latest} FROM all_words GROUP BY name) w"
            f" FULL JOIN {join} v USING (name)"
        )
        engine.execute(
            "CREATE OR REPLACE TABLE meant AS"
            " SELECT a.word, w.id FROM all_words a JOIN words w USING (name)"
        )


def _write_images(engine: DuckDBPyConnection, files: Files, change: int) -> tuple[FileFacts, ...]:
    written: list[FileFacts] = []
    for span in _spans(engine):
        select = (
            f"SELECT n.id, {change} AS change, a.* FROM all_images a"
            f" JOIN (SELECT row, id FROM numbered WHERE place {span}) n USING (row)"
        )
        written += write_table(engine, files, IMAGES, select)
    return tuple(written)


def _write_labels(engine: DuckDBPyConnection, files: Files) -> tuple[FileFacts, ...]:
    written: list[FileFacts] = []
    for span in _spans(engine):
        select = (
            "SELECT n.id AS image, m.id AS label, a.* FROM all_labels a"
            f" JOIN (SELECT row, id FROM numbered WHERE place {span}) n USING (row)"
            " JOIN meant m USING (word)"
        )
        written += write_table(engine, files, LABELS, select)
    return tuple(written)


def _write_gone(engine: DuckDBPyConnection, files: Files, change: int) -> tuple[FileFacts, ...]:
    select = (
        f"SELECT id AS image, {change} AS change, false AS removed FROM renewed"
        f" WHERE id IS NOT NULL UNION ALL SELECT id, {change}, true FROM dropped"
    )
    return write_table(engine, files, GONE, select)


def _write_vocabulary(
    engine: DuckDBPyConnection, files: Files, before: Manifest, *, anew: bool
) -> tuple[FileFacts, ...]:
    new = "SELECT count(*) FROM (SELECT * FROM words EXCEPT SELECT * FROM vocabulary)"
    if not anew and not _value(engine, new):
        return before.vocabulary
    return write_table(engine, files, VOCABULARY, "SELECT * FROM words")


def _spans(engine: DuckDBPyConnection) -> list[str]:
    """Conditions on ``place`` that part the rows into files."""
    rows = _value(engine, "SELECT count(*) FROM numbered")
    starts = range(1, rows + 1, FILE_IMAGES)
    return [f"BETWEEN {start} AND {start + FILE_IMAGES - 1}" for start in starts]


def _value(engine: DuckDBPyConnection, query: str) -> int:
    with mapped("the update"):
        return int(engine.execute(query).fetchall()[0][0])
