"""What is known of images, as arrays: one row for each, and rows of rows for what they have.

Rows stand by id, so that the higher place is the newer image. Nothing here changes; a newer state
of the catalog is new arrays, made from the old ones and the rows that changed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

SEPARATOR = "\0"
"""After each key, so that all of them can be searched as one text; no store can hold it in one."""


@dataclass(frozen=True, slots=True)
class Ragged:
    """Values of which each row has none, one or several.

    Attributes:
        starts: Where each row's values begin, and where the last one's end.
        values: Of all rows, one after the other.
    """

    starts: NDArray[np.int64]
    values: NDArray[Any]

    def __getitem__(self, row: int) -> NDArray[Any]:
        """The values of a row."""
        return self.values[self.starts[row] : self.starts[row + 1]]

    def of(self, rows: NDArray[np.integer[Any]]) -> NDArray[Any]:
        """The values of some rows, one after the other."""
        found: NDArray[Any] = self.values[spans(self.starts[rows], self.starts[rows + 1])]
        return found

    def taken(self, rows: NDArray[np.integer[Any]]) -> Ragged:
        """Only these rows, in that order."""
        counts = self.starts[rows + 1] - self.starts[rows]
        return Ragged(starts_of(counts), self.of(rows))

    def followed_by(self, other: Ragged) -> Ragged:
        """These rows, then those of another."""
        return Ragged(
            np.concatenate([self.starts, other.starts[1:] + self.starts[-1]]),
            np.concatenate([self.values, other.values]),
        )


@dataclass(frozen=True, slots=True)
class Rows:
    """Images, by id.

    Attributes:
        ids: Ascending.
        keys: Bytes of UTF-8, and a NUL after each.
        names: Bytes of the safe names that differ from their keys; else none.
        days: Since 1970, of the day that the page shows.
        widths: Pixels, -1 where not known.
        heights: Pixels, -1 where not known.
        orientations: Positions in ``ORIENTATIONS``, -1 where not known.
        tints: The most dominant colour as a number, -1 where not known.
        published: Whether the site shows it.
        labels: Numbers of labels, the most specific first.
        confidences: Of the labels, in the same order; 0 to 100.
        categories: Positions in a list of names.
        colors: Positions in ``COLORS``.
    """

    ids: NDArray[np.int64]
    keys: Ragged
    names: Ragged
    days: NDArray[np.int32]
    widths: NDArray[np.int32]
    heights: NDArray[np.int32]
    orientations: NDArray[np.int8]
    tints: NDArray[np.int32]
    published: NDArray[np.bool_]
    labels: Ragged
    confidences: Ragged
    categories: Ragged
    colors: Ragged

    def taken(self, places: NDArray[np.integer[Any]]) -> Rows:
        """Only these images, in that order."""
        return Rows(
            **{field.name: _taken(getattr(self, field.name), places) for field in fields(self)}
        )

    def renewed(self, changed: Rows, removed: NDArray[np.int64]) -> Rows:
        """These images without those that left, and with the changed and the new ones."""
        out = np.isin(self.ids, np.concatenate([changed.ids, removed]))
        kept = np.flatnonzero(~out)
        ids = np.concatenate([self.ids[kept], changed.ids])
        order = np.argsort(ids, kind="stable")
        rows = np.concatenate([kept, np.arange(len(changed.ids)) + len(self.ids)])[order]
        return Rows(
            **{
                field.name: _joined(getattr(self, field.name), getattr(changed, field.name), rows)
                for field in fields(self)
            }
        )


def _taken(column: Any, rows: NDArray[np.integer[Any]]) -> Any:  # noqa: ANN401 - either kind
    return column.taken(rows) if isinstance(column, Ragged) else column[rows]


def _joined(old: Any, new: Any, rows: NDArray[np.int64]) -> Any:  # noqa: ANN401 - either kind
    """Some rows of two columns, one after the other."""
    both = old.followed_by(new) if isinstance(old, Ragged) else np.concatenate([old, new])
    return _taken(both, rows)


def starts_of(counts: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Where each row begins that holds so many values, and where the last one ends."""
    starts = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=starts[1:])
    return starts


def spans(starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """All positions from each start to before its end: ``[3, 8], [5, 9]`` gives ``3 4 8``."""
    counts = ends - starts
    return np.repeat(starts - starts_of(counts)[:-1], counts) + np.arange(counts.sum())
