"""The script that pages get from a server beside their own: what plain files can't do.

It is joined from ``server/static/js`` and those modules of the site that it needs, and is no part
of the site.
"""

from __future__ import annotations

import functools
import hashlib
from importlib import resources
from typing import TYPE_CHECKING

from starlette.responses import Response

from bucketlens.server.files import FOR_EVER
from bucketlens.site.assets import Asset
from bucketlens.site.scripts import join_modules

if TYPE_CHECKING:
    from starlette.requests import Request

PACKAGES = ("bucketlens.server", "bucketlens.site")


@functools.cache
def script() -> Asset:
    """The script, named by its content."""
    data = join_modules("served", _text).encode()
    digest = hashlib.sha256(data).hexdigest()[:10]
    return Asset(f"server.{digest}.js", data, "text/javascript; charset=utf-8")


async def script_endpoint(_request: Request) -> Response:
    """Give it out; a browser keeps it, as another one has another name."""
    headers = {"cache-control": FOR_EVER}
    return Response(script().data, headers=headers, media_type="text/javascript")


def _text(module: str) -> str:
    """A module of the server's, else of the site's."""
    for package in PACKAGES:
        file = resources.files(package).joinpath("static", "js", f"{module}.js")
        if file.is_file():
            return file.read_text(encoding="utf-8")
    raise ValueError(f"there is no script {module}.js")
