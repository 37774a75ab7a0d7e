"""Columns as DuckDB reads them: arrays made of Python's values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Columns: TypeAlias = "dict[str, NDArray[Any]]"
"""Columns by name, all of the same length."""


def objects(values: Sequence[Any]) -> NDArray[Any]:
    """Texts or bytes, each of which may be None."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def lists(values: Sequence[Sequence[str]]) -> NDArray[Any]:
    """Lists of texts as JSON: of lists, DuckDB would guess the type from some of them."""
    return objects([_JSON.encode(value).decode() for value in values])


def times(micros: Sequence[int]) -> NDArray[Any]:
    """Microseconds since the epoch as times."""
    return np.array(micros, dtype=np.int64).astype("datetime64[us]")


def numbers(
    values: Sequence[float | None], kind: type[np.int64 | np.float64] = np.int64
) -> NDArray[Any]:
    """Numbers that may be missing."""
    missing = [value is None for value in values]
    return np.ma.array([value or 0 for value in values], mask=missing, dtype=kind)


_JSON = msgspec.json.Encoder()
