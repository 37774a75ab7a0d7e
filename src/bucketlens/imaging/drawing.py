"""The picture with its boxes drawn in, for a look at single photos."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from bucketlens.imaging.decode import decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketlens.imaging.limits import Limits
    from bucketlens.types import Label

COLORS = ("#e6194b", "#3cb44b", "#4363d8", "#f58231", "#911eb4", "#008080", "#9a6324", "#808000")
"""Told apart by most people, and dark enough for white text."""


def draw_boxes(data: bytes, labels: Sequence[Label], limits: Limits) -> bytes:
    """The upright picture at full size with a named box for each instance, as JPEG."""
    picture = Image.fromarray(decode(data, limits=limits).pixels)
    draw = ImageDraw.Draw(picture)
    line = max(2, round(max(picture.size) / 400))
    font = ImageFont.load_default(size=max(12, round(max(picture.size) / 50)))
    boxed = [label for label in labels if label.instances]
    for label, color in zip(boxed, COLORS * len(boxed), strict=False):
        for place in label.instances:
            box = place.bounding_box
            left, top = box.left * picture.width, box.top * picture.height
            right, bottom = left + box.width * picture.width, top + box.height * picture.height
            draw.rectangle((left, top, right, bottom), outline=color, width=line)
            text = f"{label.name} {place.confidence:.0f}"
            size = draw.textbbox((left, top), text, font=font)
            draw.rectangle((size[0], size[1], size[2] + line, size[3] + line), fill=color)
            draw.text((left, top), text, fill="white", font=font)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    return out.getvalue()
