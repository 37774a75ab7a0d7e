"""The nouns of the domain, each one frozen struct.

Boxes are ratios of the upright image (0 to 1, origin at the top left), as in Amazon Rekognition.
Confidences of labels are 0 to 100; scores and probabilities inside ``Scores`` are 0 to 1.

Structs of which a record holds many are kept from Python's garbage collector (``gc=False``): none
can be part of a cycle, and going through them took a third of the time of reading a record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

    RGBPixels = NDArray[np.uint8]
    """Pixels as height x width x 3, RGB, 8 bits a channel."""

Ratio = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Percent = Annotated[float, msgspec.Meta(ge=0.0, le=100.0)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Channel = Annotated[int, msgspec.Meta(ge=0, le=255)]


class ObjectInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One object of a store, as a listing or a HEAD tells it.

    Attributes:
        key: The object's key below the store's root.
        etag: Opaque mark of this version of the content, as the store gives it.
        size: Bytes.
        modified: Seconds since the epoch, UTC.
        version: The store's version id, where it keeps versions.
    """

    key: str
    etag: str
    size: Count
    modified: float
    version: str | None = None


class ObjectEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A hint that an object may have changed; what is true is asked of the store.

    Attributes:
        store: The bucket, or the root of the folder, that the key is in.
        key: The key, decoded.
        kind: What the sender says happened.
        etag: The version that the sender saw, if it says.
        version: The version id that the sender saw, if it says.
        sequencer: Orders events of one key; compare after padding the shorter with zeros.
        size: Bytes, if the sender says.
        time: When the sender says that it happened, ISO 8601.
    """

    store: str
    key: str
    kind: Literal["created", "removed"]
    etag: str | None = None
    version: str | None = None
    sequencer: str | None = None
    size: int | None = None
    time: str | None = None


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """An image as the models need it.

    Attributes:
        pixels: height x width x 3 RGB, upright, perhaps scaled down (never up) from the original.
        width: Width of the upright original, pixels.
        height: Height of the upright original, pixels.
        format: Lower-case name of the format, from the bytes: ``jpeg``, ``png``, ``heic`` …
        frames: Frames or pages of the file; the first is the one decoded.
        orientation: The EXIF orientation that was applied, 1 to 8.
        taken: When the photo was taken by its EXIF data, ISO 8601 without zone, if it says.
        small: The same picture in 320 pixels at most, where it has been made already.
        picture: The pixels as Pillow holds them, where they have been handed to it already.
    """

    pixels: RGBPixels
    width: int
    height: int
    format: str
    frames: int = 1
    orientation: int = 1
    taken: str | None = None
    small: RGBPixels | None = None
    picture: Image.Image | None = None


class BoundingBox(msgspec.Struct, frozen=True, rename="pascal", gc=False):
    """A rectangle in ratios of the upright image."""

    width: Ratio
    height: Ratio
    left: Ratio
    top: Ratio


WHOLE = BoundingBox(width=1.0, height=1.0, left=0.0, top=0.0)


class Swatch(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A dominant colour in its shortest form: ``["#6a8d3f", 31.2]``.

    Attributes:
        hex: ``#rrggbb`` in lower case.
        percent: Share of the pixels, 0 to 100.
    """

    hex: Annotated[str, msgspec.Meta(pattern="^#[0-9a-f]{6}$")]
    percent: Percent


