"""Records read in pieces: some thousands at once become a few small Parquet files.

A piece is all that one process hands to another, so that reading a million records takes every
core and the memory of a few pieces. Scores and embeddings go to the catalog's folder at once, since
nothing in them depends on what else is there; until a manifest names them nobody sees them.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bucketlens.catalog.columns import LISTS, Batch
from bucketlens.catalog.engine import mapped, open_engine
from bucketlens.catalog.extracts import LabelRecordExtract, extract
from bucketlens.catalog.manifest import FileFacts
from bucketlens.catalog.schema import EMBEDDINGS, IMAGES, LABELS, SCORES, VOCABULARY, Column, Table
from bucketlens.errors import MissingError
from bucketlens.records import RECORD_SUFFIX, Tombstone, UnreadableRecordError
from bucketlens.stores import is_remote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from bucketlens.catalog.arrays import Columns
    from bucketlens.catalog.files import Files
    from bucketlens.stores import Store

PIECE = 1024
"""Records of a piece: all of them are in memory while it is made, 40 MB a process."""

AT_ONCE = 16
"""Requests to a store over a network that wait at the same time."""

SCORED_BITS = 16
"""Scores of a piece are numbered from a random 63-bit number with so many zeros at its end."""

_ROW = Column("row", "BIGINT", "")
_WORD = Column("word", "BIGINT", "")

PIECE_IMAGES = Table(
    "images",
    (
        _ROW,
        *(column for column in IMAGES.columns if column.name not in {"id", "change"}),
        Column("own_scores", "BOOLEAN", ""),
    ),
    "row",
)
PIECE_LABELS = Table("labels", (_ROW, _WORD, *LABELS.columns[2:]), "row")
PIECE_WORDS = Table("words", (_WORD, *VOCABULARY.columns[1:]), "word")


class Asked(NamedTuple):
    """A record that is to be read.

    Attributes:
        name: Safe name of its key.
        known: ``scored`` and ``scores_digest`` of the row that stands, if one does.
        spooled: Where its bytes lie in the spool: offset, size and etag.
    """

    name: str
    known: tuple[int, int] | None = None
    spooled: tuple[int, int, str] | None = None


class Buried(NamedTuple):
    """A tombstone that was seen.

    Attributes:
        key: The image's key.
        name: Of the record that it stands in the place of, with its suffix.
        etag: Of the tombstone.
    """

    key: str
    name: str
    etag: str


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Some records, read.

    Attributes:
        rows: Records that are about images.
        images: Parquet file of :data:`PIECE_IMAGES`; empty without rows, as the next ones.
        labels: Parquet file of :data:`PIECE_LABELS`.
        words: Parquet file of :data:`PIECE_WORDS`.
        scores: File of scores that are new, kept already.
        embeddings: File of embeddings that are new, kept already.
        missing: Names that no record stands under.
        buried: Tombstones.
        unreadable: Names of what is no record.
    """

    rows: int
    images: str = ""
    labels: str = ""
    words: str = ""
    scores: FileFacts | None = None
    embeddings: FileFacts | None = None
    missing: tuple[str, ...] = ()
    buried: tuple[Buried, ...] = ()
    unreadable: tuple[str, ...] = ()


