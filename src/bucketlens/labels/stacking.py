"""The stored scores of many images as a few arrays."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec
import numpy as np

from bucketlens.types import Count, Ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

STEPS = 10_000
"""A detection's score is stored with four digits: whole ten-thousandths."""

NOTHING = 255
"""The code of a probability that is not told from zero."""


class SeenClasses(Protocol):
    """What a view needs of ``ClassScores``."""

    @property
    def codes(self) -> bytes:
        """One byte a class."""

    @property
    def energy(self) -> float:
        """Of the classifier's view of the picture."""


class SeenObject(Protocol):
    """What a view needs of a ``Detection`` to know whether it matters."""

    @property
    def class_index(self) -> int:
        """Of the detector's classes."""

    @property
    def score(self) -> float:
        """0 to 1."""


class SeenScores(Protocol):
    """What a view needs of ``Scores`` to know which labels are shown."""

    @property
    def classes(self) -> Sequence[SeenClasses]:
        """Of the classifier."""

    @property
    def detections(self) -> Sequence[SeenObject]:
        """Of the detector."""

    @property
    def reply(self) -> object | None:
        """Of a service."""


class ClassesExtract(msgspec.Struct, frozen=True, gc=False):
    """The codes and the energy of ``ClassScores``."""

    codes: bytes
    energy: float


class ObjectExtract(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The first two entries of a ``Detection``."""

    class_index: Count
    score: Ratio


class Stack(NamedTuple):
    """Scores of several images.

    Attributes:
        codes: Of the classifier: images x classes.
        energy: Of each image; not a number where no classifier looked at it.
        image: The place in the stack of the image that each detection is in.
        kind: The class of each detection.
        score: Of each detection, in ten-thousandths.
        odd: Images that do not fit in here; theirs stand as if nothing had been seen.
    """

    codes: NDArray[np.uint8]
    energy: NDArray[np.float64]
    image: NDArray[np.int64]
    kind: NDArray[np.int64]
    score: NDArray[np.int64]
    odd: NDArray[np.int64]


def stack(many: Sequence[SeenScores], classes: int, kinds: int) -> Stack:
    """Put scores of images into arrays.

    Args:
        many: Of each image.
        classes: Outputs that the classifier has.
        kinds: Classes that the detector has.
    """
    plain = [_is_plain(one, classes) for one in many]
    fitting = list(zip(many, plain, strict=True))
    views = [one.classes[0] if fits and one.classes else None for one, fits in fitting]
    blank = bytes([NOTHING]) * classes
    joined = b"".join(blank if view is None else view.codes for view in views)
    found = [one.detections if fits else () for one, fits in fitting]
    counts = np.array([len(objects) for objects in found], dtype=np.int64)
    objects = list(chain.from_iterable(found))
    image = np.repeat(np.arange(len(many)), counts)
    kind = np.fromiter([one.class_index for one in objects], np.int64, len(objects))
    given = np.fromiter([one.score for one in objects], np.float64, len(objects))
    score = np.rint(given * STEPS).astype(np.int64)
    odd = np.array([not fits for fits in plain], dtype=np.bool_)
    odd[image[(score / STEPS != given) | (kind >= kinds)]] = True
    return Stack(
        codes=np.frombuffer(joined, dtype=np.uint8).reshape(len(many), classes),
        energy=np.array([np.nan if view is None else view.energy for view in views]),
        image=image,
        kind=np.minimum(kind, max(kinds - 1, 0)),
        score=score,
        odd=odd.nonzero()[0],
    )


def _is_plain(scores: SeenScores, classes: int) -> bool:
    """Whether a classifier looked once at the whole picture, or not at all."""
    if scores.reply is not None or len(scores.classes) > 1:
        return False
    return not scores.classes or len(scores.classes[0].codes) == classes
