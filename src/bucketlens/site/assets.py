"""The files of the look: stylesheet, script and icon, named by their content.

A page keeps the look that it was written with, so the files may be cached for ever. Rules that
differ only by a number (one for each mark and shape) are made here from the same constants as the
pages, since a strict policy forbids styles in the page itself.
"""

from __future__ import annotations

import functools
import hashlib
from importlib import resources
from typing import TYPE_CHECKING

import msgspec

from bucketlens.site.accent import accent_of
from bucketlens.site.scripts import join_modules
from bucketlens.site.squeezing import squeeze_style
from bucketlens.site.view import MARKS

if TYPE_CHECKING:
    from bucketlens.site.design import Design

TALLEST, WIDEST = 1, 30
"""Shapes that the stylesheet knows, width to height in tenths."""

STATIC = resources.files("bucketlens.site") / "static"


class Asset(msgspec.Struct, frozen=True):
    """A file that all pages share."""

    name: str
    data: bytes
    content_type: str


class Assets(msgspec.Struct, frozen=True):
    """The shared files of a design; stylesheets in the order in which they apply."""

    stylesheets: tuple[Asset, ...]
    script: Asset
    icon: Asset

    @property
    def files(self) -> tuple[Asset, ...]:
        """All of them."""
        return (*self.stylesheets, self.script, self.icon)


@functools.lru_cache(maxsize=8)
def assets_of(design: Design) -> Assets:
    """The shared files of a design."""
    accent = accent_of(design.accent)
    text = "".join([_text("style.css"), *_shapes(), *_marks()])
    text += (
        f":root{{--accent:{accent.light};--on-accent:{accent.on_light}}}\n"
        "@media (prefers-color-scheme:dark){"
        f":root{{--accent:{accent.dark};--on-accent:{accent.on_dark}}}}}\n"
    )
    sheets = [_asset("style", "css", squeeze_style(text), "text/css; charset=utf-8")]
    if design.extra_css:
        sheets.append(_asset("extra", "css", design.extra_css, "text/css; charset=utf-8"))
    icon = _text("icon.svg").replace("#0f766e", accent.light)
    return Assets(tuple(sheets), script(), _asset("icon", "svg", icon, "image/svg+xml"))


@functools.cache
def script() -> Asset:
    """The script of all pages."""
    text = join_modules("main", lambda module: _text(f"js/{module}.js"))
    return _asset("site", "js", text, "text/javascript; charset=utf-8")


def _text(name: str) -> str:
    return STATIC.joinpath(*name.split("/")).read_text(encoding="utf-8")


def _asset(stem: str, suffix: str, text: str, content_type: str) -> Asset:
    data = text.encode()
    digest = hashlib.sha256(data).hexdigest()[:10]
    return Asset(f"assets/{stem}.{digest}.{suffix}", data, content_type)


def _shapes() -> list[str]:
    return [f".r{tenths}{{--r:{tenths / 10:g}}}\n" for tenths in range(TALLEST, WIDEST + 1)]


def _marks() -> list[str]:
    """A label and its boxes light up together: under the pointer, and while they are picked."""
    return [
        f"main:has(.m{n}:is(:hover,:focus-within),#pick-{n}:checked) .m{n}{{--on:1}}\n"
        for n in range(MARKS)
    ]
