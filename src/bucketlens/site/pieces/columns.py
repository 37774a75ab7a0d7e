"""What a segment is made of, read from the catalog as columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bucketlens.colors import SIMPLE
from bucketlens.query import LEVELS, ORIENTATIONS, STEPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import duckdb
    from numpy.typing import NDArray

    from bucketlens.site.pieces.vocabulary import Word

TOP_LABELS = 3
ROWS_AT_ONCE = 1 << 15
BATCH = 1 << 16


class Columns(NamedTuple):
    """What is known of the images of a segment, by position: the lowest id has position 0.

    Attributes:
        ids: Ascending.
        days: Since 1970.
        colors: A bit for each of the twelve words, black the lowest.
        orientations: Number of the word in ``ORIENTATIONS``.
        offsets: Where the labels of each image begin in ``labels``, and the end.
        labels: Of all images, one image after the other, by their number in ``words``.
        levels: Of the same.
        words: The labels in use, most images first.
        counts: How many images have each.
    """

    ids: NDArray[np.int64]
    days: NDArray[np.int32]
    colors: NDArray[np.uint16]
    orientations: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    labels: NDArray[np.int32]
    levels: NDArray[np.uint8]
    words: tuple[Word, ...]
    counts: NDArray[np.int64]

    @property
    def owners(self) -> NDArray[np.int64]:
        """The position of the image that each label belongs to."""
        return np.repeat(np.arange(len(self.ids)), np.diff(self.offsets))


class Row(NamedTuple):
    """An image as a grid shows it; JSON writes it as an array."""

    key: str
    width: int
    height: int
    day: int
    color: str | None
    labels: list[int]
    name: str


@dataclass(frozen=True, slots=True)
class CatalogImages:
    """The images that are shown, as one state of the catalog has them.

    Args:
        connection: With the views ``images``, ``labels`` and ``vocabulary``.
        words: The vocabulary by id.
    """

    connection: duckdb.DuckDBPyConnection
    words: dict[int, Word]

    def columns(self, ids: NDArray[np.int64]) -> Columns:
        """The columns of these images; ids ascending, all of images that are shown."""
        self._want(ids)
        facts = self._numbers(
            f"SELECT w.position, date_diff('day', DATE '1970-01-01', i.taken::DATE)::INTEGER AS day,"  # noqa: S608, E501 - our own words only
            f" ({_mask()})::USMALLINT AS colors, ({_orientation()})::UTINYINT AS orientation"
            " FROM wanted w JOIN images i ON i.id = w.id"
        )
        order = np.argsort(facts["position"])
        level = " + ".join(f"(l.confidence >= {step})::UTINYINT" for step in STEPS)
        said = self._numbers(
            f"SELECT w.position::UINTEGER AS position, l.label::UINTEGER AS label,"  # noqa: S608
            f" ({level})::UTINYINT AS level FROM labels l JOIN wanted w ON l.image = w.id"
        )
        known, counts = np.unique(said["label"], return_counts=True)
        by_count = sorted(
            range(len(known)), key=lambda n: (-int(counts[n]), self.words[int(known[n])].name)
        )
        ranks = np.zeros(int(known.max(initial=0)) + 1, np.int64)
        ranks[known[by_count]] = np.arange(len(known))
        packed = _packed(said["position"], ranks[said["label"]], said["level"], len(known))
        owners = packed // (LEVELS * max(len(known), 1))
        return Columns(
            ids=ids,
            days=facts["day"][order],
            colors=facts["colors"][order],
            orientations=facts["orientation"][order],
            offsets=np.searchsorted(owners, np.arange(len(ids) + 1)),
            labels=(packed // LEVELS % max(len(known), 1)).astype(np.int32),
            levels=(packed % LEVELS).astype(np.uint8),
            words=tuple(self.words[int(known[n])] for n in by_count),
            counts=counts[by_count],
        )

    def rows(self, ids: NDArray[np.int64], shown: Callable[[str], str]) -> Iterator[Row]:
        """What a grid shows of these images, in their order."""
        for start in range(0, len(ids), ROWS_AT_ONCE):
            part = ids[start : start + ROWS_AT_ONCE]
            self._want(part)
            cursor = self.connection.execute(
                "SELECT i.key, i.name, i.width, i.height, i.color,"
                " date_diff('day', DATE '1970-01-01', i.taken::DATE), t.tops"
                " FROM wanted w JOIN images i ON i.id = w.id LEFT JOIN"
                " (SELECT l.image, list(l.label ORDER BY l.specific DESC, l.confidence DESC,"
                " l.label)[1:?] AS tops FROM labels l WHERE l.image BETWEEN ? AND ?"
                " GROUP BY l.image) t ON t.image = i.id ORDER BY w.position",
                [TOP_LABELS, int(part[0]), int(part[-1])],
            )
            for key, name, width, height, color, day, tops in cursor.fetchall():
                text = shown(key)
                other = "" if name == text else name
                yield Row(text, width, height, day, color, tops or [], other)

    def _want(self, ids: NDArray[np.int64]) -> None:  # noqa: ARG002 - DuckDB finds it by name
        """Make the ids a table, each with its position."""
        self.connection.execute(
            "CREATE OR REPLACE TEMP TABLE wanted AS"
            " SELECT column0 AS id, row_number() OVER () - 1 AS position FROM ids"
        )

    def _numbers(self, query: str) -> dict[str, NDArray[Any]]:
        return self.connection.execute(query).fetchnumpy()


def _packed(
    positions: NDArray[Any], ranks: NDArray[np.int64], levels: NDArray[Any], words: int
) -> NDArray[np.int64]:
    """Position, label and level in one number each, sorted: one sort instead of three."""
    packed: NDArray[np.int64] = (
        positions.astype(np.int64) * max(words, 1) + ranks
    ) * LEVELS + levels
    packed.sort()
    return packed


def _mask() -> str:
    return " + ".join(
        f"(list_contains(i.colors, '{name}'))::INTEGER * {1 << bit}"
        for bit, name in enumerate(SIMPLE)
    )


def _orientation() -> str:
    return (
        "CASE i.orientation "
        + " ".join(f"WHEN '{name}' THEN {n}" for n, name in enumerate(ORIENTATIONS))
        + " END"
    )
