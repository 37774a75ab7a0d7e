"""What is written about an object: one JSON document, in one of three kinds.

``labels``
    The image was labelled: :class:`LabelRecord`.
``failure``
    It can't be labelled as it is: :class:`FailureRecord` says why and what would change that.
``tombstone``
    It is gone: :class:`Tombstone` stands in its record's place until the index has seen it.

All three stand under the same name, so that one conditional put decides every race. What the same
bytes, models and settings always give comes first; what differs by place and time stands apart
under ``observed``.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
from msgspec import Meta, Raw

from bucketlens.edits import Edit
from bucketlens.types import Count, ImageProperties, Label, Scores

SCHEMA_VERSION = 1

RECORD_SUFFIX = ".json"
"""Of a record's name, behind the safe name of its key."""


def _current_schema_version() -> int:
    return SCHEMA_VERSION


NO_JSON = Raw(b"")
"""In the place of what a record leaves out."""

SchemaVersion = Annotated[int, Meta(ge=1)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class SourceFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which bytes this is about.

    Attributes:
        key: The object's key below the source.
        size: Bytes.
        sha256: Of the bytes; absent where they were never read.
        key_bytes: The key's own bytes, where a file's name is not UTF-8; ``key`` then shows the
            odd ones as U+FFFD in the document, and is whole again when it is read.
    """

    key: str
    size: Count
    sha256: Sha256 | None = None
    key_bytes: bytes | None = None


class ImageFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the file says of the picture; width and height are of the upright image, pixels."""

    format: str
    width: Count
    height: Count
    frames: Count = 1
    orientation: Annotated[int, Meta(ge=1, le=8)] = 1
    taken: str | None = None


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A model that had a part in the record.

    Attributes:
        name: Its name.
        kind: ``classifier`` or ``detector``; ``service`` where others run it.
        version: Its version; of a service, the version of its interface.
        sha256: Of its file; of a service, of the name of what was asked.
    """

    name: str
    kind: str
    version: str
    sha256: Sha256


class Observed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When and where this was seen; not part of what is compared.

    Attributes:
        etag: The store's mark of the version that was read.
        version: The store's version id.
        sequencer: Of the event that led here, if one did.
        modified: When the object was last changed, seconds since the epoch.
        recorded: When this record was made, seconds since the epoch.
        page: The look that the image's page was written in; absent where there is no page, empty
            while it is being written or removed.
        pictures: The same of the thumbnail and the preview.
        edits: The store's mark of the edits that the labels follow; absent where there are none.
        claim: A word of chance, of whoever writes or removes the page at this moment.
    """

    etag: str
    modified: float
    recorded: float
    version: str | None = None
    sequencer: str | None = None
    page: str | None = None
    pictures: str | None = None
    edits: str | None = None
    claim: str | None = None


class FailureFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why there are no labels.

    Attributes:
        error: ``unsupported``, ``too_large``, ``damaged``, ``missing`` or ``crash``.
        reason: A sentence for people.
        setting: The setting that would change the outcome, if there is one.
    """

    error: str
    reason: str
    setting: str | None = None


class LabelRecord(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="labels"
):
    """The labels of one version of one image, and all that they were made from.

    ``Labels``, ``LabelModelVersion`` and ``ImageProperties`` have the shape of a DetectLabels
    reply, so that what reads such JSON can read this.

    Attributes:
        score_fingerprint: Changes when the models would say something else.
        view_fingerprint: Changes when the same scores would be shown as other labels; where people
            edited them, what they said is behind a dot.
        edits: What people said about the labels: who and when.
    """

    # A factory, since a plain default would be omitted, and a later version would then read this
    # record as one of its own.
    schema_version: SchemaVersion = msgspec.field(default_factory=_current_schema_version)
    labels: tuple[Label, ...] = msgspec.field(name="Labels")
    label_model_version: str = msgspec.field(name="LabelModelVersion")
    image_properties: ImageProperties | None = msgspec.field(name="ImageProperties", default=None)
    source: SourceFacts
    image: ImageFacts
    edits: tuple[Edit, ...] = ()
    models: tuple[ModelFacts, ...]
    score_fingerprint: str
    view_fingerprint: str
    scores: Scores
    observed: Observed


class Outline(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="labels"
):
    """A :class:`LabelRecord` that is read as far as it decides something; what is large is JSON.

    Encoded again it is the same record. ``Labels``, ``ImageProperties`` and ``scores`` are nine
    tenths of its bytes, and reading them takes four fifths of the time of reading it whole.
    """

    schema_version: SchemaVersion = msgspec.field(default_factory=_current_schema_version)
    labels: Raw = msgspec.field(name="Labels")
    label_model_version: str = msgspec.field(name="LabelModelVersion")
    image_properties: Raw = msgspec.field(name="ImageProperties", default=NO_JSON)
    source: SourceFacts
    image: ImageFacts
    edits: tuple[Edit, ...] = ()
    models: tuple[ModelFacts, ...]
    score_fingerprint: str
    view_fingerprint: str
    scores: Raw
    observed: Observed


class FailureRecord(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="failure"
):
    """Why one version of one object has no labels.

    Attributes:
        limits_fingerprint: Changes when a limit or a decoder changes, so that it is tried again.
    """

    schema_version: SchemaVersion = msgspec.field(default_factory=_current_schema_version)
    failure: FailureFacts
    source: SourceFacts
    limits_fingerprint: str
    observed: Observed


class Tombstone(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="tombstone"
):
    """An object that was recorded and is gone; its source has no bytes."""

    schema_version: SchemaVersion = msgspec.field(default_factory=_current_schema_version)
    source: SourceFacts
    removed: float
    sequencer: str | None = None


Record: TypeAlias = LabelRecord | FailureRecord | Tombstone

Outlined: TypeAlias = Outline | FailureRecord | Tombstone
"""A record as far as it is read; those without labels are small."""

_R = TypeVar("_R", bound=LabelRecord | Outline | FailureRecord | Tombstone)


class UnreadableRecordError(ValueError):
    """A record is empty, damaged or of a schema this version does not know."""


def encode_record(record: Record | Outline) -> bytes:
    """The record as JSON; equal records give equal bytes."""
    try:
        return _ENCODER.encode(record)
    except UnicodeEncodeError:
        return _ENCODER.encode(_with_key_bytes(record))


def decode_record(data: bytes) -> Record:
    """Read a record of this or an older schema.

    Raises:
        UnreadableRecordError: The bytes are not a record; the caller treats it as stale.
    """
    return _decode(_DECODER, data)


def decode_outline(data: bytes) -> Outlined:
    """Read a record of this or an older schema as far as it decides something.

    Raises:
        UnreadableRecordError: The bytes are not a record. What stays JSON is not looked into.
    """
    return _decode(_OUTLINE_DECODER, data)


def _decode(decoder: msgspec.json.Decoder[_R], data: bytes) -> _R:
    try:
        record = decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise UnreadableRecordError(f"not a record: {exc}") from exc
    if record.schema_version > SCHEMA_VERSION:
        raise UnreadableRecordError(
            f"schema_version {record.schema_version} is newer than {SCHEMA_VERSION}"
        )
    if record.source.key_bytes is not None:
        return _with_key(record, record.source.key_bytes)
    return record


def _with_key_bytes(record: _R) -> _R:
    """The record of a file whose name is not UTF-8, as JSON can hold it."""
    raw = record.source.key.encode("utf-8", "surrogateescape")
    readable = raw.decode("utf-8", "replace")
    source = msgspec.structs.replace(record.source, key=readable, key_bytes=raw)
    return msgspec.structs.replace(record, source=source)


def _with_key(record: _R, raw: bytes) -> _R:
    """The record as it was before :func:`_with_key_bytes`."""
    key = raw.decode("utf-8", "surrogateescape")
    source = msgspec.structs.replace(record.source, key=key, key_bytes=None)
    return msgspec.structs.replace(record, source=source)


def canonical(record: Record) -> bytes:
    """The part of a record that the same bytes, models and settings always give, as JSON."""
    document = msgspec.json.decode(encode_record(record))
    for differing in ("observed", "removed", "sequencer"):
        document.pop(differing, None)
    return msgspec.json.encode(document)


def fingerprint(*parts: Any) -> str:  # noqa: ANN401 - anything that msgspec can encode
    """A short hash of settings and model facts: 16 hex digits."""
    encoded = msgspec.json.encode(parts, order="deterministic")
    return hashlib.sha256(encoded).hexdigest()[:16]


# Made when the module is, not when first needed: msgspec works out types while it makes a decoder,
# and two threads that do so at once bring the process down.
_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)
_OUTLINE_DECODER: msgspec.json.Decoder[Outlined] = msgspec.json.Decoder(Outlined)
