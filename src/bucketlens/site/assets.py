"""The files of the look: a stylesheet and an icon, named by their content.

A page keeps the look that it was written with, so the files may be cached for ever. Rules that
differ only by a number (one for each mark, shape, chip) are made here from the same constants as
the pages, since a strict policy forbids styles in the page itself.
"""

from __future__ import annotations

import functools
import hashlib
from importlib import resources

import msgspec

from bucketlens.site.index import CHIPS, TALLEST, WIDEST
from bucketlens.site.view import MARKS


class Asset(msgspec.Struct, frozen=True):
    """A file that all pages share."""

    name: str
    data: bytes
    content_type: str


@functools.cache
def stylesheet() -> Asset:
    """The style of all pages."""
    text = "".join([_text("style.css"), *_shapes(), *_marks(), *_chips()])
    return _asset("style", "css", text, "text/css; charset=utf-8")


@functools.cache
def icon() -> Asset:
    """The sign in the browser's tab."""
    return _asset("icon", "svg", _text("icon.svg"), "image/svg+xml")


def assets() -> tuple[Asset, ...]:
    """All of them."""
    return stylesheet(), icon()


def _text(name: str) -> str:
    return (resources.files(__package__) / "static" / name).read_text(encoding="utf-8")


def _asset(stem: str, suffix: str, text: str, content_type: str) -> Asset:
    data = text.encode()
    digest = hashlib.sha256(data).hexdigest()[:10]
    return Asset(f"assets/{stem}.{digest}.{suffix}", data, content_type)


def _shapes() -> list[str]:
    return [f".r{tenths}{{--r:{tenths / 10:g}}}\n" for tenths in range(TALLEST, WIDEST + 1)]


def _marks() -> list[str]:
    return [
        f".viewer:has(.m{n}:is(:hover,:focus-within),#pick-{n}:checked) .box.m{n}"
        "{opacity:1;visibility:visible}\n"
        f".viewer:has(.row.m{n}:is(:hover,:focus-within),#pick-{n}:checked) .m{n} .tag"
        "{visibility:visible}\n"
        f".viewer:has(.box.m{n}:hover,#pick-{n}:checked) .row.m{n}{{background:var(--soft)}}\n"
        for n in range(MARKS)
    ]


def _chips() -> list[str]:
    return [
        f".gallery:has(#chip-{n}:checked) :is(.tile:not(.c{n}),.group:not(:has(.c{n})))"
        "{display:none}\n"
        for n in range(CHIPS)
    ]
