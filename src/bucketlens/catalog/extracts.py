"""What the catalog takes from a record, read without building all of it.

A record is 5 to 15 KB, most of it scores that are only passed on. Reading it with these narrower
structs takes an eighth of the time of reading it whole.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Raw

from bucketlens.records import (
    SCHEMA_VERSION,
    FailureFacts,
    Observed,
    Outline,
    SourceFacts,
    Tombstone,
    UnreadableRecordError,
)
from bucketlens.types import Embedding, Percent, Scores

Pixels = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class Named(msgspec.Struct, frozen=True, rename="pascal"):
    """A parent, an alias or a category."""

    name: str


class LabelExtract(msgspec.Struct, frozen=True, rename="pascal"):
    """A label, its boxes unread."""

    name: str
    confidence: Percent
    instances: tuple[Raw, ...] = ()
    parents: tuple[Named, ...] = ()
    aliases: tuple[Named, ...] = ()
    categories: tuple[Named, ...] = ()


class ColorExtract(msgspec.Struct, frozen=True):
    """A dominant colour of the whole picture."""

    hex_code: str = msgspec.field(name="HexCode")
    simplified_color: str = msgspec.field(name="SimplifiedColor")
    pixel_percent: Percent = msgspec.field(name="PixelPercent")


class PropertiesExtract(msgspec.Struct, frozen=True, rename="pascal"):
    """The image properties that can be searched by."""

    dominant_colors: tuple[ColorExtract, ...] = ()


class ImageExtract(msgspec.Struct, frozen=True):
    """What the file says of the picture."""

    format: str
    width: Pixels
    height: Pixels
    taken: str | None = None


class ModelExtract(msgspec.Struct, frozen=True):
    """A model that had a part in the record."""

    name: str
    kind: str
    version: str


class ScoresExtract(msgspec.Struct, frozen=True):
    """The scores as the JSON that they stand in; the embedding alone is read."""

    classes: Raw = Raw(b"")
    detections: Raw = Raw(b"")
    embedding: Embedding | None = None
    tones: Raw = Raw(b"")
    reply: Raw = Raw(b"")


class LabelRecordExtract(msgspec.Struct, frozen=True, tag_field="kind", tag="labels"):
    """A record of labels."""

    schema_version: int
    labels: tuple[LabelExtract, ...] = msgspec.field(name="Labels")
    label_model_version: str = msgspec.field(name="LabelModelVersion")
    source: SourceFacts
    image: ImageExtract
    models: tuple[ModelExtract, ...]
    score_fingerprint: str
    view_fingerprint: str
    scores: ScoresExtract
    observed: Observed
    image_properties: PropertiesExtract | None = msgspec.field(name="ImageProperties", default=None)


class FailureRecordExtract(msgspec.Struct, frozen=True, tag_field="kind", tag="failure"):
    """A record of a failure."""

    schema_version: int
    failure: FailureFacts
    source: SourceFacts
    limits_fingerprint: str
    observed: Observed


Extract: TypeAlias = LabelRecordExtract | FailureRecordExtract | Tombstone


def extract(data: bytes) -> Extract:
    """Read a record of this or an older schema.

    Raises:
        UnreadableRecordError: The bytes are not a record.
    """
    try:
        found = _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise UnreadableRecordError(f"not a record: {exc}") from exc
    if found.schema_version > SCHEMA_VERSION:
        raise UnreadableRecordError(f"schema_version {found.schema_version} is newer than ours")
    return found


def extract_outline(outline: Outline) -> LabelRecordExtract:
    """The same of a record that was read as an outline and then put; without its scores."""
    properties = outline.image_properties
    return LabelRecordExtract(
        schema_version=outline.schema_version,
        labels=_LABELS.decode(outline.labels),
        label_model_version=outline.label_model_version,
        source=outline.source,
        image=ImageExtract(**{name: getattr(outline.image, name) for name in _IMAGE_FIELDS}),
        models=tuple(
            ModelExtract(model.name, model.kind, model.version) for model in outline.models
        ),
        score_fingerprint=outline.score_fingerprint,
        view_fingerprint=outline.view_fingerprint,
        scores=ScoresExtract(),
        observed=outline.observed,
        image_properties=_PROPERTIES.decode(properties) if len(properties) else None,
    )


def own_scores(text: str, embedding: Embedding | None, record: bytes) -> Scores | None:
    """A record's scores if they are, byte for byte, what reading and encoding them again gives.

    Then they can be passed on as they stand to whoever only makes other labels of them.

    Args:
        text: The scores as :func:`scores_text` gives them.
        embedding: See ``text``.
        record: The JSON that they stand in.
    """
    try:
        scores = msgspec.structs.replace(_SCORES.decode(text), embedding=embedding)
    except msgspec.MsgspecError:  # what reads the record whole says what is wrong with it
        return None
    own = record.count(_SCORES_KEY) == 1 and _SCORES_KEY + _ENCODER.encode(scores) in record
    return scores if own else None


def scores_text(scores: ScoresExtract) -> str:
    """The scores without the embedding, as the JSON that stands in the record; empty for none."""
    parts = [
        f'"{name}":{bytes(raw).decode()}'
        for name, raw in (
            ("classes", scores.classes),
            ("detections", scores.detections),
            ("tones", scores.tones),
            ("reply", scores.reply),
        )
        if len(raw)
    ]
    return "{" + ",".join(parts) + "}" if parts else ""


def scores_digest(text: str, embedding: Embedding | None) -> int:
    """A hash of scores and embedding: 64 bits, signed."""
    state = hashlib.blake2b(text.encode(), digest_size=8)
    if embedding is not None:
        state.update(embedding.codes)
        state.update(repr(embedding.scale).encode())
    return int.from_bytes(state.digest(), "big", signed=True)


_SCORES_KEY = b'"scores":'
_IMAGE_FIELDS = ImageExtract.__struct_fields__

# Made when the module is, not when first needed: see bucketlens.records.
_ENCODER = msgspec.json.Encoder()
_SCORES = msgspec.json.Decoder(Scores)
_LABELS = msgspec.json.Decoder(tuple[LabelExtract, ...])
_PROPERTIES = msgspec.json.Decoder(PropertiesExtract)
_DECODER: msgspec.json.Decoder[Extract] = msgspec.json.Decoder(Extract)
