"""Which lists share a piece: the reader works out the same from their lengths alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

LIST_ENTRIES = 8192
"""Images in the lists of one piece: about 8 KB, a fair load for a word that few images have."""

FACT_ENTRIES = 1024
"""Images in the facts of one piece: about 8 KB too."""

FACT_SHARE = 2
"""Lists of more than one in so many images have no facts: reading all costs as much."""


class Group(NamedTuple):
    """Lists that stand in one piece.

    Attributes:
        first: Number of the first list.
        end: Number after the last.
    """

    first: int
    end: int


def group(counts: Iterable[int], most: int) -> list[Group]:
    """Put lists into pieces in their order; one that is longer than ``most`` stands alone."""
    groups: list[Group] = []
    first = entries = number = 0
    for count in counts:
        if entries and entries + count > most:
            groups.append(Group(first, number))
            first, entries = number, 0
        entries += count
        number += 1
    if number > first:
        groups.append(Group(first, number))
    return groups
