"""Segments merged, so that a reader opens few files however many updates there were.

After an update the newest segments are merged while the one before is not much larger, so that
each row is written again about once for every fourfold growth. What is large is left alone then,
and merged with all else when there are too many segments, or when someone asks for it.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from bucketlens.catalog.composing import FILE_IMAGES, write_table
from bucketlens.catalog.engine import mapped, open_engine, parquet
from bucketlens.catalog.manifest import Manifest, Segment, read_manifest, replace_manifest
from bucketlens.catalog.schema import EMBEDDINGS, GONE, IMAGES, LABELS, SCORES
from bucketlens.catalog.snapshot import live

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duckdb import DuckDBPyConnection

    from bucketlens.catalog.files import Files
    from bucketlens.catalog.manifest import FileFacts
    from bucketlens.catalog.schema import Table

FACTOR = 4
"""A segment at most so many times as large as the next newer one is merged with it."""

LARGE = 100_000
"""Rows that an update merges in passing at most, so that it stays a short one."""

MOST_SEGMENTS = 12
"""With more of them, all are merged."""

FILE_SCORES = 4096
"""Rows of scores in one file, about: 10 MB, and 45 MB of memory while it is written. One that is
half full is left as it is."""

KEPT_CHANGES = 1000
"""Updates whose removals are remembered: whoever follows the catalog may be so far behind."""


def merge_tiers(files: Files) -> None:
    """Merge what the last updates left small; given up when another one comes first."""
    standing = read_manifest(files.private)
    before = standing.manifest
    start = _first_to_merge([segment.rows for segment in before.segments])
    wasteful = sum(file.rows for file in before.scores) > 2 * before.labelled + LARGE
    with closing(open_engine()) as engine:
        after = before if start is None else _merged(engine, files, before, start)
        after = _repacked(engine, files, after, everything=wasteful)
    if after != before:
        replace_manifest(files.private, standing.etag, after)


def merge_all(files: Files, attempts: int = 8) -> bool:
    """Merge all segments into one and drop what no longer holds; False if others kept coming."""
    for _ in range(attempts):
        standing = read_manifest(files.private)
        before = standing.manifest
        with closing(open_engine()) as engine:
            after = before if _is_whole(before) else _merged(engine, files, before, 0)
            after = _repacked(engine, files, after, everything=True)
        if after == before or replace_manifest(files.private, standing.etag, after):
            return True
    return False


def _is_whole(manifest: Manifest) -> bool:
    """Whether there is nothing to merge: one segment, and no removal old enough to forget."""
    if len(manifest.segments) > 1:
        return False
    gone = any(segment.gone for segment in manifest.segments)
    return not gone or _horizon(manifest) == manifest.horizon


def _horizon(manifest: Manifest) -> int:
    """The change up to which removals may be forgotten."""
    return max(manifest.horizon, manifest.change - KEPT_CHANGES)


def _first_to_merge(rows: Sequence[int], most: int = LARGE) -> int | None:
    """The place of the oldest that is merged with all newer ones."""
    if len(rows) > MOST_SEGMENTS and most == LARGE:
        return 0
    start = len(rows) - 1
    merged = rows[-1] if rows else 0
    while start > 0 and rows[start - 1] <= FACTOR * merged and merged + rows[start - 1] <= most:
        start -= 1
        merged += rows[start]
    return start if start < len(rows) - 1 else None


def _merged(engine: DuckDBPyConnection, files: Files, before: Manifest, start: int) -> Manifest:
    """The manifest with all segments from ``start`` on as one."""
    part = msgspec.structs.replace(before, segments=before.segments[start:])
    horizon = before.horizon if start else _horizon(before)
    segment = Segment(
        first=part.segments[0].first,
        last=part.segments[-1].last,
        images=_rewritten(engine, files, part, IMAGES, "id"),
        labels=_rewritten(engine, files, part, LABELS, "image"),
        gone=_still_gone(engine, files, part, None if start else horizon),
    )
    segments = (*before.segments[:start], segment)
    return msgspec.structs.replace(before, horizon=horizon, segments=segments)


def _rewritten(
    engine: DuckDBPyConnection, files: Files, part: Manifest, table: Table, column: str
) -> tuple[FileFacts, ...]:
    """What holds of a table, in files of so many images."""
    source = live(part, files, table)
    written: list[FileFacts] = []
    for first in range(1, part.next_image, FILE_IMAGES):
        span = f"{column} BETWEEN {first} AND {first + FILE_IMAGES - 1}"
        written += write_table(engine, files, table, f"SELECT * FROM {source} WHERE {span}")
    return tuple(written)


def _still_gone(
    engine: DuckDBPyConnection, files: Files, part: Manifest, horizon: int | None
) -> tuple[FileFacts, ...]:
    """What older segments must be told; where there are none, removals after the horizon."""
    source = live(part, files, GONE)
    select = (
        "SELECT image, max(change) AS change, bool_or(removed) AS removed"
        f" FROM {source} GROUP BY image"
    )
    if horizon is not None:
        select += f" HAVING bool_or(removed) AND max(change) > {horizon}"
    return write_table(engine, files, GONE, select)


def _repacked(
    engine: DuckDBPyConnection, files: Files, manifest: Manifest, *, everything: bool
) -> Manifest:
    """The manifest with scores and embeddings in fewer files, less what no image has any more."""
    chosen = {
        table.name: _to_repack(getattr(manifest, table.name), everything=everything)
        for table in (SCORES, EMBEDDINGS)
    }
    if not any(chosen.values()):
        return manifest
    with mapped("the look for scores that no image has"):
        engine.execute(
            "CREATE OR REPLACE TABLE scored AS SELECT scored AS id"
            f" FROM {live(manifest, files, IMAGES)} WHERE scored IS NOT NULL"
        )
    repacked = {
        table.name: (
            *(file for file in getattr(manifest, table.name) if file not in chosen[table.name]),
            *_repack(engine, files, table, chosen[table.name]),
        )
        for table in (SCORES, EMBEDDINGS)
    }
    return msgspec.structs.replace(manifest, **repacked)


def _to_repack(own: tuple[FileFacts, ...], *, everything: bool) -> tuple[FileFacts, ...]:
    if everything:
        return own
    start = _first_to_merge([file.rows for file in own], FILE_SCORES)
    return () if start is None else own[start:]


def _repack(
    engine: DuckDBPyConnection, files: Files, table: Table, chosen: tuple[FileFacts, ...]
) -> list[FileFacts]:
    """The rows of these files that an image has, in files of a good size."""
    done: list[FileFacts] = []
    group: list[FileFacts] = []
    rows = 0
    for file in chosen:
        held = _held(engine, files, table, file)
        if held == file.rows and (held >= FILE_SCORES // 2 or len(chosen) == 1):
            done.append(file)
            continue
        group.append(file)
        rows += held
        if rows >= FILE_SCORES:
            done += _joined(engine, files, table, group)
            group, rows = [], 0
    return done + list(_joined(engine, files, table, group))


def _held(engine: DuckDBPyConnection, files: Files, table: Table, file: FileFacts) -> int:
    """How many rows of a file belong to images."""
    source = parquet(files.paths([file]), table)
    with mapped("the look for scores that no image has"):
        found = engine.execute(
            f"SELECT count(*) FROM {source} WHERE id IN (SELECT id FROM scored)"
        ).fetchall()
    return int(found[0][0])


def _joined(
    engine: DuckDBPyConnection, files: Files, table: Table, group: list[FileFacts]
) -> tuple[FileFacts, ...]:
    if not group:
        return ()
    source = parquet(files.paths(group), table)
    return write_table(
        engine, files, table, f"SELECT * FROM {source} WHERE id IN (SELECT id FROM scored)"
    )
