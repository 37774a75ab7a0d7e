"""Which labels would change, told from stored scores and from what the catalog shows now."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bucketlens.labels.differences import Named, difference
from bucketlens.labels.showing import BATCH

if TYPE_CHECKING:
    from bucketlens.labels.batch import Integers
    from bucketlens.labels.differences import Difference
    from bucketlens.labels.packing import PackedMany
    from bucketlens.labels.showing import BatchView

MOST_INSTANCES = 32_767
"""The most places that the catalog tells."""


class ShownLabels(NamedTuple):
    """Images and the labels that they show now.

    Attributes:
        scores: Of each image, what a view needs.
        labels: By the numbers of names; those that the view has none of follow its own.
        names: How many names there are in all.
    """

    scores: PackedMany
    labels: Named
    names: int


class Preview(NamedTuple):
    """What would change.

    Attributes:
        difference: Of the images that can be told.
        odd: Places of those whose scores the view can't take in this form: their records tell.
    """

    difference: Difference
    odd: Integers


class Previewer:
    """Compares what images show with what a view would show.

    Args:
        batch: Would make their labels.

    Attributes:
        names: The names that labels can have; what is compared are their numbers.
    """

    def __init__(self, batch: BatchView) -> None:
        """Number the names."""
        self._batch = batch
        view = batch.view
        numbers: dict[str, int] = {}
        for shape in view.shapes:
            numbers.setdefault(shape.name, len(numbers))
        self.names = tuple(numbers)
        self._number_of = np.array([numbers[shape.name] for shape in view.shapes])

    def preview(self, shown: ShownLabels) -> Preview:
        """What would change of these images."""
        parts = [
            self._labels(shown.scores.part(first, first + BATCH), first)
            for first in range(0, len(shown.scores.codes), BATCH)
        ]
        after = Named(*map(np.concatenate, zip(*(named for named, _ in parts), strict=True)))
        odd = np.concatenate([places for _, places in parts])
        before = shown.labels
        if len(odd):
            before, after = (_without(labels, odd) for labels in (before, after))
        return Preview(difference(len(shown.scores.codes), shown.names, before, after), odd)

    def _labels(self, scores: PackedMany, first: int) -> tuple[Named, Integers]:
        """What the view would show of some images, the first of which has this place; odd ones."""
        shown, odd = self._batch.shown(scores)
        named = Named(
            shown.image + first,
            self._number_of[shown.label],
            shown.confidence.astype(np.float32),
            np.minimum(shown.instances, MOST_INSTANCES),
        )
        return named, odd + first


def _without(labels: Named, odd: Integers) -> Named:
    plain = ~np.isin(labels.image, odd)
    return Named(
        labels.image[plain], labels.name[plain], labels.confidence[plain], labels.instances[plain]
    )
