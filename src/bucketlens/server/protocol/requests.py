"""What a DetectLabels request asks: fields, ranges and defaults of the service's model.

Types are checked while the JSON is read, ranges by :func:`check_ranges`, and last what fields say
together. A field that the model does not know is passed over, as the service does; a null is a
field that is not there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import msgspec

from bucketlens.server.protocol.errors import (
    ConstraintError,
    InvalidParameterError,
    SerializationError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

Feature = Literal["GENERAL_LABELS", "IMAGE_PROPERTIES"]
LABELS: Feature = "GENERAL_LABELS"
PROPERTIES: Feature = "IMAGE_PROPERTIES"

MOST_LABELS = 1000
"""More are never returned, whatever is asked for."""

MOST_COLORS = 20
DEFAULT_COLORS = 10
MOST_BYTES = 5_242_880
MOST_FILTERS = 100
LONGEST_FILTER = 50

_BUCKET = re.compile(r"[0-9A-Za-z.\-_]*", re.ASCII)
_FILTER = re.compile(r"[A-Za-z0-9àâèçñó'\-_(). ]*", re.ASCII)


class S3Object(msgspec.Struct, frozen=True, rename="pascal"):
    """An object of a bucket; ``name`` is its key as it is, not encoded."""

    bucket: str | None = None
    name: str | None = None
    version: str | None = None


class ImageField(msgspec.Struct, frozen=True):
    """The image: its bytes, or where it is."""

    data: bytes | None = msgspec.field(name="Bytes", default=None)
    s3_object: S3Object | None = msgspec.field(name="S3Object", default=None)


class GeneralLabels(msgspec.Struct, frozen=True, rename="pascal"):
    """Which labels are wanted, by their exact names and categories."""

    label_inclusion_filters: tuple[str, ...] | None = None
    label_exclusion_filters: tuple[str, ...] | None = None
    label_category_inclusion_filters: tuple[str, ...] | None = None
    label_category_exclusion_filters: tuple[str, ...] | None = None


class PropertySettings(msgspec.Struct, frozen=True, rename="pascal"):
    """How many colours are wanted."""

    max_dominant_colors: int | None = None


class SettingsField(msgspec.Struct, frozen=True, rename="pascal"):
    """Filters of labels, and of image properties."""

    general_labels: GeneralLabels | None = None
    image_properties: PropertySettings | None = None


class DetectLabelsCall(msgspec.Struct, frozen=True, rename="pascal"):
    """The request as it is written."""

    image: ImageField | None = None
    max_labels: int | None = None
    min_confidence: float | None = None
    features: tuple[str, ...] | None = None
    settings: SettingsField | None = None


def read_call(body: bytes) -> DetectLabelsCall:
    """Read a body.

    Raises:
        SerializationError: It is not JSON, or a field is of another type.
    """
    try:
        return _DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise SerializationError(f"The request can't be read: {exc}") from exc


def check_call(call: DetectLabelsCall, *, most_bytes: int = MOST_BYTES) -> None:
    """See that the request is one that the service takes.

    Args:
        call: The request.
        most_bytes: That the image itself may have.

    Raises:
        ConstraintError: A field is out of its range.
        InvalidParameterError: The fields do not go together.
    """
    broken = list(check_ranges(call, most_bytes))
    if broken:
        count = f"{len(broken)} validation error{'s' if len(broken) > 1 else ''} detected"
        raise ConstraintError(f"{count}: {'; '.join(broken)}")
    image = call.image or ImageField()
    if (image.data is None) == (image.s3_object is None):
        raise InvalidParameterError
    if LABELS not in features_of(call) and (
        call.max_labels is not None or call.min_confidence is not None
    ):
        raise InvalidParameterError


def features_of(call: DetectLabelsCall) -> tuple[str, ...]:
    """What is to be computed; labels, where nothing is said."""
    return call.features or (LABELS,)


def check_ranges(call: DetectLabelsCall, most_bytes: int) -> Iterator[str]:
    """Each field that is out of its range, in the words of the service."""
    if call.image is None:
        yield _unmet("image", None, "not be null")
    else:
        yield from _image(call.image, most_bytes)
    if call.max_labels is not None and call.max_labels < 0:
        yield _unmet("maxLabels", call.max_labels, "have value greater than or equal to 0")
    confidence = call.min_confidence
    if confidence is not None and confidence < 0:
        yield _unmet("minConfidence", confidence, "have value greater than or equal to 0")
    if confidence is not None and confidence > 100:  # noqa: PLR2004 - percent
        yield _unmet("minConfidence", confidence, "have value less than or equal to 100")
    yield from _features(call.features or ())
    settings = call.settings or SettingsField()
    yield from _filters(settings.general_labels or GeneralLabels())
    colors = (settings.image_properties or PropertySettings()).max_dominant_colors
    field = "settings.imageProperties.maxDominantColors"
    if colors is not None and colors < 0:
        yield _unmet(field, colors, "have value greater than or equal to 0")
    if colors is not None and colors > MOST_COLORS:
        yield _unmet(field, colors, f"have value less than or equal to {MOST_COLORS}")


def _image(image: ImageField, most_bytes: int) -> Iterator[str]:
    if image.data is not None:
        yield from _length("image.bytes", image.data, 1, most_bytes, shown=False)
    place = image.s3_object
    if place is None:
        return
    if place.bucket is not None:
        yield from _length("image.s3Object.bucket", place.bucket, 3, 255)
        yield from _pattern("image.s3Object.bucket", place.bucket, _BUCKET)
    if place.name is not None:
        yield from _length("image.s3Object.name", place.name, 1, 1024)
    if place.version is not None:
        yield from _length("image.s3Object.version", place.version, 1, 1024)


def _features(features: tuple[str, ...]) -> Iterator[str]:
    if len(features) > 2:  # noqa: PLR2004 - there are two
        yield _unmet("features", list(features), "have length less than or equal to 2")
    if not set(features) <= {LABELS, PROPERTIES}:
        values = f"[{LABELS}, {PROPERTIES}]"
        rule = f"satisfy constraint: [Member must satisfy enum value set: {values}]"
        yield _unmet("features", list(features), rule)


def _filters(wanted: GeneralLabels) -> Iterator[str]:
    for name, values in msgspec.structs.asdict(wanted).items():
        head, *tail = name.split("_")
        field = f"settings.generalLabels.{head}{''.join(map(str.title, tail))}"
        if values is not None and len(values) > MOST_FILTERS:
            yield _unmet(field, None, f"have length less than or equal to {MOST_FILTERS}")
        for value in values or ():
            yield from _length(field, value, 0, LONGEST_FILTER)
            yield from _pattern(field, value, _FILTER)


def _length(
    field: str, value: str | bytes, least: int, most: int, *, shown: bool = True
) -> Iterator[str]:
    told = value if shown else f"{len(value)} bytes"
    if len(value) < least:
        yield _unmet(field, told, f"have length greater than or equal to {least}")
    if len(value) > most:
        yield _unmet(field, told, f"have length less than or equal to {most}")


def _pattern(field: str, value: str, pattern: re.Pattern[str]) -> Iterator[str]:
    if not pattern.fullmatch(value):
        yield _unmet(field, value, f"satisfy regular expression pattern: {pattern.pattern}")


def _unmet(field: str, value: object, rule: str) -> str:
    told = "null" if value is None else f"'{str(value)[:100]}'"
    return f"Value {told} at '{field}' failed to satisfy constraint: Member must {rule}"


_DECODER: msgspec.json.Decoder[DetectLabelsCall] = msgspec.json.Decoder(DetectLabelsCall)
