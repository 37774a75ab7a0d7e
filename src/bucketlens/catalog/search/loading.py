"""From the catalog's files to rows in memory: all of them, or those that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bucketlens.catalog.search.conditions import SEARCHED
from bucketlens.catalog.search.rows import SEPARATOR, Ragged, Rows, starts_of
from bucketlens.query import COLORS, ORIENTATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

BATCH = 100_000
"""Keys that are held as Python's own strings at a time."""

IMAGES = """
CREATE TEMP TABLE wanted AS
SELECT id, key, name, categories, colors, coalesce(width, -1) AS width,
    coalesce(height, -1) AS height, coalesce(list_position(?, orientation), 0) - 1 AS orientation,
    date_diff('day', TIMESTAMP '1970-01-01', taken) AS day,
    coalesce(page, FALSE) AS published,
    CASE WHEN color IS NULL THEN -1 ELSE ('0x' || color[2:])::INTEGER END AS tint
FROM images i WHERE change > ? AND {searched}
"""
COLUMNS = "SELECT id, day, width, height, orientation, tint, published FROM wanted ORDER BY id"
TEXTS = "SELECT key, CASE WHEN name = key THEN '' ELSE name END FROM wanted ORDER BY id"
LABELS = """
SELECT image, label, confidence FROM labels WHERE image IN (SELECT id FROM wanted)
ORDER BY image, specific DESC, confidence DESC, label
"""
LISTED = """
SELECT id, list_position(?, value) - 1 AS value
FROM (SELECT id, unnest({column}) AS value FROM wanted)
WHERE list_contains(?, value) ORDER BY id, 2
"""
NAMES = "SELECT DISTINCT unnest(categories) FROM wanted ORDER BY 1"


class Loaded(NamedTuple):
    """Rows, and what the numbers of their categories stand for."""

    rows: Rows
    category_names: tuple[str, ...]


def load_rows(engine: DuckDBPyConnection, *, after: int = -1, known: Sequence[str] = ()) -> Loaded:
    """Rows of the images that have labels or could have.

    Args:
        engine: With the catalog's views.
        after: Only rows that a later update wrote.
        known: Names of categories that have numbers already.
    """
    engine.execute(IMAGES.format(searched=SEARCHED), [list(ORIENTATIONS), after])
    named = [row[0] for row in engine.execute(NAMES).fetchall()]
    names = tuple(dict.fromkeys([*known, *named]))
    columns = engine.execute(COLUMNS).fetchnumpy()
    ids = _plain(columns["id"], np.int64)
    labels = engine.execute(LABELS).fetchnumpy()
    starts = _starts(ids, _plain(labels["image"], np.int64))
    keys, safe_names = _texts(engine)
    rows = Rows(
        ids=ids,
        keys=keys,
        names=safe_names,
        days=_plain(columns["day"], np.int32),
        widths=_plain(columns["width"], np.int32),
        heights=_plain(columns["height"], np.int32),
        orientations=_plain(columns["orientation"], np.int8),
        tints=_plain(columns["tint"], np.int32),
        published=_plain(columns["published"], np.bool_),
        labels=Ragged(starts, _plain(labels["label"], np.int32)),
        confidences=Ragged(starts, _plain(labels["confidence"], np.float32)),
        categories=_listed(engine, ids, "categories", names),
        colors=_listed(engine, ids, "colors", COLORS),
    )
    engine.execute("DROP TABLE wanted")
    return Loaded(rows, names)


def _listed(
    engine: DuckDBPyConnection, ids: NDArray[np.int64], column: str, names: Sequence[str]
) -> Ragged:
    found = engine.execute(LISTED.format(column=column), [list(names), list(names)]).fetchnumpy()
    return Ragged(_starts(ids, _plain(found["id"], np.int64)), _plain(found["value"], np.int16))


def _texts(engine: DuckDBPyConnection) -> tuple[Ragged, Ragged]:
    """Keys and safe names; a batch at a time, since Python's strings are large."""
    cursor = engine.execute(TEXTS)
    keys: list[bytes] = []
    names: list[bytes] = []
    lengths: list[list[int]] = [[], []]
    while batch := cursor.fetchmany(BATCH):
        encoded = [f"{key.replace(SEPARATOR, ' ')}{SEPARATOR}".encode() for key, _ in batch]
        safe = [name.encode() for _, name in batch]
        for texts, blobs, sizes in ((encoded, keys, lengths[0]), (safe, names, lengths[1])):
            blobs.append(b"".join(texts))
            sizes.extend(map(len, texts))
    return _blob(keys, lengths[0]), _blob(names, lengths[1])


def _blob(parts: Iterable[bytes], lengths: Sequence[int]) -> Ragged:
    values = np.frombuffer(b"".join(parts), dtype=np.uint8)
    return Ragged(starts_of(np.array(lengths, dtype=np.int64)), values)


def _starts(ids: NDArray[np.int64], of: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the values of each id begin, in values that stand by id."""
    starts: NDArray[np.int64] = np.append(np.searchsorted(of, ids), len(of)).astype(np.int64)
    return starts


def _plain(column: Any, kind: type) -> NDArray[Any]:  # noqa: ANN401 - as DuckDB gives it
    """A column without a mask: there are no NULLs left in it."""
    plain: NDArray[Any] = np.asarray(np.ma.getdata(column)).astype(kind, copy=False)
    return plain
