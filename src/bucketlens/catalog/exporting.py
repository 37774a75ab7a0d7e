"""The catalog as one table for other programs: a row an image, its labels within it."""

from __future__ import annotations

import csv
import os
from typing import IO, TYPE_CHECKING, Any

import msgspec

from bucketlens.catalog.engine import mapped, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from bucketlens.catalog.snapshot import Snapshot

OF_IMAGES = (
    *("key", "name", "kind", "taken", "taken_known", "modified", "recorded", "size", "sha256"),
    *("etag", "format", "width", "height", "orientation", "categories", "colors", "color"),
    *("model", "label_model_version", "failure", "failure_reason"),
)
"""Columns that are exported as they are; ``labels`` follows."""

EXPORT = f"""
SELECT {", ".join(f"i.{name}" for name in OF_IMAGES)}, coalesce(l.labels, []) AS labels
FROM images i LEFT JOIN (
    SELECT image, list(
        struct_pack(name := v.name, confidence := round(confidence::DOUBLE, 4),
            instances := instances::INTEGER)
        ORDER BY specific DESC, confidence DESC, v.name
    ) AS labels
    FROM labels JOIN vocabulary v ON v.id = label GROUP BY image
) l ON l.image = i.id ORDER BY i.id DESC
"""

JOINED = ";"
"""Between the values of a list, in CSV."""

SLICE = 2048


def write_jsonl(snapshot: Snapshot, file: IO[bytes]) -> int:
    """One JSON object a line; how many."""
    encoder = msgspec.json.Encoder()
    count = 0
    with snapshot.connect() as engine:
        for count, row in enumerate(_rows(engine), 1):  # noqa: B007 - the last one is the number
            file.write(encoder.encode(dict(zip((*OF_IMAGES, "labels"), row, strict=True))))
            file.write(b"\n")
    return count


def write_csv(snapshot: Snapshot, file: IO[str]) -> int:
    """A line of headings and one line an image; lists are joined by semicolons; how many images."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow((*OF_IMAGES, "labels", "confidences"))
    count = 0
    with snapshot.connect() as engine:
        for count, row in enumerate(_rows(engine), 1):  # noqa: B007
            *plain, labels = row
            writer.writerow(
                (
                    *map(_cell, plain),
                    JOINED.join(label["name"] for label in labels),
                    JOINED.join(str(label["confidence"]) for label in labels),
                )
            )
    return count


def write_parquet(snapshot: Snapshot, path: Path) -> int:
    """A Parquet file, whole or not at all; how many rows it has.

    Raises:
        ConfigError: It can't be written there.
    """
    part = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
    try:
        with snapshot.connect() as engine, mapped(f"the export to {path}"):
            done = engine.execute(
                f"COPY ({EXPORT}) TO {quoted(str(part))} (FORMAT parquet, COMPRESSION zstd)"
            ).fetchall()
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return int(done[0][0])


def _rows(engine: DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    with mapped("the export"):
        engine.execute(EXPORT)
        while rows := engine.fetchmany(SLICE):
            yield from rows


def _cell(value: object) -> object:
    return JOINED.join(value) if isinstance(value, list) else value
