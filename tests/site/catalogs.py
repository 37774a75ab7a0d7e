"""A catalog in memory, with the columns that the site's index reads, and the truth about it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import numpy as np

from bucketlens.colors import SIMPLE
from bucketlens.names import output_name

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from numpy.typing import NDArray

ORIENTATIONS = ("landscape", "portrait", "square")
CATEGORIES = ("Animals and Pets", "Plants and Flowers", 'Food & "Drink"', "Vehicles <b>")
STEPS = (50, 60, 70, 80, 90, 95, 98)
FIRST_DAY = dt.date(2019, 12, 20)


class Image(NamedTuple):
    """An image as the catalog has it; labels with their confidence, the most telling first."""

    key: str
    day: dt.date
    width: int
    height: int
    orientation: str
    colors: tuple[str, ...]
    color: str | None
    labels: tuple[tuple[int, float], ...]
    page: bool = True
    failure: str | None = None


class Changes(NamedTuple):
    """What has changed since."""

    complete: bool
    removed: NDArray[np.int64]


@dataclass
class MemoryCatalog:
    """A catalog that is changed image by image; its words are numbers and names of labels."""

    words: dict[int, tuple[str, tuple[str, ...]]]
    lineage: str = "0123456789abcdef"
    change: int = 1
    images: dict[int, Image] = field(default_factory=dict)
    changed: dict[int, int] = field(default_factory=dict)
    removed: dict[int, int] = field(default_factory=dict)
    next_id: int = 1

    def add(self, image: Image) -> int:
        """A new image; its id."""
        number = self.next_id
        self.next_id += 1
        self.replace(number, image)
        return number

    def replace(self, number: int, image: Image) -> None:
        """Another image in the place of one."""
        self.images[number] = image
        self.changed[number] = self.change

    def remove(self, number: int) -> None:
        """An image leaves."""
        del self.images[number], self.changed[number]
        self.removed[number] = self.change

    def snapshot(self) -> Snapshot:
        """The state as it is now; what is changed from here on is another change."""
        taken = Snapshot(
            self.lineage,
            self.change,
            self.words,
            dict(self.images),
            dict(self.changed),
            dict(self.removed),
        )
        self.change += 1
        return taken


@dataclass(frozen=True)
class Snapshot:
    """One state of the catalog."""

    lineage: str
    change: int
    words: dict[int, tuple[str, tuple[str, ...]]]
    images: dict[int, Image]
    changed: dict[int, int]
    removed: dict[int, int]

    @property
    def shown(self) -> dict[int, Image]:
        """The images that the site leads to."""
        return {n: one for n, one in self.images.items() if one.page and not one.failure}

    def changes_since(self, change: int) -> Changes:
        """What has changed since; it can always be told."""
        gone = [number for number, at in self.removed.items() if at > change]
        return Changes(complete=True, removed=np.array(sorted(gone), np.int64))

    def connect(self) -> duckdb.DuckDBPyConnection:
        """The tables in a database of their own."""
        connection = duckdb.connect()
        connection.execute(
            "CREATE TABLE images (id BIGINT, change BIGINT, kind VARCHAR, key VARCHAR,"
            " name VARCHAR, taken TIMESTAMP, width INTEGER, height INTEGER, orientation VARCHAR,"
            " categories VARCHAR[], colors VARCHAR[], color VARCHAR, model VARCHAR,"
            " page BOOLEAN, failure VARCHAR)"
        )
        connection.execute(
            "CREATE TABLE labels (image BIGINT, label INTEGER, confidence FLOAT, specific BOOLEAN)"
        )
        connection.execute(
            "CREATE TABLE vocabulary"
            " (id INTEGER, name VARCHAR, aliases VARCHAR[], categories VARCHAR[],"
            " parents VARCHAR[])"
        )
        self._fill(connection)
        return connection

    def _fill(self, connection: duckdb.DuckDBPyConnection) -> None:
        images = [self._image_row(number, one) for number, one in self.images.items()]
        labels = [
            (number, label, confidence, place == 0)
            for number, one in self.images.items()
            for place, (label, confidence) in enumerate(one.labels)
        ]
        words = [
            (n, name, [f"{name}s"], list(of), self._parents(n))
            for n, (name, of) in self.words.items()
        ]
        for table, rows in (("images", images), ("labels", labels), ("vocabulary", words)):
            insert_rows(connection, table, rows)

    def _parents(self, number: int) -> list[str]:
        """The label above it, which half of the labels always stand with and the others don't."""
        return [self.words[number - number % 3][0]] if number % 3 else []

    def _image_row(self, number: int, one: Image) -> tuple[Any, ...]:
        categories = sorted({name for label, _ in one.labels for name in self.words[label][1]})
        return (
            number,
            self.changed[number],
            "failure" if one.failure else "labels",
            one.key,
            output_name(one.key, ".json").removesuffix(".json"),
            dt.datetime.combine(one.day, dt.time(23, 30)),
            one.width,
            one.height,
            one.orientation,
            categories,
            list(one.colors),
            one.color,
            "lite2",
            one.page,
            one.failure,
        )


def insert_rows(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[Any, ...]]
) -> None:
    """Fill a table column by column, since executemany would take a minute."""
    if rows:
        columns = ", ".join(["unnest(?)"] * len(rows[0]))
        connection.execute(
            f"INSERT INTO {table} SELECT {columns}",
            [list(column) for column in zip(*rows, strict=True)],
        )


def random_image(chance: random.Random, words: int, *, serial: int) -> Image:
    """An image with a handful of labels, low numbers far more often than high ones."""
    width, height = chance.choice([(4000, 3000), (3000, 4000), (1000, 1000)])
    labels = {min(int(chance.expovariate(0.25)), words - 1) for _ in range(chance.randrange(8))}
    labels |= {n - n % 3 for n in labels if n % 6 < 3}  # half of the labels imply their parent
    confident = sorted((n, chance.choice([40.0, 50.0, 79.96, 80.0, 97.5, 99.9])) for n in labels)
    chance.shuffle(confident)
    return Image(
        key=f"trip {serial % 7}/IMG_{serial:04d}.JPG",
        day=FIRST_DAY + dt.timedelta(days=chance.randrange(200)),
        width=width,
        height=height,
        orientation=ORIENTATIONS[(width < height) + 2 * (width == height)],
        colors=tuple(chance.sample(SIMPLE, chance.randrange(4))),
        color=chance.choice([None, "#0a141e"]),
        labels=tuple(confident),
    )


def some_words(count: int) -> dict[int, tuple[str, tuple[str, ...]]]:
    """So many labels, most of them in a category."""
    return {
        n: (f"Label {n}", tuple(CATEGORIES[n % 4 : n % 4 + 1]) if n % 5 else ())
        for n in range(count)
    }
