"""What a view needs of stored scores in a few bytes: a table holds it beside their JSON.

Of an image these are the classifier's codes as they are (a thousand bytes) and four bytes for each
detection, where JSON takes some fifty for its box as well. Nothing is rounded: an image whose
scores do not fit is not packed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bucketlens.labels.stacking import NOTHING, STEPS, Stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bucketlens.labels.stacking import SeenScores

MOST = 0xFFFF
"""The highest class of a detector that can be packed."""

PAIR = np.dtype("<u2")
"""A detection is two of these: its class, and its score in ten-thousandths."""


class Packed(NamedTuple):
    """Scores of one image.

    Attributes:
        codes: Of the classifier, a byte for each class; empty where it did not look.
        energy: Of the classifier; None where it did not look.
        objects: Four bytes for each detection, in their order; see :data:`PAIR`.
    """

    codes: bytes
    energy: float | None
    objects: bytes


class PackedMany(NamedTuple):
    """Scores of several images.

    Attributes:
        codes: As in :class:`Packed`.
        energy: Of each image; not a number where no classifier looked at it.
        objects: As in :class:`Packed`.
    """

    codes: Sequence[bytes]
    energy: NDArray[np.float64]
    objects: Sequence[bytes]

    def part(self, first: int, last: int) -> PackedMany:
        """Some of them."""
        own = slice(first, last)
        return PackedMany(self.codes[own], self.energy[own], self.objects[own])


def pack(seen: SeenScores) -> Packed | None:
    """Pack scores; None where that would lose something a view needs."""
    if seen.reply is not None or len(seen.classes) > 1:
        return None
    pairs: list[int] = []
    for one in seen.detections:
        steps = round(one.score * STEPS)
        if one.class_index > MOST or steps / STEPS != one.score:
            return None
        pairs += (one.class_index, steps)
    objects = np.array(pairs, dtype=PAIR).tobytes()
    if not seen.classes:
        return Packed(b"", None, objects)
    return Packed(seen.classes[0].codes, seen.classes[0].energy, objects)


def unpack(many: PackedMany, classes: int, kinds: int) -> Stack:
    """The scores of images as :func:`bucketlens.labels.stacking.stack` gives them.

    Args:
        many: The images.
        classes: Outputs that the classifier has.
        kinds: Classes that the detector has.
    """
    sizes = np.array([len(one) for one in many.codes], dtype=np.int64)
    lengths = np.array([len(one) for one in many.objects], dtype=np.int64)
    odd = ((sizes != classes) & (sizes != 0)) | (lengths % (2 * PAIR.itemsize) != 0)
    codes, objects = list(many.codes), list(many.objects)
    blank = bytes([NOTHING]) * classes
    for place in (odd | (sizes == 0)).nonzero()[0].tolist():
        codes[place] = blank
    for place in odd.nonzero()[0].tolist():
        objects[place] = b""
    pairs = np.frombuffer(b"".join(objects), dtype=PAIR).reshape(-1, 2).astype(np.int64)
    image = np.repeat(np.arange(len(codes)), [len(one) // (2 * PAIR.itemsize) for one in objects])
    kind, score = pairs[:, 0], pairs[:, 1]
    odd[image[(kind >= kinds) | (score > STEPS)]] = True
    return Stack(
        codes=np.frombuffer(b"".join(codes), dtype=np.uint8).reshape(len(codes), classes),
        energy=np.where(odd, np.nan, many.energy),
        image=image,
        kind=np.minimum(kind, max(kinds - 1, 0)),
        score=np.minimum(score, STEPS),
        odd=odd.nonzero()[0],
    )
