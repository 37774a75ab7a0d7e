"""A reply of DetectLabels as it is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

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
    Reply,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DIGITS = 4
"""Digits kept of percentages and of box ratios, as for our own models."""

WHITE = 255


def parse_reply(answer: Mapping[str, Any]) -> Reply:
    """The parts of a reply that are kept, held within their ranges.

    Every field of the service's model is optional; what is absent stays absent or empty. Only a
    region of the image properties that is left out has the quality of the whole, and no colours.
    """
    properties = answer.get("ImageProperties")
    return Reply(
        labels=tuple(_label(label) for label in answer.get("Labels") or ()),
        label_model_version=answer.get("LabelModelVersion") or "",
        image_properties=_properties(properties) if properties else None,
    )


def _label(found: Mapping[str, Any]) -> Label:
    return Label(
        name=found.get("Name", ""),
        confidence=_percent(found.get("Confidence")),
        instances=tuple(
            _instance(place) for place in found.get("Instances") or () if place.get("BoundingBox")
        ),
        parents=tuple(Parent(name=name) for name in _names(found, "Parents")),
        aliases=tuple(Alias(name=name) for name in _names(found, "Aliases")),
        categories=tuple(Category(name=name) for name in _names(found, "Categories")),
    )


def _names(found: Mapping[str, Any], field: str) -> list[str]:
    return [entry["Name"] for entry in found.get(field) or () if entry.get("Name")]


def _instance(found: Mapping[str, Any]) -> Instance:
    return Instance(
        bounding_box=_box(found["BoundingBox"]),
        confidence=_percent(found.get("Confidence")),
        dominant_colors=_colors(found.get("DominantColors")),
    )


def _box(found: Mapping[str, Any]) -> BoundingBox:
    """A box clipped to the picture; the service's may reach a little beyond it."""
    left, top = found.get("Left", 0.0), found.get("Top", 0.0)
    right = left + max(found.get("Width", 0.0), 0.0)
    bottom = top + max(found.get("Height", 0.0), 0.0)
    left, top, right, bottom = (min(max(edge, 0.0), 1.0) for edge in (left, top, right, bottom))
    return BoundingBox(
        width=round(right - left, DIGITS),
        height=round(bottom - top, DIGITS),
        left=round(left, DIGITS),
        top=round(top, DIGITS),
    )


def _properties(found: Mapping[str, Any]) -> ImageProperties:
    quality = found.get("Quality") or {}
    return ImageProperties(
        quality=_quality(quality),
        dominant_colors=_colors(found.get("DominantColors")),
        foreground=_region(found.get("Foreground") or {"Quality": quality}),
        background=_region(found.get("Background") or {"Quality": quality}),
    )


def _region(found: Mapping[str, Any]) -> ImageRegion:
    return ImageRegion(
        quality=_quality(found.get("Quality") or {}),
        dominant_colors=_colors(found.get("DominantColors")),
    )


def _quality(found: Mapping[str, Any]) -> ImageQuality:
    contrast = found.get("Contrast")
    return ImageQuality(
        brightness=_percent(found.get("Brightness")),
        sharpness=_percent(found.get("Sharpness")),
        contrast=msgspec.UNSET if contrast is None else _percent(contrast),
    )


def _colors(found: Sequence[Mapping[str, Any]] | None) -> tuple[DominantColor, ...]:
    return tuple(
        DominantColor(
            red=min(color.get("Red", 0), WHITE),
            green=min(color.get("Green", 0), WHITE),
            blue=min(color.get("Blue", 0), WHITE),
            hex_code=color.get("HexCode", ""),
            css_color=color.get("CSSColor", ""),
            simplified_color=color.get("SimplifiedColor", ""),
            pixel_percent=_percent(color.get("PixelPercent")),
        )
        for color in found or ()
    )


def _percent(value: float | None) -> float:
    return round(min(max(value or 0.0, 0.0), 100.0), DIGITS)