class PieceReader:
    """Reads records into pieces.

    Args:
        records: The records' store.
        files: Where pieces and scores go.
        spool: Path of the file that holds records as they were put.
        keep_scores: Whether scores and embeddings are kept.
    """

    def __init__(
        self, records: Store, files: Files, spool: Path | None = None, *, keep_scores: bool = True
    ) -> None:
        """Read nothing yet."""
        self._records = records
        self._files = files
        self._spool = spool
        self._keep_scores = keep_scores
        self._remote = is_remote(records.location)

    def read(self, number: int, asked: Sequence[Asked]) -> Piece:
        """Read some records.

        Args:
            number: Of the piece, which no other piece of the same update has.
            asked: At most :data:`PIECE` of them.

        Raises:
            TransientError: The store is away.
        """
        batch = Batch(number)
        missing: list[str] = []
        buried: list[Buried] = []
        unreadable: list[str] = []
        first = int.from_bytes(os.urandom(8), "big") >> (SCORED_BITS + 1) << SCORED_BITS
        for place, (one, found) in enumerate(self._found(asked)):
            if found is None:
                missing.append(one.name)
                continue
            data, etag = found
            try:
                record = extract(data)
            except UnreadableRecordError:
                unreadable.append(one.name)
                continue
            if isinstance(record, LabelRecordExtract):
                batch.add_labels(
                    record, one.name, etag, data=data, scored=first + place, known=one.known
                )
            elif isinstance(record, Tombstone):
                buried.append(Buried(record.source.key, one.name + RECORD_SUFFIX, etag))
            else:
                batch.add_failure(record, one.name, etag)
        piece = write_piece(self._files, batch, keep_scores=self._keep_scores)
        return msgspec.structs.replace(
            piece, missing=tuple(missing), buried=tuple(buried), unreadable=tuple(unreadable)
        )

    def _found(self, asked: Sequence[Asked]) -> Iterator[tuple[Asked, tuple[bytes, str] | None]]:
        """The bytes and etag of each record."""
        if not self._remote:
            for one in asked:
                yield one, self._one(one)
            return
        with ThreadPoolExecutor(AT_ONCE) as threads:
            # In slices, so that what is read never runs far ahead of what is used.
            for start in range(0, len(asked), 8 * AT_ONCE):
                some = asked[start : start + 8 * AT_ONCE]
                yield from zip(some, threads.map(self._one, some), strict=True)

    def _one(self, asked: Asked) -> tuple[bytes, str] | None:
        if asked.spooled is not None and self._spool is not None:
            offset, size, etag = asked.spooled
            with self._spool.open("rb") as spool:
                spool.seek(offset)
                return spool.read(size), etag
        try:
            blob = self._records.get(asked.name + RECORD_SUFFIX)
        except MissingError:
            return None
        return blob.data, blob.info.etag


def write_piece(files: Files, batch: Batch, *, keep_scores: bool) -> Piece:
    """Write what was taken from records.

    Args:
        files: Where pieces and scores go.
        batch: What was taken.
        keep_scores: Whether scores and embeddings are kept.

    Raises:
        TransientError: The store is away.
    """
    if not len(batch):
        return Piece(rows=0)
    stored = batch.stored
    with closing(open_engine()) as engine:
        return Piece(
            rows=len(batch),
            images=str(_write(files, engine, batch.images(), PIECE_IMAGES)),
            labels=str(_write(files, engine, batch.labels(), PIECE_LABELS)),
            words=str(_write(files, engine, batch.words(), PIECE_WORDS)),
            scores=_keep(files, engine, stored.scores(), SCORES) if keep_scores else None,
            embeddings=_keep(files, engine, stored.embeddings(), EMBEDDINGS)
            if keep_scores
            else None,
        )


def _keep(
    files: Files, engine: DuckDBPyConnection, columns: Columns, table: Table
) -> FileFacts | None:
    rows = len(columns["id"])
    if not rows:
        return None
    return files.put(table.name, _write(files, engine, columns, table), rows)


def _write(files: Files, engine: DuckDBPyConnection, columns: Columns, table: Table) -> Path:
    path = files.temporary(table.name)
    engine.register("columns", columns)
    casts = ", ".join(
        f'CAST("{c.name}"{"::JSON" if c.name in LISTS else ""} AS {c.type}) AS "{c.name}"'
        for c in table.columns
    )
    with mapped("the reading of records"):
        engine.execute(f"COPY (SELECT {casts} FROM columns) TO '{path}' {OPTIONS}")
    engine.unregister("columns")
    return path


OPTIONS = "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
"""The lowest level: writing is what an update waits for."""
