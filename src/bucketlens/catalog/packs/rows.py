"""Rows of packs as Parquet files: written whole, read by the group."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bucketlens.catalog.engine import open_engine, quoted
from bucketlens.catalog.packs.manifest import Pack
from bucketlens.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bucketlens.catalog.files import Files

GROUP = 2048
"""Rows that are read at once; the least that DuckDB writes as a group of their own."""

OPTIONS = f"(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE {GROUP})"

NAMES = "place::BIGINT AS place, name, etag, size::BIGINT AS size, modified::DOUBLE AS modified"
RECORDS = "place::BIGINT AS place, name, record::BLOB AS record"


class Row(NamedTuple):
    """A record in a pack.

    Attributes:
        name: Of the record.
        etag: Its mark; no other version of any record has it.
        modified: When it was put, seconds since the epoch.
        data: Its bytes.
    """

    name: str
    etag: str
    modified: float
    data: bytes


class Facts(NamedTuple):
    """A row without its bytes.

    Attributes:
        place: Of the row in its pack.
        etag: As of :class:`Row`.
        size: Bytes.
        modified: As of :class:`Row`.
    """

    place: int
    etag: str
    size: int
    modified: float


def write_pack(files: Files, rows: Sequence[Row]) -> Pack:
    """Write rows, of which there is at least one, sorted by name, as the two files of a pack."""
    names = np.array([row.name for row in rows], dtype=object)
    columns = {
        "place": np.arange(len(rows)),
        "name": names,
        "etag": np.array([row.etag for row in rows], dtype=object),
        "size": np.array([len(row.data) for row in rows]),
        "modified": np.array([row.modified for row in rows]),
        "record": np.array([row.data for row in rows], dtype=object),
    }
    facts = []
    for table, select in (("names", NAMES), ("records", RECORDS)):
        path = files.temporary(table)
        with closing(open_engine()) as engine:
            engine.register("given", columns)
            engine.execute(
                f"COPY (SELECT {select} FROM given ORDER BY place) TO {quoted(str(path))} {OPTIONS}"
            )
        facts.append(files.put(table, path, len(rows)))
    return Pack(
        rows=len(rows), first=rows[0].name, last=rows[-1].name, names=facts[0], records=facts[1]
    )


def read_names(path: Path) -> dict[str, Facts]:
    """The names of a pack, in the order of their rows.

    Raises:
        ConfigError: The file is damaged.
    """
    found = _asked(path, "SELECT name, place, etag, size, modified FROM {} ORDER BY place")
    return {name: Facts(*facts) for name, *facts in found}


def read_records(path: Path, group: int) -> list[bytes]:
    """The records of one group of rows, in their order.

    Raises:
        ConfigError: The file is damaged.
    """
    first = group * GROUP
    found = _asked(
        path,
        f"SELECT record FROM {{}} WHERE place BETWEEN {first} AND {first + GROUP - 1}"
        " ORDER BY place",
    )
    return [record for (record,) in found]


def _asked(path: Path, question: str) -> list[tuple[Any, ...]]:
    with readable(path), closing(open_engine()) as engine:
        return engine.execute(question.format(f"read_parquet({quoted(str(path))})")).fetchall()


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn DuckDB's errors about a file into ours.

    Raises:
        ConfigError: It is missing or damaged.
    """
    import duckdb  # noqa: PLC0415 - only who reads packs is to pay for it

    try:
        yield
    except duckdb.Error as exc:
        reason = str(exc).splitlines()[0]
        raise ConfigError(f"{path} of the records can't be read ({reason})") from exc
