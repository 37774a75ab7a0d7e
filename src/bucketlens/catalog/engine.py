"""DuckDB as the catalog uses it: in this process, bounded, and never on the network by itself."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from bucketlens.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from bucketlens.catalog.schema import Table

MEMORY = "800MB"
"""What DuckDB takes at most before it writes to its temporary folder."""


class CatalogError(ConfigError):
    """The catalog can't be read; its records are whole, and it can be made anew from them."""

    def __init__(self, what: str) -> None:
        """Say what is wrong and what puts it right."""
        super().__init__(f"{what}; `bucketlens index OUT --rebuild` makes the catalog anew")


def open_engine(scratch: Path, *, memory: str = MEMORY, threads: int = 0) -> DuckDBPyConnection:
    """An empty database in memory.

    Args:
        scratch: Folder for what does not fit.
        memory: The limit, as DuckDB writes it.
        threads: Threads that compute; 0 is one for each core.
    """
    import duckdb  # noqa: PLC0415 - 60 to 90 ms that only the catalog is to cost

    options: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "temp_directory": str(scratch),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": False,
    }
    if threads:
        options["threads"] = threads
    return duckdb.connect(":memory:", config=options)


@contextmanager
def mapped(what: str) -> Iterator[None]:
    """Turn DuckDB's errors about files into ours.

    Raises:
        CatalogError: A file is missing, damaged, or not what it should be.
    """
    import duckdb  # noqa: PLC0415

    try:
        yield
    except duckdb.OutOfMemoryException as exc:
        raise ConfigError(f"{what} needs more memory or room for temporary files: {exc}") from exc
    except (
        duckdb.IOException,
        duckdb.InvalidInputException,
        duckdb.SerializationException,
        duckdb.BinderException,
        duckdb.ConversionException,
    ) as exc:
        reason = str(exc).splitlines()[0]
        raise CatalogError(f"{what} could not read a file of the catalog ({reason})") from exc


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def parquet(paths: Sequence[Path | str], table: Table) -> str:
    """A relation over Parquet files; an empty one of the right columns where there are none."""
    if not paths:
        columns = ", ".join(f'NULL::{c.type} AS "{c.name}"' for c in table.columns)
        return f"(SELECT {columns} WHERE false)"
    return f"read_parquet([{', '.join(quoted(str(path)) for path in paths)}])"