class Tone(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How a region of the picture looks: its quality figures (0 to 100) and colours."""

    brightness: Percent
    sharpness: Percent
    contrast: Percent | None = None
    colors: tuple[Swatch, ...] = ()


class PictureTones(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Image properties as they are stored: the whole picture, what is in front, what is behind."""

    whole: Tone
    foreground: Tone
    background: Tone


class ClassScores(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the classifier says of one region of the picture.

    Attributes:
        box: The region that was classified.
        codes: One byte a class: its calibrated log-probability (see ``bucketlens.scores``).
        energy: log of the sum of exp of the raw logits; low where nothing known is seen.
    """

    box: BoundingBox
    codes: bytes
    energy: float


class Detection(
    msgspec.Struct, frozen=True, kw_only=True, array_like=True, omit_defaults=True, gc=False
):
    """One object that the detector found, as an array: an image has up to a hundred.

    Attributes:
        class_index: Index into the detector's labels.
        score: The detector's own score, 0 to 1.
        left: Of its box, like the others a ratio of the upright image.
        top: Of its box.
        width: Of its box.
        height: Of its box.
        colors: Its dominant colours, if image properties were asked for.
    """

    class_index: Count
    score: Ratio
    left: Ratio
    top: Ratio
    width: Ratio
    height: Ratio
    colors: tuple[Swatch, ...] = ()

    @property
    def box(self) -> BoundingBox:
        """Where it is."""
        return BoundingBox(width=self.width, height=self.height, left=self.left, top=self.top)


class Embedding(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A feature vector in 8 bits: value = (byte - 128) * scale."""

    codes: bytes
    scale: Annotated[float, msgspec.Meta(ge=0.0)]


class Parent(msgspec.Struct, frozen=True, rename="pascal", gc=False):
    """A label that is true wherever its child is."""

    name: str


class Alias(msgspec.Struct, frozen=True, rename="pascal", gc=False):
    """Another word for a label."""

    name: str


class Category(msgspec.Struct, frozen=True, rename="pascal", gc=False):
    """One of the 40 groups that labels are sorted into."""

    name: str


class DominantColor(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A colour as DetectLabels returns it."""

    red: Channel = msgspec.field(name="Red")
    green: Channel = msgspec.field(name="Green")
    blue: Channel = msgspec.field(name="Blue")
    hex_code: str = msgspec.field(name="HexCode")
    css_color: str = msgspec.field(name="CSSColor")
    simplified_color: str = msgspec.field(name="SimplifiedColor")
    pixel_percent: Percent = msgspec.field(name="PixelPercent")


class Instance(
    msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True, gc=False
):
    """One place in the picture where a label is seen; colours only when they were asked for."""

    bounding_box: BoundingBox
    confidence: Percent
    dominant_colors: tuple[DominantColor, ...] = ()


class Label(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", gc=False):
    """Something that is in the picture, in the shape of a DetectLabels reply."""

    name: str
    confidence: Percent
    instances: tuple[Instance, ...] = ()
    parents: tuple[Parent, ...] = ()
    aliases: tuple[Alias, ...] = ()
    categories: tuple[Category, ...] = ()


class ImageQuality(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", gc=False):
    """Brightness, sharpness and contrast, 0 to 100; contrast for the whole picture only."""

    brightness: Percent
    sharpness: Percent
    contrast: Percent | msgspec.UnsetType = msgspec.UNSET


class ImageRegion(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", gc=False):
    """Quality and colours of the foreground or the background."""

    quality: ImageQuality
    dominant_colors: tuple[DominantColor, ...] = ()


class ImageProperties(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", gc=False):
    """Image properties in the shape of a DetectLabels reply."""

    quality: ImageQuality
    dominant_colors: tuple[DominantColor, ...] = ()
    foreground: ImageRegion
    background: ImageRegion


class Reply(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """What DetectLabels replied, as it is stored: all that was paid for, before any setting.

    Boxes and confidences are rounded and held within their ranges; fields are as in the reply.
    """

    labels: tuple[Label, ...] = ()
    label_model_version: str = ""
    image_properties: ImageProperties | None = None


class Scores(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that the models said of one image, rounded as it is stored.

    Labels are computed from this and never from fresher values, so that they can be computed
    again without the image.

    Attributes:
        classes: Of the classifier.
        detections: Of the detector.
        embedding: Of the classifier.
        tones: Measured by ourselves.
        reply: Of a service that replies with labels; all else is absent then.
    """

    classes: tuple[ClassScores, ...] = ()
    detections: tuple[Detection, ...] = ()
    embedding: Embedding | None = None
    tones: PictureTones | None = None
    reply: Reply | None = None
