"""The text of the pages: pure functions from what is shown to HTML.

Everything that comes from outside (keys, labels, titles) goes through Jinja's autoescape; there is
no ``safe`` filter and no inline style or script, so the strict policy in each page's head holds.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from typing import TYPE_CHECKING

import jinja2
import msgspec

from bucketlens.site import layout, wording
from bucketlens.site.assets import icon, stylesheet
from bucketlens.site.index import TALLEST, WIDEST
from bucketlens.site.view import ratio_class, summarise, view_colours, view_labels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bucketlens.records import LabelRecord
    from bucketlens.site.index import Chip, IndexEntry, IndexPage

POLICY = "default-src 'none'; img-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'"
"""Pictures and the stylesheet of the same site, nothing else. ``'self'`` holds for pages opened
from a folder too: seen in Chromium 156 and Firefox 153."""

TILE_TALLEST, TILE_WIDEST = 5, 21
"""Shapes of tiles, width to height in tenths; beyond these a thumbnail shows its middle."""

AROUND = 2
"""Page numbers that are linked on each side of the present one."""

REASONS: Mapping[str, str] = {
    "unsupported": "not an image format that is read",
    "too_large": "over a size limit",
    "damaged": "damaged",
    "missing": "gone or not readable",
    "crash": "bucketlens fails on them",
}


class Tile(msgspec.Struct, frozen=True, kw_only=True):
    """An image on the index, ready to be printed."""

    page: str
    thumbnail: str
    width: int
    height: int
    ratio: int
    chips: tuple[int, ...]
    caption: str
    alt: str


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Tiles under a heading."""

    heading: str
    tiles: tuple[Tile, ...]


def image_page(record: LabelRecord, *, title: str) -> str:
    """The page of one image; it needs no index and no other page to be there.

    Args:
        record: What was seen in the image.
        title: The title of the site.
    """
    key = record.source.key
    folder, _, name = wording.shown(key).rpartition("/")
    name = name or folder or "(no name)"
    root = layout.depth_of(layout.page_name(key))
    properties = record.image_properties
    moment = wording.moment_of(record)
    image = record.image
    return _template("image.html").render(
        **_frame(title, root),
        name=name,
        folders=[part for part in folder.split("/") if part],
        view=view_labels(record.labels),
        colours=view_colours(properties.dominant_colors) if properties else (),
        width=image.width,
        height=image.height,
        ratio=ratio_class(image.width, image.height, least=TALLEST, most=WIDEST),
        megapixels=wording.megapixels(image.width, image.height),
        taken=moment.taken,
        day=wording.day(moment.seconds),
        iso_day=wording.iso_day(moment.seconds),
        model_version=wording.shown(record.label_model_version),
        preview=layout.link(layout.preview_name(key), depth=root),
        data=layout.link(layout.data_name(key), depth=root),
    )


def index_page(page: IndexPage, *, title: str, thumbnail_size: int) -> str:
    """One page of the index.

    Args:
        page: What is on it.
        title: The title of the site.
        thumbnail_size: The long side of thumbnails, pixels: their place is kept while they load.
    """
    return _template("index.html").render(
        **_frame(title, 0),
        page=page,
        sections=_sections(page, thumbnail_size),
        chips=[(wording.shown(chip.name), chip.count) for chip in page.chips],
        images=wording.counted(page.total, "image"),
        numbers=_numbers(page.number, page.pages),
        newer=layout.index_name(page.number - 1) if page.number > 1 else None,
        older=layout.index_name(page.number + 1) if page.number < page.pages else None,
        failed=sum(page.failures.values()),
        reasons=[f"{count:,} {_reason(code)}" for code, count in page.failures.items()],
    )


@functools.cache
def design() -> str:
    """Changes when the same records would give other pages: a hash of all that makes the look."""
    environment, loader = _environment(), _loader()
    digest = hashlib.sha256(f"{stylesheet().name} {icon().name}".encode())
    for name in environment.list_templates():
        source, _, _ = loader.get_source(environment, name)
        digest.update(source.encode())
    return digest.hexdigest()[:16]


def _frame(title: str, depth: int) -> dict[str, object]:
    """What every page has around its content."""
    return {
        "policy": POLICY,
        "title": wording.shown(title),
        "home": layout.link(layout.INDEX, depth=depth),
        "stylesheet": layout.link(stylesheet().name, depth=depth),
        "icon": layout.link(icon().name, depth=depth),
    }


def _sections(page: IndexPage, thumbnail_size: int) -> list[Section]:
    return [
        Section(
            heading=group.heading,
            tiles=tuple(_tile(entry, page.chips, thumbnail_size) for entry in group.entries),
        )
        for group in page.groups
    ]


def _tile(entry: IndexEntry, chips: tuple[Chip, ...], thumbnail_size: int) -> Tile:
    summary = summarise(entry.labels[: entry.specific])
    name = wording.shown(entry.key).rpartition("/")[2] or wording.shown(entry.key)
    width, height = fit(entry.width, entry.height, thumbnail_size)
    labels = set(entry.labels)
    return Tile(
        page=layout.link(layout.page_name(entry.key)),
        thumbnail=layout.link(layout.thumbnail_name(entry.key)),
        width=width,
        height=height,
        ratio=ratio_class(entry.width, entry.height, least=TILE_TALLEST, most=TILE_WIDEST),
        chips=tuple(n for n, chip in enumerate(chips) if chip.name in labels),
        caption=summary or name,
        alt=f"Photo: {summary}" if summary else f"Photo without labels: {name}",
    )


def fit(width: int, height: int, long_side: int) -> tuple[int, int]:
    """Width and height scaled down, never up, so that the longer is at most ``long_side``."""
    scale = min(1.0, long_side / max(width, height, 1))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _reason(code: str) -> str:
    return REASONS.get(code) or wording.shown(code)


def _numbers(present: int, pages: int) -> list[tuple[int, str] | None]:
    """Page numbers to link, with None where some are left out."""
    wanted = {1, pages, *range(max(1, present - AROUND), min(pages, present + AROUND) + 1)}
    numbers: list[tuple[int, str] | None] = []
    last = 0
    for number in sorted(wanted):
        if number > last + 1:
            numbers.append(None)
        numbers.append((number, layout.index_name(number)))
        last = number
    return numbers


_COMPILING = threading.Lock()


def _template(name: str) -> jinja2.Template:
    with _COMPILING:  # all of them once, not once in each thread that comes first
        return _templates()[name]


@functools.cache
def _templates() -> dict[str, jinja2.Template]:
    environment = _environment()
    return {name: environment.get_template(name) for name in environment.list_templates()}


@functools.cache
def _loader() -> jinja2.PackageLoader:
    return jinja2.PackageLoader("bucketlens.site")


@functools.cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=_loader(),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
