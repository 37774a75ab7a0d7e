"""``/v1/images/{key}/edits`` and ``DELETE /v1/images/{key}``: what people say of images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from starlette.concurrency import run_in_threadpool

from bucketlens.edits import Changes, Edit, checked_name, readable
from bucketlens.errors import MissingError
from bucketlens.server.bodies import receive_body
from bucketlens.server.labels import json_response
from bucketlens.server.problems import RefusedError
from bucketlens.server.records import key_after

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bucketlens.live import Live
    from bucketlens.pipeline.editing import Editor
    from bucketlens.pipeline.forgetting import Forgetter
    from bucketlens.settings import Settings

PREFIX = "/v1/images/"
SUFFIX = "/edits"

MOST_BYTES = 256 * 1024
"""Of one request: hundreds of the longest names."""

ANYBODY = "somebody"
"""Who edits where a server asks nobody who they are."""


class EditsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What people said about the labels of an image.

    Attributes:
        key: The image's key.
        edits: By label; at most one for each.
        shown: Whether its record shows them already; else the next run does.
    """

    key: str
    edits: tuple[Edit, ...]
    shown: bool


class ForgottenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What was kept about an image, and is removed.

    Attributes:
        key: The image's key.
        removed: Names of the things that were there.
        returns: The source has the image still, so that the next look at it labels it again.
    """

    key: str
    removed: tuple[str, ...]
    returns: bool


@dataclass(frozen=True, slots=True)
class EditsEndpoints:
    """Takes what people say of images.

    Attributes:
        editor: Takes edits.
        forgetter: Forgets images.
        live: Shows what has changed.
        settings: Limits.
    """

    editor: Editor
    forgetter: Forgetter
    live: Live
    settings: Settings

    async def get(self, request: Request) -> Response:
        """What people said of one image."""
        return json_response(await run_in_threadpool(self._find, _key(request)))

    async def put(self, request: Request) -> Response:
        """Take what a person says of one image."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise RefusedError(415, "send the changes as application/json")
        seconds = self.settings.receive_seconds
        data = await receive_body(request, MOST_BYTES, seconds, setting="")
        try:
            changes = _CHANGES.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
            raise RefusedError(400, f"these are no changes: {exc}") from exc
        caller = _caller(request)
        return json_response(await run_in_threadpool(self._edit, _key(request), changes, caller))

    async def delete(self, request: Request) -> Response:
        """Take one image out of everything that is kept about it."""
        key = key_after(request, PREFIX)
        return json_response(await run_in_threadpool(self._forget, key))

    def _find(self, key: str) -> EditsAnswer:
        sha256 = self._content_of(key)
        noted = self.editor.book.find(sha256)
        shown = self.editor.recorder.read(key).about_image
        mark = shown.observed.edits if shown else None
        return EditsAnswer(key=readable(key), edits=noted.edits, shown=mark == noted.mark)

    def _edit(self, key: str, changes: Changes, by: str) -> EditsAnswer:
        self._content_of(key)
        noted, keys = self.editor.edit(key, changes, by)
        self.live.changed(keys)
        return EditsAnswer(key=readable(key), edits=noted.edits, shown=key in keys)

    def _forget(self, key: str) -> ForgottenAnswer:
        if not self.forgetter.knows(key):
            raise RefusedError(404, f"nothing is kept about {key!r}")
        (done,) = self.forgetter.forget([key])
        try:
            self.live.opened.images.head(key)
        except MissingError:
            returns = False
        else:
            returns = True
        return ForgottenAnswer(key=readable(key), removed=done.what, returns=returns)

    def _content_of(self, key: str) -> str:
        try:
            return self.editor.content_of(key)
        except MissingError as exc:
            raise RefusedError(404, exc.message) from exc


def _key(request: Request) -> str:
    return key_after(request, PREFIX).removesuffix(SUFFIX)


def _caller(request: Request) -> str:
    """Who asks, as the credentials name them."""
    return checked_name(request.scope.get("state", {}).get("caller") or ANYBODY, "person")


# Made when the module is, not when first needed: see bucketlens.records.
_CHANGES: msgspec.json.Decoder[Changes] = msgspec.json.Decoder(Changes)
