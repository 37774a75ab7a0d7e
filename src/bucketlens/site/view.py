"""What the page of an image shows, worked out from its record.

The templates only lay out; every choice (which labels come first, which are only more general,
where a box's caption goes) is made here, as plain values ready to be printed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bucketlens.edits import word_key
from bucketlens.site.clauses import category_clause, label_clause
from bucketlens.site.layout import search_link
from bucketlens.site.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bucketlens.types import DominantColor, Instance, Label

MARKS = 8
"""Labels whose boxes can be lit up by themselves; each costs a rule in the stylesheet."""

HUES = 8
"""Colours that boxes take turns in; the stylesheet holds them."""

LOUD = 6
"""Up to this many boxes all captions are shown at once; more would hide the picture."""

COLOURS = 6
"""Dominant colours that are shown."""

TURN = 0.7
"""A box that begins right of this is turned: its tag ends at its right edge."""


class SearchLink(msgspec.Struct, frozen=True, kw_only=True):
    """A word that leads to all images that it fits."""

    name: str
    search: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A label as a bar.

    Attributes:
        search: Leads to all images with this label.
        percent: Its confidence, rounded: ``97``.
        width: Its confidence as a length of the bar: ``97.31%``.
        mark: The number that ties it to its boxes, if it has any that can be lit up.
        hue: The colour of its boxes.
        places: How many boxes it has.
        added: A person added it.
    """

    name: str
    search: str
    percent: str
    width: str
    parents: tuple[SearchLink, ...]
    categories: tuple[SearchLink, ...]
    mark: int | None
    hue: int
    places: int
    added: bool


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """A rectangle on the picture and the tag that names it; lengths in per cent of the picture.

    A tag has room from the box's left edge to the picture's right, or, turned, from the picture's
    left edge to the box's right. The box's own confidence is told under the pointer only: a tag of
    57 % beside a label of 99 % would puzzle more than it tells.
    """

    mark: int | None
    hue: int
    caption: str
    percent: str
    left: str
    top: str
    width: str
    height: str
    tag_left: str
    tag_width: str
    turned: bool


class Colour(msgspec.Struct, frozen=True, kw_only=True):
    """A dominant colour and where it lies on the bar of colours."""

    hex: str
    name: str
    percent: str
    start: str
    width: str


class LabelView(msgspec.Struct, frozen=True, kw_only=True):
    """The labels of an image as its page shows them.

    Attributes:
        specific: What is in the image: labels that no other label refines, or that have a place.
        general: The labels that follow from those, like Animal where there is a Dog.
        boxes: Largest first, so that small ones lie on top and can be pointed at.
        summary: The most telling labels in a few words.
        loud: Whether there are few enough boxes to caption them all.
    """

    specific: tuple[Row, ...]
    general: tuple[Row, ...]
    boxes: tuple[Box, ...]
    summary: str
    loud: bool


def ordered(labels: Sequence[Label]) -> tuple[list[Label], list[Label]]:
    """Labels that no other label refines, and the rest; each the surest first.

    The surest labels are the most general ones (what is a Dog is an Animal at least as surely),
    and those tell the least. So they come second.
    """
    refined = {parent.name for label in labels for parent in label.parents}
    by_confidence = sorted(labels, key=lambda label: (-label.confidence, label.name))
    specific = [label for label in by_confidence if label.name not in refined]
    general = [label for label in by_confidence if label.name in refined]
    return specific, general


def summarise(names: Iterable[str], limit: int = 3) -> str:
    """The first few names: ``Dog, Beach, Ball``; empty if there are none."""
    return ", ".join(shown(name) for name, _ in zip(names, range(limit), strict=False))


def view_labels(labels: Sequence[Label], *, depth: int = 0, added: Iterable[str] = ()) -> LabelView:
    """Lay out the labels of an image, for a page that lies that many folders deep.

    Args:
        labels: As the record has them.
        depth: Folders.
        added: Names of labels that people added.
    """
    own = frozenset(map(word_key, added))
    specific, general = ordered(labels)
    leading = [label.name for label in specific]
    placed = [label for label in general if label.instances]
    first = sorted([*specific, *placed], key=lambda label: (-label.confidence, label.name))
    marks = {label.name: n for n, label in enumerate(lb for lb in first if lb.instances)}
    boxes = sorted(
        ((label, instance) for label in first for instance in label.instances),
        key=lambda pair: -pair[1].bounding_box.width * pair[1].bounding_box.height,
    )
    return LabelView(
        specific=tuple(_row(label, marks, depth, own) for label in first),
        general=tuple(_row(label, marks, depth, own) for label in general if not label.instances),
        boxes=tuple(_box(label, instance, marks[label.name]) for label, instance in boxes),
        summary=summarise(leading),
        loud=len(boxes) <= LOUD,
    )


def _row(label: Label, marks: dict[str, int], depth: int, own: frozenset[str]) -> Row:
    words = (label.name, *(alias.name for alias in label.aliases))
    number = marks.get(label.name, MARKS)
    return Row(
        name=shown(label.name),
        search=search_link(label_clause(label.name), depth=depth),
        percent=f"{label.confidence:.0f}",
        width=length(label.confidence / 100),
        parents=tuple(
            SearchLink(
                name=shown(one.name), search=search_link(label_clause(one.name), depth=depth)
            )
            for one in label.parents
        ),
        categories=tuple(
            SearchLink(
                name=shown(one.name), search=search_link(category_clause(one.name), depth=depth)
            )
            for one in label.categories
        ),
        mark=number if number < MARKS else None,
        hue=number % HUES,
        places=len(label.instances),
        added=not own.isdisjoint(map(word_key, words)),
    )


def _box(label: Label, instance: Instance, number: int) -> Box:
    box = instance.bounding_box
    turned = box.left > TURN
    return Box(
        mark=number if number < MARKS else None,
        hue=number % HUES,
        caption=shown(label.name),
        percent=f"{instance.confidence:.0f}",
        left=length(box.left),
        top=length(box.top),
        width=length(box.width),
        height=length(box.height),
        tag_left=length(0 if turned else box.left),
        tag_width=length(box.left + box.width if turned else 1 - box.left),
        turned=turned,
    )


def view_colours(colours: Sequence[DominantColor]) -> tuple[Colour, ...]:
    """The first dominant colours, laid end to end over the whole width."""
    chosen = colours[:COLOURS]
    total = sum(colour.pixel_percent for colour in chosen) or 1.0
    views = []
    start = 0.0
    for colour in chosen:
        width = colour.pixel_percent / total
        views.append(
            Colour(
                hex=f"#{colour.red:02x}{colour.green:02x}{colour.blue:02x}",
                name=shown(colour.css_color),
                percent=f"{colour.pixel_percent:.0f}",
                start=length(start),
                width=length(width),
            )
        )
        start += width
    return tuple(views)


def fit(width: int, height: int, long_side: int) -> tuple[int, int]:
    """Width and height scaled down, never up, so that the longer is at most ``long_side``."""
    scale = min(1.0, long_side / max(width, height, 1))
    return max(1, round(width * scale)), max(1, round(height * scale))


def length(ratio: float) -> str:
    """A share as a length of a drawing: ``97.31%``."""
    return f"{ratio * 100:.2f}%"


def ratio_class(width: int, height: int, *, least: int, most: int) -> int:
    """Width to height in tenths, kept within bounds; the stylesheet has a class for each."""
    if not width or not height:
        return 10
    return min(max(round(10 * width / height), least), most)
