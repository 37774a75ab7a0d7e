"""Questions in SQL from people: they read the tables, and nothing else.

A question is one SELECT, and the database that it runs in is locked before: it may read the
catalog's own files and no others, install nothing, and change no setting.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from bucketlens.catalog.engine import quoted
from bucketlens.catalog.schema import TABLES
from bucketlens.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

    from bucketlens.catalog.snapshot import Snapshot

SLICE = 2048
"""Rows that are fetched at once."""


class Answer(NamedTuple):
    """What a question gave.

    Attributes:
        columns: Their names.
        rows: As they come.
    """

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


@contextmanager
def asked(snapshot: Snapshot, question: str) -> Iterator[Answer]:
    """Answer one SELECT over the tables of a state.

    Raises:
        ConfigError: It is no SELECT, or can't be answered.
        CatalogError: A file is missing or damaged.
        TransientError: The store is away.
    """
    import duckdb  # noqa: PLC0415 - only the catalog is to cost that

    # Scores and embeddings are most of the catalog: only who names them waits for them.
    tables = [name for name in TABLES if re.search(rf"\b{name}\b", question, re.IGNORECASE)]
    with snapshot.connect(tables, apart=True) as engine:
        _lock(engine, snapshot, tables)
        try:
            statements = engine.extract_statements(question)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise ConfigError("ask with one SELECT; nothing else is answered")
            engine.execute(statements[0])
            columns = tuple(column[0] for column in engine.description or ())
            yield Answer(columns, _fetched(engine))
        except duckdb.Error as exc:
            raise ConfigError(f"the query can't be answered: {exc}") from exc


def _lock(engine: DuckDBPyConnection, snapshot: Snapshot, tables: list[str]) -> None:
    paths = ", ".join(quoted(str(path)) for path in snapshot.paths(tables))
    engine.execute(f"SET allowed_paths = [{paths}]")
    engine.execute("SET enable_external_access = false")
    engine.execute("SET lock_configuration = true")


def _fetched(engine: DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while rows := engine.fetchmany(SLICE):
        yield from rows
