"""Labels made again of records whose scores are passed on as the JSON they stand in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw

from bucketlens.labels.carried import CarriedScores
from bucketlens.records import NO_JSON
from bucketlens.types import Label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketlens.labels.showing import BatchView
    from bucketlens.records import LabelRecord, Outline


def carried_records(batch: BatchView, outlines: Sequence[Outline]) -> list[Outline]:
    """Records with labels made again from their own scores, of images that nobody edited.

    Args:
        batch: Makes the labels.
        outlines: As they stand; their scores are in the form that bucketlens writes, so that the
            new records are what reading them whole would lead to, byte for byte.
    """
    view = batch.view
    scores = [CarriedScores(outline.scores) for outline in outlines]
    renewed = []
    for outline, own, labels in zip(outlines, scores, batch.labels(scores), strict=True):
        properties = view.image_properties(own)
        renewed.append(
            msgspec.structs.replace(
                outline,
                labels=Raw(_ENCODER.encode(labels)),
                label_model_version=view.version,
                image_properties=NO_JSON
                if properties is None
                else Raw(_ENCODER.encode(properties)),
                view_fingerprint=view.fingerprint,
                edits=(),
                observed=msgspec.structs.replace(outline.observed, edits=None),
            )
        )
    return renewed


def labels_of(record: LabelRecord | Outline) -> tuple[Label, ...]:
    """The labels that a record tells; none where they can't be read."""
    if not isinstance(record.labels, Raw):
        return record.labels
    try:
        return _LABELS.decode(record.labels)
    except msgspec.MsgspecError:
        return ()


# Made when the module is, not when first needed: see bucketlens.records.
_ENCODER = msgspec.json.Encoder()
_LABELS = msgspec.json.Decoder(tuple[Label, ...])
