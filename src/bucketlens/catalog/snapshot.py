"""One state of the catalog, to ask questions of."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, NamedTuple

from bucketlens.catalog.engine import mapped, open_engine, open_instance, parquet
from bucketlens.catalog.schema import EMBEDDINGS, GONE, IMAGES, LABELS, SCORES, VOCABULARY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import Any

    import numpy as np
    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

    from bucketlens.catalog.files import Files
    from bucketlens.catalog.manifest import FileFacts, Manifest, Segment
    from bucketlens.catalog.schema import Table

SEARCHED = ("images", "labels", "vocabulary")
"""The tables that questions are about; scores and embeddings are large and seldom asked for."""

SCORES_AT_ONCE = 16_384
"""Rows of stored scores that are read into memory at once, about: 80 MB."""


class Changes(NamedTuple):
    """What became of the catalog since an earlier state of the same lineage.

    Attributes:
        complete: False when that is too long ago to tell: what is derived is to be made anew.
        changed: Images whose row has a higher ``change``.
        removed: Ids that left.
    """

    complete: bool
    changed: int
    removed: NDArray[np.int64]


class Snapshot:
    """One state of the catalog; its files stay for a day after a newer one stands."""

    def __init__(self, manifest: Manifest, files: Files) -> None:
        """Open nothing yet."""
        self._manifest = manifest
        self._files = files

    @property
    def lineage(self) -> str:
        """Ids of images and labels mean something within one lineage only."""
        return self._manifest.lineage

    @property
    def change(self) -> int:
        """The number of the last update; 0 where there was none."""
        return self._manifest.change

    @property
    def images(self) -> int:
        """Rows of images, failures among them."""
        return self._manifest.images

    @property
    def labelled(self) -> int:
        """Images that were labelled."""
        return self._manifest.labelled

    def connect(
        self, tables: Sequence[str] = SEARCHED, *, apart: bool = False
    ) -> DuckDBPyConnection:
        """A database with a view for each table, which reads the files as it is asked.

        Args:
            tables: Those that are wanted; of remote stores the files of these are fetched.
            apart: In an instance of DuckDB of its own, whose settings can be changed.

        Raises:
            CatalogError: A file is missing or damaged.
            TransientError: The store is away.
        """
        engine = open_instance() if apart else open_engine()
        # What was fetched goes with `files`, and must not go before whoever reads it.
        weakref.finalize(engine, lambda _: None, self._files)
        try:
            create_views(engine, self._manifest, self._files, tables)
        except BaseException:
            engine.close()
            raise
        return engine

    def paths(self, tables: Iterable[str]) -> list[Path]:
        """Where the files of these tables can be read; they are fetched where need be."""
        wanted = set(tables)
        if wanted & {"scores", "embeddings"}:
            wanted.add("images")
        if wanted & {"images", "labels"}:
            wanted.add("gone")
        apart = [
            file
            for name in wanted & {"vocabulary", "scores", "embeddings"}
            for file in getattr(self._manifest, name)
        ]
        segments = self._manifest.segments
        own = [
            file
            for table in (IMAGES, LABELS, GONE)
            if table.name in wanted
            for file in _of(segments, table)
        ]
        return self._files.paths([*apart, *own])

    def score_files(self) -> list[list[Path]]:
        """The files of stored scores, in groups of not too many rows; fetched where need be."""
        groups: list[list[FileFacts]] = []
        rows = SCORES_AT_ONCE
        for file in self._manifest.scores:
            if rows + file.rows > SCORES_AT_ONCE:
                groups.append([])
                rows = 0
            groups[-1].append(file)
            rows += file.rows
        return [self._files.paths(group) for group in groups]

    def changes_since(self, change: int) -> Changes:
        """What changed after an earlier update of the same lineage."""
        complete = self._manifest.horizon <= change <= self._manifest.change
        with self.connect(("images", "gone")) as engine, mapped("the comparison of two states"):
            counted = engine.execute("SELECT count(*) FROM images WHERE change > ?", [change])
            changed = int(counted.fetchall()[0][0])
            engine.execute(
                "SELECT DISTINCT image FROM gone WHERE removed AND change > ? ORDER BY image",
                [change],
            )
            removed: NDArray[np.int64] = engine.fetchnumpy()["image"]
        return Changes(complete, changed, removed)


def create_views(
    engine: DuckDBPyConnection, manifest: Manifest, files: Files, tables: Iterable[str]
) -> None:
    """Views over what holds; of scores and embeddings with the id of the image."""
    with mapped("opening the catalog"):
        for table in (IMAGES, LABELS, VOCABULARY, GONE):
            if table.name in tables:
                source = live(manifest, files, table)
                engine.execute(f"CREATE VIEW {table.name} AS SELECT * FROM {source}")
        for table in (SCORES, EMBEDDINGS):
            if table.name in tables:
                rows = parquet(files.paths(getattr(manifest, table.name)), table)
                images = live(manifest, files, IMAGES)
                engine.execute(
                    f"CREATE VIEW {table.name} AS SELECT i.id AS image, s.* FROM {rows} s"
                    f" JOIN (SELECT id, scored FROM {images}) i ON i.scored = s.id"
                )


def live(manifest: Manifest, files: Files, table: Table) -> str:
    """A relation over the rows of a table that hold."""
    if table is VOCABULARY:
        return parquet(files.paths(manifest.vocabulary), table)
    if table is GONE:
        return parquet(files.paths(_of(manifest.segments, table)), table)
    column = "id" if table is IMAGES else "image"
    parts: list[str] = []
    for place, segment in enumerate(manifest.segments):
        own = files.paths(_of((segment,), table))
        if not own:
            continue
        gone = files.paths(_of(manifest.segments[place + 1 :], GONE))
        part = f"SELECT {', '.join(table.names)} FROM {parquet(own, table)}"
        if gone:
            part += f" WHERE {column} NOT IN (SELECT image FROM {parquet(gone, GONE)})"
        parts.append(part)
    return f"({' UNION ALL '.join(parts)})" if parts else parquet((), table)


def _of(segments: Sequence[Segment], table: Table) -> list[FileFacts]:
    return [file for segment in segments for file in _files_of(segment, table)]


def _files_of(segment: Segment, table: Table) -> tuple[FileFacts, ...]:
    found: dict[str, Any] = {
        "images": segment.images,
        "labels": segment.labels,
        "gone": segment.gone,
    }
    files: tuple[FileFacts, ...] = found[table.name]
    return files
