"""Records as the pages meet them: a quiet one, and ways to change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketlens.records import (
    FailureFacts,
    FailureRecord,
    ImageFacts,
    LabelRecord,
    ModelFacts,
    Observed,
    SourceFacts,
)
from bucketlens.types import (
    Alias,
    BoundingBox,
    Category,
    DominantColor,
    ImageProperties,
    ImageQuality,
    ImageRegion,
    Instance,
    Label,
    Parent,
    Scores,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

NOVEMBER = 1_795_305_600.0
"""22 November 2026, 00:00 UTC."""

DAY = 86_400.0


def box(left: float, top: float, width: float, height: float) -> BoundingBox:
    """A box by its left top corner."""
    return BoundingBox(width=width, height=height, left=left, top=top)


def label(
    name: str,
    confidence: float = 90.0,
    *,
    parents: Sequence[str] = (),
    aliases: Sequence[str] = (),
    categories: Sequence[str] = (),
    boxes: Sequence[BoundingBox] = (),
) -> Label:
    """A label from plain values; its boxes are as sure as it is."""
    return Label(
        name=name,
        confidence=confidence,
        parents=tuple(Parent(parent) for parent in parents),
        aliases=tuple(Alias(alias) for alias in aliases),
        categories=tuple(Category(category) for category in categories),
        instances=tuple(Instance(bounding_box=one, confidence=confidence) for one in boxes),
    )


def dog_labels() -> tuple[Label, ...]:
    """A retriever that the classifier names and the detector finds as a dog, and two balls."""
    kin = ("Canine", "Mammal", "Animal")
    category = ("Animals and Pets",)
    return (
        label("Animal", 99.0, categories=category),
        label("Mammal", 98.5, parents=("Animal",), categories=category),
        label("Canine", 98.0, parents=("Mammal", "Animal"), categories=category),
        label(
            "Dog",
            97.31,
            parents=kin,
            aliases=("Doggy",),
            categories=category,
            boxes=[box(0.1, 0.2, 0.5, 0.6)],
        ),
        label("Golden Retriever", 80.0, parents=("Dog", *kin), categories=category),
        label("Ball", 60.0, boxes=[box(0.8, 0.7, 0.1, 0.1), box(0.05, 0.8, 0.05, 0.05)]),
    )


def color(red: int, green: int, blue: int, percent: float, name: str = "tan") -> DominantColor:
    """A dominant colour."""
    return DominantColor(
        red=red,
        green=green,
        blue=blue,
        hex_code=f"#{red:02x}{green:02x}{blue:02x}",
        css_color=name,
        simplified_color="brown",
        pixel_percent=percent,
    )


def properties(*colors: DominantColor) -> ImageProperties:
    """Image properties with these dominant colours."""
    quality = ImageQuality(brightness=50.0, sharpness=50.0)
    region = ImageRegion(quality=quality)
    return ImageProperties(
        quality=quality, dominant_colors=colors, foreground=region, background=region
    )


def record(
    key: str = "cute_dog.jpg",
    *,
    labels: Sequence[Label] | None = None,
    modified: float = NOVEMBER,
    taken: str | None = None,
    size: tuple[int, int] = (4032, 3024),
    model_version: str = "1.0",
    colors: Sequence[DominantColor] | None = None,
) -> LabelRecord:
    """A record of an image."""
    if colors is None:
        colors = (color(210, 180, 140, 60.0), color(0, 0, 0, 20.0, "black"))
    return LabelRecord(
        labels=tuple(dog_labels() if labels is None else labels),
        label_model_version=model_version,
        image_properties=properties(*colors),
        source=SourceFacts(key=key, size=2_000_000, sha256="5ec2e7" + "0" * 58),
        image=ImageFacts(format="jpeg", width=size[0], height=size[1], taken=taken),
        models=(ModelFacts(name="some-model", kind="classifier", version="1", sha256="0" * 64),),
        score_fingerprint="secret-scores",
        view_fingerprint="secret-view",
        scores=Scores(),
        observed=Observed(
            etag="secret-etag", version="secret-version", modified=modified, recorded=NOVEMBER
        ),
    )


def failure(key: str = "secret-broken.jpg", error: str = "damaged") -> FailureRecord:
    """A record of a file that could not be labelled."""
    return FailureRecord(
        failure=FailureFacts(error=error, reason="secret-reason"),
        source=SourceFacts(key=key, size=10),
        limits_fingerprint="secret-limits",
        observed=Observed(etag="e", modified=NOVEMBER, recorded=NOVEMBER),
    )
