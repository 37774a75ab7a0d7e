"""A listing of the records as a table; another process may list them meanwhile, into a file."""

from __future__ import annotations

import csv
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from bucketlens.catalog.engine import mapped, quoted
from bucketlens.records import RECORD_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from bucketlens.types import ObjectInfo

SLICE = 65_536
"""Entries that are handed to DuckDB at once."""

TABLE = "CREATE OR REPLACE TABLE listed (name VARCHAR, etag VARCHAR)"
INSERT = f"INSERT INTO listed SELECT left(name, -{len(RECORD_SUFFIX)}), etag FROM"


def take_listing(engine: DuckDBPyConnection, listing: Iterable[ObjectInfo]) -> None:
    """Make the table ``listed`` of the records' names and etags."""
    engine.execute(TABLE)
    entries = _entries(listing)
    while some := list(islice(entries, SLICE)):
        columns = {
            "name": np.array([name for name, _ in some], dtype=object),
            "etag": np.array([etag for _, etag in some], dtype=object),
        }
        engine.register("given", columns)
        engine.execute(f"{INSERT} given")
        engine.unregister("given")


def write_listing(listing: Iterable[ObjectInfo], path: Path) -> None:
    """Write the records' names and etags where :func:`take_written` reads them."""
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(_entries(listing))


def take_written(engine: DuckDBPyConnection, path: Path) -> None:
    """Make the table ``listed`` of what was written."""
    engine.execute(TABLE)
    columns = "{'name': 'VARCHAR', 'etag': 'VARCHAR'}"
    with mapped("the listing of the records"):
        engine.execute(
            f"{INSERT} read_csv({quoted(str(path))}, auto_detect = false, header = false,"
            f" delim = ',', quote = '\"', escape = '\"', columns = {columns})"
        )


def _entries(listing: Iterable[ObjectInfo]) -> Iterator[tuple[str, str]]:
    return ((i.key, i.etag) for i in listing if i.key.endswith(RECORD_SUFFIX))
