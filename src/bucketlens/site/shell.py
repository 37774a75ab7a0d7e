"""The index page as it stands before any script runs: the newest images, and how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bucketlens.site import layout, wording
from bucketlens.site.rendering import frame, template
from bucketlens.site.view import fit, ratio_class, summarise

if TYPE_CHECKING:
    from bucketlens.site.design import Design

NEWEST = 36
"""Images on the page itself; as many as the script fetches at once (``BLOCK`` in blocks.js)."""

TILE_TALLEST, TILE_WIDEST = 5, 24
"""Shapes of tiles, width to height in tenths; beyond these a thumbnail shows its middle."""


class ShellImage(msgspec.Struct, frozen=True, kw_only=True):
    """An image as the index page shows it.

    Attributes:
        key: Its key below the source, as it can be shown.
        name: The safe name of its key, that of its files.
        width: Of the upright original, pixels.
        height: Of the upright original, pixels.
        labels: Its most specific labels, the surest first.
    """

    key: str
    name: str
    width: int
    height: int
    labels: tuple[str, ...] = ()


class Shell(msgspec.Struct, frozen=True, kw_only=True):
    """What the index page says without a script.

    Attributes:
        newest: The newest images, at most :data:`NEWEST`.
        total: Images that were labelled.
        failed: Files that could not be labelled.
    """

    newest: tuple[ShellImage, ...] = ()
    total: int = 0
    failed: int = 0


class Tile(msgspec.Struct, frozen=True, kw_only=True):
    """An image on the index page, ready to be printed."""

    name: str
    page: str
    thumbnail: str
    width: int
    height: int
    ratio: int
    caption: str
    alt: str


def index_page(shell: Shell, design: Design) -> str:
    """The index page."""
    return template("index.html").render(
        **frame(design, kind="gallery", depth=0),
        tiles=[_tile(image, design.thumbnail_size) for image in shell.newest],
        total=shell.total,
        images=wording.counted(shell.total, "image"),
        failed=wording.counted(shell.failed, "file") if shell.failed else "",
    )


def _tile(image: ShellImage, thumbnail_size: int) -> Tile:
    summary = summarise(image.labels)
    name = wording.shown(image.key).rpartition("/")[2] or wording.shown(image.key)
    width, height = fit(image.width, image.height, thumbnail_size)
    return Tile(
        name=image.name,
        page=layout.link(f"images/{image.name}.html"),
        thumbnail=layout.link(f"thumbs/{image.name}.jpg"),
        width=width,
        height=height,
        ratio=ratio_class(image.width, image.height, least=TILE_TALLEST, most=TILE_WIDEST),
        caption=summary or name,
        alt=f"Photo: {summary}" if summary else f"Photo without labels: {name}",
    )
