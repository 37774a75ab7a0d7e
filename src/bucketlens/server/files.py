"""The site's files, from whatever store it is in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from bucketlens.errors import InputError
from bucketlens.server.problems import problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from bucketlens.stores import Store
    from bucketlens.types import ObjectInfo

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
"""Of all files that a site has; what ends otherwise is not given out."""

FOR_EVER = "private, max-age=31536000, immutable"
FOR_A_MINUTE = "private, max-age=60"
ASK_AGAIN = "private, no-cache"
PICTURES = ("thumbs/", "previews/")
MANIFEST = "data/index/manifest.js"
PIECES = ("assets/", "data/index/")
"""Where names are ours and follow from the content; elsewhere they follow from keys."""

HEAD = re.compile(rb"<head[^>]*>", re.IGNORECASE)
SEGMENT = re.compile(r"(?!\.)[^\x00/\\]+")
"""One part of a name: no file of a site begins with a dot."""


class SiteFiles:
    """Gives out the files of a site, and nothing beside them.

    Args:
        store: Of the site.
        script: Name of the script that all pages get beside their own.
        words: What it is told that people can do here.
    """

    def __init__(self, store: Store, script: str, words: Sequence[str]) -> None:
        """Hold the store."""
        self._store = store
        self._mark = "-".join([*words, script.split(".")[1]])
        self._tag = (
            f'\\g<0>\n<script defer src="/{script}" data-can="{" ".join(words)}"></script>'
        ).encode()

    async def get(self, request: Request) -> Response:
        """One file."""
        name = site_name(request.scope["raw_path"])
        suffix = "." + (name or "").rpartition(".")[2]
        if name is None or suffix not in TYPES:
            return problem(404, "there is no such page")
        return await run_in_threadpool(self._answer, name, TYPES[suffix], request)

    def _answer(self, name: str, content_type: str, request: Request) -> Response:
        known = request.headers.get("if-none-match", "")
        headers = {"cache-control": keeping(name)}
        try:
            if known:
                headers["etag"] = self._etag(self._store.head(name), content_type)
                if is_known(known, headers["etag"]):
                    return Response(status_code=304, headers=headers)
            blob = self._store.get(name)
        except InputError:
            return problem(404, "there is no such page")
        headers["etag"] = self._etag(blob.info, content_type)
        data = blob.data
        if content_type.startswith("text/html"):
            data = HEAD.sub(self._tag, data, count=1)
        return Response(data, headers=headers, media_type=content_type)

    def _etag(self, info: ObjectInfo, content_type: str) -> str:
        told = f"-{self._mark}" if content_type.startswith("text/html") else ""
        plain = re.sub(r"[^A-Za-z0-9._-]", "", info.etag)
        return f'"{plain}{told}"'


def site_name(raw_path: bytes) -> str | None:
    """The name of the file that a path asks for; None when there can't be one.

    >>> site_name(b"/images/a%20b.html")
    'images/a b.html'
    """
    try:
        name = unquote_to_bytes(raw_path.partition(b"?")[0].removeprefix(b"/")).decode()
    except UnicodeDecodeError:
        return None
    name = name or "index.html"
    return name if all(map(SEGMENT.fullmatch, name.split("/"))) else None


def keeping(name: str) -> str:
    """How long a browser may keep a file without asking."""
    if name.startswith(PIECES) and name != MANIFEST:
        return FOR_EVER
    return FOR_A_MINUTE if name.startswith(PICTURES) else ASK_AGAIN


def is_known(if_none_match: str, etag: str) -> bool:
    """Whether the browser has this version."""
    known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in known or etag in known
