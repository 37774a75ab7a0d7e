"""Lists of keys in Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketlens.pipeline.keylists.rows import Row
from bucketlens.pipeline.plans import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from bucketlens.pipeline.keylists.documents import Document

ROWS = 10_000
"""Taken at once."""

OPTIONAL = ("bucket", "size", "islatest", "isdeletemarker")


def read_parquet(document: Document, *, whole: bool = False) -> Iterator[Row | Refused]:
    """Columns ``key`` and perhaps ``bucket``, ``size``, ``is_latest`` and ``is_delete_marker``.

    Args:
        document: The file.
        whole: As of :class:`Row`.
    """
    import duckdb  # noqa: PLC0415 - only where it is used

    with document.on_disk() as path, duckdb.connect(":memory:") as engine:
        engine.execute("SET autoinstall_known_extensions = false")
        try:
            wanted = _columns(engine, path)
            if wanted is None:
                raise document.unreadable("it has no column `key`")
            engine.execute(f"SELECT {wanted} FROM read_parquet(?)", [str(path)])  # noqa: S608
            number = 0
            while rows := engine.fetchmany(ROWS):
                for key, bucket, size, latest, deleted in rows:
                    number += 1
                    where = f"{document.name}, row {number}"
                    if latest is False or deleted is True:
                        continue
                    if key is None:
                        yield Refused(where, "it names no key")
                    else:
                        yield Row(where, key, bucket, size, whole)
        except duckdb.Error as exc:
            raise document.unreadable(str(exc).splitlines()[0]) from exc


def _columns(engine: DuckDBPyConnection, path: Path) -> str | None:
    """What to select of a file; None where no column holds keys."""
    engine.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)])
    there = {name.lower().replace("_", ""): name for name, *_ in engine.fetchall()}
    if "key" not in there:
        return None
    kinds = dict(zip(OPTIONAL, ("VARCHAR", "BIGINT", "BOOLEAN", "BOOLEAN"), strict=True))
    optional = (
        f"TRY_CAST({_quoted(there[name])} AS {kind})" if name in there else f"NULL::{kind}"
        for name, kind in kinds.items()
    )
    return ", ".join([f"CAST({_quoted(there['key'])} AS VARCHAR)", *optional])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
