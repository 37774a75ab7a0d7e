"""How well boxes lie: average precision as COCO defines it, by pycocotools.

pycocotools belongs to the extra ``evaluate`` and is imported only where boxes are measured.
"""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import msgspec

from bucketlens.errors import ConfigError
from bucketlens.evaluation.naming import box_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketlens.evaluation.manifest import Row
    from bucketlens.labels.space import LabelSpace
    from bucketlens.records import ImageFacts, LabelRecord

DIGITS = 6
"""Digits kept: pycocotools divides by a recall that is a hair above its share, so that 1 is missed
by 1e-16."""

TRANSPOSED = 5
"""EXIF orientations from this one on swap width and height."""


@dataclass(frozen=True, slots=True)
class PlacedBox:
    """A box of one label; lengths in pixels of the upright image.

    Attributes:
        label: Index of the taxonomy.
        xywh: Left, top, width, height.
        score: The detector's, 0 to 1; 1 for what is known.
        optional: Finding it or not counts for nothing.
    """

    label: int
    xywh: tuple[float, float, float, float]
    score: float = 1.0
    optional: bool = False


@dataclass(frozen=True, slots=True)
class BoxedPhoto:
    """What is known of a photo's objects, and what was found."""

    known: tuple[PlacedBox, ...]
    found: tuple[PlacedBox, ...]


class BoxMeasures(msgspec.Struct, frozen=True, kw_only=True):
    """Average precision, 0 to 1; None where there is no such object.

    Attributes:
        objects: Boxes that should be found.
        ap: Mean over classes and over overlaps (intersection over union) from 0.5 to 0.95.
        ap50: The same at an overlap of 0.5: found at about the right place.
        small: ``ap`` of objects under 32 x 32 pixels.
        medium: ``ap`` of those under 96 x 96.
        large: ``ap`` of those from there on.
    """

    objects: int
    ap: float | None
    ap50: float | None
    small: float | None
    medium: float | None
    large: float | None


def require_pycocotools() -> None:
    """Refuse at the start what would fail at the end.

    Raises:
        ConfigError: pycocotools is not installed.
    """
    if find_spec("pycocotools") is None:
        raise ConfigError(
            "a manifest with boxes needs pycocotools: python -m pip install 'bucketlens[evaluate]'"
        )


def boxed_photo(row: Row, record: LabelRecord, space: LabelSpace) -> BoxedPhoto:
    """Known and found boxes of a photo in the same pixels; unknown names are passed over."""
    known = tuple(
        PlacedBox(label, upright(box.bbox_xywh, record.image), optional=box.optional)
        for box, label in zip(row.boxes or (), box_labels(row, space.taxonomy), strict=True)
        if label is not None
    )
    width, height = record.image.width, record.image.height
    found = tuple(
        PlacedBox(
            space.objects[d.class_index],
            (d.left * width, d.top * height, d.width * width, d.height * height),
            d.score,
        )
        for d in record.scores.detections
    )
    return BoxedPhoto(known, found)


def upright(
    xywh: tuple[float, float, float, float], image: ImageFacts
) -> tuple[float, float, float, float]:
    """A box of the stored image, in pixels, as it lies in the upright one."""
    x, y, width, height = xywh
    turned = image.orientation >= TRANSPOSED
    stored_width = image.height if turned else image.width
    stored_height = image.width if turned else image.height
    from_right, from_bottom = stored_width - x - width, stored_height - y - height
    left, top = {
        1: (x, y),
        2: (from_right, y),
        3: (from_right, from_bottom),
        4: (x, from_bottom),
        5: (y, x),
        6: (from_bottom, x),
        7: (from_bottom, from_right),
        8: (y, from_right),
    }[image.orientation]
    return (left, top, height, width) if turned else (left, top, width, height)


def measure_boxes(photos: Sequence[BoxedPhoto], scope: frozenset[int]) -> BoxMeasures | None:
    """Average precision over photos; None where there are no objects to find.

    Args:
        photos: With every object of the classes in ``scope``.
        scope: Labels that were looked for; what else was found is passed over.

    Raises:
        ConfigError: pycocotools is not installed.
    """
    require_pycocotools()
    objects = sum(not box.optional for photo in photos for box in photo.known)
    if not objects:
        return None
    known = [
        _annotation(image, box)
        for image, photo in enumerate(photos, 1)
        for box in photo.known
        if box.label in scope
    ]
    found = [
        _annotation(image, box)
        for image, photo in enumerate(photos, 1)
        for box in photo.found
        if box.label in scope
    ]
    if not found:
        return BoxMeasures(objects=objects, ap=0.0, ap50=0.0, small=None, medium=None, large=None)
    stats = [
        None if value < 0 else round(value, DIGITS)
        for value in _coco_stats(len(photos), known, found)
    ]
    return BoxMeasures(
        objects=objects,
        ap=stats[0],
        ap50=stats[1],
        small=stats[3],
        medium=stats[4],
        large=stats[5],
    )


def _annotation(image: int, box: PlacedBox) -> dict[str, Any]:
    return {
        "image_id": image,
        "category_id": box.label,
        "bbox": list(box.xywh),
        "area": box.xywh[2] * box.xywh[3],
        "iscrowd": int(box.optional),
        "score": box.score,
    }


def _coco_stats(
    images: int, known: list[dict[str, Any]], found: list[dict[str, Any]]
) -> list[float]:
    """COCO's twelve numbers; -1 where there is nothing to measure."""
    from pycocotools.coco import COCO  # noqa: PLC0415 - of an extra
    from pycocotools.cocoeval import COCOeval  # noqa: PLC0415

    # Its numbers are returned, so what it prints on the way is kept from standard output.
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "info": {},
            "images": [{"id": image} for image in range(1, images + 1)],
            # It takes an annotation numbered 0 for none, so numbers begin with 1.
            "annotations": [{"id": number, **box} for number, box in enumerate(known, 1)],
            "categories": [{"id": label} for label in sorted({b["category_id"] for b in known})],
        }
        truth.createIndex()
        results = truth.loadRes(found)
        measuring = COCOeval(truth, results, iouType="bbox")
        measuring.evaluate()
        measuring.accumulate()
        measuring.summarize()
    return [float(value) for value in measuring.stats]
