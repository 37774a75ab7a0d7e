"""What differs between the labels that images show and those that they would show."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from bucketlens.labels.batch import Integers


class Named(NamedTuple):
    """Labels of images; all columns have the same length.

    Attributes:
        image: Place of the image.
        name: Number of the label's name.
        confidence: 0 to 100, as 32 bits.
        instances: In how many places of the image it is seen, 32,767 at most.
    """

    image: Integers
    name: Integers
    confidence: NDArray[np.float32]
    instances: Integers


class Difference(NamedTuple):
    """What differs.

    Attributes:
        changed: Places of the images whose labels differ in anything.
        gained: Images x 2: place of an image, number of a name that it did not show.
        lost: Images x 2: place of an image, number of a name that it no longer shows.
    """

    changed: Integers
    gained: Integers
    lost: Integers


def difference(images: int, names: int, before: Named, after: Named) -> Difference:
    """Compare the labels of so many images, of so many names."""
    one, other = _in_order(before), _in_order(after)
    counts = [np.bincount(labels.image, minlength=images) for labels in (one, other)]
    changed = counts[0] != counts[1]
    # Where the numbers are the same, sorted labels stand against each other.
    pairs = [tuple(column[~changed[labels.image]] for column in labels) for labels in (one, other)]
    unequal: NDArray[np.bool_] = np.zeros(len(pairs[0][0]), dtype=np.bool_)
    for mine, theirs in zip(*pairs, strict=True):
        unequal |= mine != theirs
    changed[pairs[0][0][unequal]] = True
    had, has = (np.unique(labels.image * names + labels.name) for labels in (one, other))
    return Difference(
        changed=changed.nonzero()[0],
        gained=_apart(np.setdiff1d(has, had, assume_unique=True), names),
        lost=_apart(np.setdiff1d(had, has, assume_unique=True), names),
    )


def _in_order(labels: Named) -> Named:
    order = np.lexsort((labels.instances, labels.confidence, labels.name, labels.image))
    return Named(
        labels.image[order], labels.name[order], labels.confidence[order], labels.instances[order]
    )


def _apart(keys: NDArray[Any], names: int) -> Integers:
    return np.stack(np.divmod(keys, names), axis=1)
