"""Scores that are passed on as the JSON they stand in, read only as far as a view looks at them.

Nothing is checked here that was checked before: whoever carries scores knows that they are, byte
for byte, what bucketlens wrote.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw

from bucketlens.labels.stacking import ClassesExtract, ObjectExtract
from bucketlens.tones import TonesExtract
from bucketlens.types import Detection, Scores

if TYPE_CHECKING:
    from collections.abc import Sequence


class _Parts(msgspec.Struct, frozen=True, gc=False):
    """The members of scores; the embedding is passed over."""

    classes: tuple[ClassesExtract, ...] = ()
    detections: Raw = Raw(b"[]")
    tones: TonesExtract | None = None
    reply: Raw | None = None


class CarriedScores:
    """The scores of one image.

    Args:
        json: As they stand in the record, in the form that bucketlens writes.

    Attributes:
        classes: Of the classifier.
        detections: Of the detector, without their boxes.
        tones: Of the picture.
        reply: Of a service.
    """

    def __init__(self, json: Raw) -> None:
        """Read what is always looked at."""
        self._json = json
        parts = _PARTS.decode(json)
        self.classes = parts.classes
        self.tones = parts.tones
        self.reply = parts.reply
        self._detections = parts.detections
        self.detections: Sequence[ObjectExtract] = _OBJECTS.decode(parts.detections)

    @cached_property
    def _each(self) -> tuple[Raw, ...]:
        return _EACH.decode(self._detections)

    def detection(self, number: int) -> Detection:
        """A detection with its box."""
        return _DETECTION.decode(self._each[number])

    def whole(self) -> Scores:
        """All of them."""
        return _SCORES.decode(self._json)


# Made when the module is, not when first needed: see bucketlens.records.
_PARTS = msgspec.json.Decoder(_Parts)
_OBJECTS = msgspec.json.Decoder(tuple[ObjectExtract, ...])
_EACH = msgspec.json.Decoder(tuple[Raw, ...])
_DETECTION = msgspec.json.Decoder(Detection)
_SCORES = msgspec.json.Decoder(Scores)
