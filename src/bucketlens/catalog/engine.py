"""DuckDB as the catalog uses it: in this process, bounded, and never on the network by itself."""

from __future__ import annotations

import atexit
import os
import tempfile
import threading
import weakref
from contextlib import contextmanager, suppress
from itertools import count
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


def load_engine() -> None:
    """Load DuckDB now, for whoever has to wait anyway and will need it: 60 to 90 ms."""
    import duckdb  # noqa: F401, PLC0415


def open_engine() -> DuckDBPyConnection:
    """A connection to an empty database of its own in memory.

    All of a process live in one instance of DuckDB, since to begin one takes 17 ms, and share its
    memory and threads. Tables go when the connection is collected.
    """
    with _LOCK:
        instance = _instance()
        name = f"work{next(_NUMBERS)}"
        connection = instance.cursor()
        connection.execute(f"ATTACH ':memory:' AS {name}")
        connection.execute(f"USE {name}")
    weakref.finalize(connection, _detach, name).atexit = False
    return connection


def open_instance() -> DuckDBPyConnection:
    """A connection to an instance of its own, whose settings are nobody else's."""
    import duckdb  # noqa: PLC0415 - 60 to 90 ms that only the catalog is to cost

    options: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        # Made when it is needed, and removed by DuckDB itself.
        "temp_directory": f"{tempfile.gettempdir()}/bucketlens-duckdb-{os.urandom(8).hex()}",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": False,
    }
    return duckdb.connect(":memory:", config=options)


def use_threads(number: int) -> None:
    """Let this process compute in so many threads, where others do the same beside it."""
    with _LOCK:
        _instance().execute(f"SET threads = {number}")


_LOCK = threading.RLock()
_NUMBERS = count()
_INSTANCES: dict[int, DuckDBPyConnection] = {}
"""Of each process its own. One that a fork inherited is of no use, and never closed there: that
would wait for threads which only the other process has."""


def _instance() -> DuckDBPyConnection:
    """The instance of this process."""
    process = os.getpid()
    if process not in _INSTANCES:
        _INSTANCES[process] = open_instance()
        # Where a thread outlives the interpreter, DuckDB complains of whatever is still open then.
        atexit.register(_close, process)
    return _INSTANCES[process]


def _close(process: int) -> None:
    if process == os.getpid():
        del _INSTANCES[process]


def _detach(name: str) -> None:
    import duckdb  # noqa: PLC0415

    with _LOCK, suppress(duckdb.Error):
        _instance().cursor().execute(f"DETACH {name}")


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
    listed = ", ".join(quoted(str(path)) for path in paths)
    later = [f'NULL::{c.type} AS "{c.name}"' for c in table.columns if c.later]
    if not later:
        return f"read_parquet([{listed}])"
    return (
        f"(FROM read_parquet([{listed}], union_by_name = true)"
        f" UNION ALL BY NAME SELECT {', '.join(later)} WHERE false)"
    )
