"""Which labels would change, told from stored scores and from what the catalog shows now."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from bucketlens.labels.differences import Named, difference
from bucketlens.labels.showing import BATCH, BatchView
from bucketlens.labels.stacking import ScoresExtract
from bucketlens.types import Scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bucketlens.labels import View
    from bucketlens.labels.differences import Difference

MOST_INSTANCES = 32_767
"""The most places that the catalog tells."""


class ShownLabels(NamedTuple):
    """Images and the labels that they show now.

    Attributes:
        scores: Of each image, as JSON, without the embedding.
        labels: By the numbers of names; those that the view has none of follow its own.
        names: How many names there are in all.
    """

    scores: Sequence[str]
    labels: Named
    names: int


class Previewer:
    """Compares what images show with what a view would show.

    Args:
        view: Would make their labels.

    Attributes:
        names: The names that labels can have; what is compared are their numbers.
    """

    def __init__(self, view: View) -> None:
        """Number the names."""
        self._view = view
        self._batch = BatchView(view)
        numbers: dict[str, int] = {}
        for shape in view.shapes:
            numbers.setdefault(shape.name, len(numbers))
        self.names = tuple(numbers)
        self._numbers = numbers
        self._number_of = np.array([numbers[shape.name] for shape in view.shapes])

    def preview(self, shown: ShownLabels) -> Difference:
        """What would change of these images."""
        parts = [
            self._labels(shown.scores[first : first + BATCH], first)
            for first in range(0, len(shown.scores), BATCH)
        ]
        after = Named(*map(np.concatenate, zip(*parts, strict=True)))
        return difference(len(shown.scores), shown.names, shown.labels, after)

    def _labels(self, scores: Sequence[str], first: int) -> Named:
        """What the view would show of some images, the first of which has this place."""
        shown, odd = self._batch.shown([_EXTRACT.decode(one) for one in scores])
        image, name = shown.image, self._number_of[shown.label]
        confidence: NDArray[np.float64] = shown.confidence
        instances = shown.instances
        if len(odd):
            apart = self._apart(scores, odd.tolist())
            plain = ~np.isin(image, odd)
            columns = (image, name, confidence, instances)
            image, name, confidence, instances = (
                np.concatenate([column[plain], more])
                for column, more in zip(columns, apart, strict=True)
            )
        return Named(
            image + first,
            name,
            confidence.astype(np.float32),
            np.minimum(instances, MOST_INSTANCES),
        )

    def _apart(self, scores: Sequence[str], odd: Sequence[int]) -> list[NDArray[np.float64]]:
        """The labels of images that the view does one by one, as columns."""
        rows = [
            (place, self._numbers[label.name], label.confidence, len(label.instances))
            for place in odd
            for label in self._view.labels(_SCORES.decode(scores[place]))
        ]
        columns = np.array(rows, dtype=np.float64).reshape(-1, 4).T
        kinds = (np.int64, np.int64, np.float64, np.int64)
        return [column.astype(kind) for column, kind in zip(columns, kinds, strict=True)]


# Made when the module is, not when first needed: see bucketlens.records.
_EXTRACT = msgspec.json.Decoder(ScoresExtract)
_SCORES = msgspec.json.Decoder(Scores)
