"""Labels that need not be written, since others of the same image say them: a Dog is an Animal.

Which labels imply which is seen from the segment itself, not believed: a parent counts only if it
stands with its child on every image. So nothing is lost, whatever settings the labels were made
with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bucketlens.site.pieces.columns import Columns


class ByLabel(NamedTuple):
    """The labels of all images, one label after the other.

    Attributes:
        order: Where each entry stands in ``columns.labels``; those of a label by position.
        edges: Where each label begins in it, and the end.
        owners: The positions of the images.
    """

    order: NDArray[np.int64]
    edges: list[int]
    owners: NDArray[np.int64]

    def positions(self, label: int) -> NDArray[np.int64]:
        """The images that have a label."""
        return self.owners[self.edges[label] : self.edges[label + 1]]


def by_label(columns: Columns) -> ByLabel:
    """Sort the labels of all images by label."""
    few = len(columns.words) < 1 << 16  # two bytes are sorted far faster
    order = np.argsort(columns.labels.astype(np.uint16 if few else np.int32), kind="stable")
    edges = np.concatenate(([0], np.cumsum(columns.counts))).tolist()
    return ByLabel(order, edges, columns.owners[order])


class Implied(NamedTuple):
    """What follows from what.

    Attributes:
        by: For each label, by number, the numbers of those that stand wherever it does.
        told: For each entry of ``columns.labels``, whether it has to be written.
    """

    by: list[list[int]]
    told: NDArray[np.bool_]


def find_implied(columns: Columns, sorted_labels: ByLabel) -> Implied:
    """Find the parents that go without saying."""
    numbers = {word.name: number for number, word in enumerate(columns.words)}
    children: dict[int, list[int]] = {}
    for number, word in enumerate(columns.words):
        for name in word.parents:
            if name in numbers and name != word.name:
                children.setdefault(numbers[name], []).append(number)
    by: list[list[int]] = [[] for _ in columns.words]
    told = np.ones(len(columns.labels), bool)
    flags = np.zeros(len(columns.ids), bool)
    for parent, below in sorted(children.items()):
        there = sorted_labels.positions(parent)
        flags[there] = True
        sure = [child for child in below if flags[sorted_labels.positions(child)].all()]
        flags[there] = False
        for child in sure:
            by[child].append(parent)
            flags[sorted_labels.positions(child)] = True
        part = slice(sorted_labels.edges[parent], sorted_labels.edges[parent + 1])
        told[sorted_labels.order[part][flags[there]]] = False
        flags[there] = False
    return Implied(by, told)
