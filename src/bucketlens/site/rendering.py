"""What all pages have around their content, and the templates, compiled once.

Everything that comes from outside (keys, labels, titles) goes through Jinja's autoescape; there is
no ``safe`` filter and no inline style or script, so the strict policy in each page's head holds.
"""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING

import jinja2

from bucketlens.site import layout, wording
from bucketlens.site.assets import assets_of

if TYPE_CHECKING:
    from bucketlens.site.design import Design

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'"
)
"""Only files of the same site. ``'self'`` holds for pages opened from a folder too: seen in
Chromium 150."""

_COMPILING = threading.Lock()


def frame(design: Design, *, kind: str, depth: int) -> dict[str, object]:
    """What every page has around its content.

    Args:
        design: What all pages have in common.
        kind: What the script does on it: ``gallery``, ``image`` or ``overview``.
        depth: How many folders deep the page lies.
    """
    assets = assets_of(design)
    return {
        "policy": POLICY,
        "kind": kind,
        "base": "../" * depth,
        "brand_tag": "h1" if kind == "gallery" else "p",
        "title": wording.shown(design.title),
        "home": layout.link(layout.INDEX, depth=depth),
        "overview": layout.link(layout.OVERVIEW, depth=depth),
        "stylesheets": [layout.link(sheet.name, depth=depth) for sheet in assets.stylesheets],
        "script": layout.link(assets.script.name, depth=depth),
        "icon": layout.link(assets.icon.name, depth=depth),
    }


def template(name: str) -> jinja2.Template:
    """A template; all are compiled when the first is asked for."""
    return compile_templates()[name]


def compile_templates() -> dict[str, jinja2.Template]:
    """All templates by name, compiled once."""
    with _COMPILING:  # all of them once, not once in each thread that comes first
        return _templates()


@functools.cache
def _templates() -> dict[str, jinja2.Template]:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("bucketlens.site"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    return {name: environment.get_template(name) for name in environment.list_templates()}
