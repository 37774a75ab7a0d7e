"""Which images have a label, a category, a colour: a sorted list of positions for each.

Beside each list stands a byte for each image in it, which narrows it: of labels, categories and
``*`` (any label) the levels of confidence as bits, of months the day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bucketlens.colors import SIMPLE
from bucketlens.query import ORIENTATIONS
from bucketlens.site.pieces.facts import month_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bucketlens.site.pieces.columns import Columns
    from bucketlens.site.pieces.implied import ByLabel

CATEGORY, COLOR, ORIENTATION, MONTH, ANY = "c:", "o:", "r:", "m:", "*"
"""How the names of lists begin; those of labels are numbers."""


class PostingList(NamedTuple):
    """The images that have something.

    Attributes:
        name: A label's id, or a word with its kind in front.
        positions: Ascending.
        details: A byte for each.
    """

    name: int | str
    positions: NDArray[np.int64]
    details: NDArray[np.uint8]

    @property
    def has_facts(self) -> bool:
        """Whether the facts of its images are worth a piece, should they be few enough."""
        return self.name != ANY and not str(self.name).startswith(MONTH)


def posting_lists(columns: Columns, sorted_labels: ByLabel) -> list[PostingList]:
    """All lists: of labels in the order of their numbers, then the others, long ones first."""
    owners = columns.owners
    bits = (1 << columns.levels.astype(np.int64)).astype(np.uint8)
    others = [
        *_categories(columns, owners, bits),
        *_colors(columns),
        *_orientations(columns),
        *_months(columns),
    ]
    others.sort(key=lambda one: (-len(one.positions), str(one.name)))
    return [*_labels(columns, sorted_labels, bits), *others]


def _labels(
    columns: Columns, sorted_labels: ByLabel, bits: NDArray[np.uint8]
) -> Iterator[PostingList]:
    bits = bits[sorted_labels.order]
    for number, word in enumerate(columns.words):
        part = slice(sorted_labels.edges[number], sorted_labels.edges[number + 1])
        yield PostingList(word.id, sorted_labels.owners[part], bits[part])


def _categories(
    columns: Columns, owners: NDArray[np.int64], bits: NDArray[np.uint8]
) -> Iterator[PostingList]:
    if len(owners):
        yield _any_of(ANY, owners, bits)
    for name in sorted({name for word in columns.words for name in word.categories}):
        members = np.array([name in word.categories for word in columns.words])
        chosen = members[columns.labels]
        yield _any_of(CATEGORY + name, owners[chosen], bits[chosen])


def _any_of(name: str, owners: NDArray[np.int64], bits: NDArray[np.uint8]) -> PostingList:
    firsts = np.flatnonzero(np.diff(owners, prepend=-1))
    return PostingList(name, owners[firsts], np.bitwise_or.reduceat(bits, firsts))


def _colors(columns: Columns) -> Iterator[PostingList]:
    for bit, name in enumerate(SIMPLE):
        yield from _where(COLOR + name, (columns.colors >> bit & 1).astype(bool))


def _orientations(columns: Columns) -> Iterator[PostingList]:
    for number, name in enumerate(ORIENTATIONS):
        yield from _where(ORIENTATION + name, columns.orientations == number)


def _where(name: str, there: NDArray[np.bool_]) -> Iterator[PostingList]:
    positions = np.flatnonzero(there)
    if len(positions):
        yield PostingList(name, positions, np.zeros(len(positions), np.uint8))


def _months(columns: Columns) -> Iterator[PostingList]:
    dates = columns.days.astype("datetime64[D]")
    numbers = month_numbers(columns.days)
    days = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
    order = np.argsort(numbers, kind="stable")
    months, firsts = np.unique(numbers[order], return_index=True)
    for month, part in zip(months, np.split(order, firsts[1:]), strict=True):
        text = str(month.astype("datetime64[M]"))
        yield PostingList(MONTH + text, part, days[part].astype(np.uint8))
