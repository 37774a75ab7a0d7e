"""One state of the catalog in memory: the rows, and the same turned round for searching."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from bucketlens.catalog.search.rows import SEPARATOR, Ragged, starts_of
from bucketlens.query import COLORS
from bucketlens.query.values import STEPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bucketlens.catalog.search.patterns import NamePattern
    from bucketlens.catalog.search.rows import Rows
    from bucketlens.query import Vocabulary

Places: TypeAlias = "NDArray[np.int32]"
"""Positions of images among all, ascending."""

Mask: TypeAlias = "NDArray[np.bool_]"
"""Which images are meant, one for each place."""

MANY = 6
"""Above one in so many images, it is cheaper to look at all than at each."""


@dataclass(frozen=True, slots=True)
class Holders:
    """Which images hold a value: the places of all values, sorted by value and place.

    Attributes:
        rows: The values of each image.
        places: Of the images, by value.
        starts: Where each value's places begin, and where the last one's end.
    """

    rows: Ragged
    places: Places
    starts: NDArray[np.int64]

    def of(self, value: int) -> slice:
        """Where a value's places stand."""
        if not 0 <= value < len(self.starts) - 1:
            return slice(0, 0)
        return slice(int(self.starts[value]), int(self.starts[value + 1]))

    def counted(self, chosen: Places, mask: Mask) -> NDArray[np.int64]:
        """How many of the chosen images hold each value."""
        kinds = len(self.starts) - 1
        if len(chosen) * MANY < len(mask):
            return np.bincount(self.rows.of(chosen), minlength=kinds)
        held = np.concatenate([[0], np.cumsum(mask[self.places], dtype=np.int32)])
        counts: NDArray[np.int64] = np.diff(held[self.starts])
        return counts


def turned(rows: Ragged, kinds: int) -> tuple[Holders, NDArray[np.int64]]:
    """Which images hold each value, and the order of ``rows.values`` that this took."""
    narrow = rows.values.astype(np.uint16 if kinds < 1 << 16 else np.int32)
    order = np.argsort(narrow, kind="stable")
    counts = np.diff(rows.starts)
    places = np.repeat(np.arange(len(counts), dtype=np.int32), counts)[order]
    starts = starts_of(np.bincount(rows.values, minlength=kinds))
    return Holders(rows, places, starts), order


class Tables:
    """One state of the catalog, ready to be searched; nothing in it changes.

    Args:
        lineage: Ids mean something within one only.
        change: Number of the last update in it.
        rows: Of all images.
        vocabulary: The words for its labels and categories.
        category_names: What the numbers in ``rows.categories`` stand for.
    """

    def __init__(
        self,
        lineage: str,
        change: int,
        rows: Rows,
        vocabulary: Vocabulary,
        category_names: tuple[str, ...],
    ) -> None:
        """Turn the rows round."""
        self.lineage = lineage
        self.change = change
        self.rows = rows
        self.vocabulary = vocabulary
        self.category_names = category_names
        self.label_names = {label.id: label.name for label in vocabulary.labels}
        kinds = int(rows.labels.values.max(initial=-1)) + 1
        self.labels, order = turned(rows.labels, kinds)
        levels = np.searchsorted(np.array(STEPS, np.float32), rows.confidences.values, "right")
        self.levels: NDArray[np.uint8] = levels.astype(np.uint8)[order]
        self.categories, _ = turned(rows.categories, len(category_names))
        self.colors, _ = turned(rows.colors, len(COLORS))

    def __len__(self) -> int:
        """How many images there are."""
        return len(self.rows.ids)

    @cached_property
    def months(self) -> NDArray[np.int32]:
        """Of each image, months since 1970."""
        months: NDArray[np.int32] = (
            self.rows.days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int32)
        )
        return months

    @cached_property
    def low_keys(self) -> str:
        """All keys in lower case, with a separator before and after each."""
        return SEPARATOR + self.rows.keys.values.tobytes().decode().lower()

    def key(self, place: int) -> str:
        """The key of an image."""
        return self.rows.keys[place][:-1].tobytes().decode()

    def name(self, place: int) -> str:
        """The safe name of an image."""
        return self.rows.names[place].tobytes().decode() or self.key(place)

    def named(self, pattern: NamePattern) -> Places:
        """The images whose names match: looked at are those that hold its longest text."""
        text, matcher, rarest = self.low_keys, pattern.matcher, pattern.rarest or SEPARATOR
        places: list[int] = []
        place = counted = 0
        at = text.find(rarest)
        while 0 <= at < len(text) - 1:
            start = text.rfind(SEPARATOR, 0, at + 1)
            end = text.find(SEPARATOR, start + 1)
            key = text[start + 1 : end]
            if matcher.fullmatch(key if pattern.whole_key else key.rpartition("/")[2]):
                place += text.count(SEPARATOR, counted, start)
                counted = start
                places.append(place)
            at = text.find(rarest, end)
        return np.array(places, dtype=np.int32)
