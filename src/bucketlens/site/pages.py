"""The page of one image: a pure function from its record to HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketlens.site import layout, wording
from bucketlens.site.assets import TALLEST, WIDEST
from bucketlens.site.rendering import frame, template
from bucketlens.site.view import ratio_class, view_colours, view_labels

if TYPE_CHECKING:
    from bucketlens.records import LabelRecord
    from bucketlens.site.design import Design

LITTLE = 640
"""Pixels; smaller pictures are not enlarged over the whole stage, where they would be a blur."""


def image_page(record: LabelRecord, design: Design) -> str:
    """The page of one image; it needs no index and no other page to be there.

    Args:
        record: What was seen in the image.
        design: What all pages of the site have in common.
    """
    key = record.source.key
    folder, _, name = wording.shown(key).rpartition("/")
    name = name or folder or "(no name)"
    page = layout.page_name(key)
    root = layout.depth_of(page)
    properties = record.image_properties
    moment = wording.moment_of(record)
    image = record.image
    return template("image.html").render(
        **frame(design, kind="image", depth=root),
        name=name,
        safe_name=layout.safe_name(key),
        folders=[part for part in folder.split("/") if part],
        view=view_labels(
            record.labels,
            depth=root,
            added=[edit.label for edit in record.edits if not edit.removed],
        ),
        colours=view_colours(properties.dominant_colors) if properties else (),
        width=image.width,
        height=image.height,
        ratio=ratio_class(image.width, image.height, least=TALLEST, most=WIDEST),
        little=max(image.width, image.height) < LITTLE,
        megapixels=wording.megapixels(image.width, image.height),
        taken=moment.taken,
        day=wording.day(moment.seconds),
        iso_day=wording.iso_day(moment.seconds),
        model_version=wording.shown(record.label_model_version),
        models=[wording.shown(f"{model.name} {model.version}") for model in record.models],
        preview=layout.link(layout.preview_name(key), depth=root),
        data=layout.link(layout.data_name(key), depth=root),
        original=layout.link(layout.original_name(key), depth=root) if design.originals else None,
    )
