"""What facets are counted from: a few bytes for each image, its labels above all.

Each image is a run of varints that stands for itself: how many labels, their numbers as gaps,
colours and orientation in one number, the month. So any set of images is told by joining theirs.
Labels that follow from others are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from bucketlens.site.pieces.encoding import encode_varints, slices_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bucketlens.site.pieces.columns import Columns
    from bucketlens.site.pieces.encoding import Bytes, Integers

BLOCK = 2048
"""Images in a piece of the facts of all images, by position."""

SAMPLE = 4096
"""Images that stand for all when a result is too large to count: a share of 20 % is then known to
within a twentieth of itself, as far as a tenth of them are in the result."""

SEED = 1
FIELDS_BESIDE_LABELS = 3


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of all images of a segment, encoded.

    Attributes:
        data: Image after image.
        offsets: Where each begins, and the end.
        first_month: The month that is written as 0, counted from January 1970.
    """

    data: Bytes
    offsets: NDArray[np.int64]
    first_month: int

    def of(self, positions: Integers) -> bytes:
        """The facts of some images, joined."""
        return slices_of(self.data, self.offsets, positions)

    def blocks(self) -> list[bytes]:
        """The facts of all images in pieces of :data:`BLOCK`."""
        edges = self.offsets[::BLOCK].tolist()
        if edges[-1] != int(self.offsets[-1]):
            edges.append(int(self.offsets[-1]))
        return [self.data[start:end].tobytes() for start, end in pairwise(edges)]


def encode_facts(columns: Columns, told: NDArray[np.bool_] | None = None) -> Facts:
    """The facts of all images of a segment.

    Args:
        columns: Of the segment.
        told: Which labels are written, since they don't follow from others; all without it.
    """
    labels, owners = columns.labels.astype(np.int64), columns.owners
    if told is not None:
        labels, owners = labels[told], owners[told]
    count = len(columns.ids)
    sizes = np.bincount(owners, minlength=count)
    offsets = np.concatenate(([0], np.cumsum(sizes)))
    starts = np.concatenate(([0], np.cumsum(sizes + FIELDS_BESIDE_LABELS)))
    values = np.zeros(int(starts[-1]), np.int64)
    values[starts[:-1]] = sizes
    gaps = np.diff(labels, prepend=-1) - 1
    firsts = offsets[:-1][sizes > 0]
    gaps[firsts] = labels[firsts]
    values[starts[owners] + 1 + np.arange(len(labels)) - offsets[owners]] = gaps
    months = month_numbers(columns.days)
    first_month = int(months.min())
    values[starts[1:] - 2] = (columns.colors.astype(np.int64) << 2) | columns.orientations
    values[starts[1:] - 1] = months - first_month
    data, lengths = encode_varints(values)
    ends = np.concatenate(([0], np.cumsum(lengths)))
    return Facts(data, ends[starts], first_month)


def month_numbers(days: NDArray[np.int32]) -> NDArray[np.int64]:
    """The months of days, counted from January 1970."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def sample(count: int) -> NDArray[np.int64]:
    """Positions that stand for all of so many, the same ones each time."""
    chosen = np.random.default_rng(SEED).choice(count, SAMPLE, replace=False)
    return np.sort(chosen)
