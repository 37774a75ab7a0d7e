"""Images that people put in through the page: received within limits, never over another one."""

from __future__ import annotations

import hashlib
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

import msgspec
from starlette.concurrency import run_in_threadpool

from bucketlens.errors import InputError, MissingError, TransientError
from bucketlens.imaging import picture_size
from bucketlens.records import FailureRecord, LabelRecord
from bucketlens.server.bodies import announced_size, receive_body
from bucketlens.server.labels import json_response, require_image
from bucketlens.server.naming import candidates
from bucketlens.server.parameters import Parameters
from bucketlens.server.problems import RefusedError
from bucketlens.server.records import key_after, read_record
from bucketlens.site.layout import link, page_name
from bucketlens.stores import ConflictError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from bucketlens.live import Live
    from bucketlens.server.known import KnownImages
    from bucketlens.server.overload import Admission
    from bucketlens.settings import Settings
    from bucketlens.stores import Store

MINUTE = 60.0
State = Literal["queued", "labelled", "failed"]


class Upload(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of an upload.

    Attributes:
        key: Of the image in the source.
        state: ``queued`` until there is a record.
        page: Its page, relative to the site; empty where there are no pages.
        duplicate: The same bytes were there before, under this key.
        reason: Why there are no labels.
    """

    key: str
    state: State
    page: str = ""
    duplicate: bool = False
    reason: str = ""


class Pace:
    """So many in a minute, and no more; a pause saves up for one minute.

    Args:
        per_minute: How many.
        clock: Gives the time, seconds.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with a minute's worth."""
        self._most = float(per_minute)
        self._left = self._most
        self._clock = clock
        self._then = clock()

    def take(self) -> float:
        """Take one; 0, or else the seconds after which there will be one."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._then) * self._most / MINUTE)
        self._then = now
        if self._left < 1:
            return (1 - self._left) * MINUTE / self._most
        self._left -= 1
        return 0.0


@dataclass(frozen=True, slots=True)
class Uploads:
    """Takes uploads and tells what became of them.

    Attributes:
        source: Of the images, to be written to.
        records: What was made of them.
        wanted: Whether a key of the source is looked at.
        live: Labels what came.
        known: Finds images by content.
        settings: Limits, and the folder.
        admission: Room for requests.
        pace: How many are taken.
    """

    source: Store
    records: Store
    wanted: Callable[[str, int], bool]
    live: Live
    known: KnownImages
    settings: Settings
    admission: Admission
    pace: Pace

    async def post(self, request: Request) -> Response:
        """Take one image."""
        name = Parameters(request, "name").text("name", "image")
        require_image(request)
        wait = self.pace.take()
        if wait:
            raise RefusedError(
                429,
                f"over {self.settings.uploads_per_minute} uploads in a minute",
                headers={"retry-after": str(max(1, round(wait)))},
            )
        most = self.settings.max_bytes
        with self.admission.room(announced_size(request, most)):
            data = await receive_body(request, most, self.settings.receive_seconds)
            upload = await run_in_threadpool(self._keep, name, data)
        where = f"/v1/uploads/{quote(upload.key)}"
        return json_response(upload, 200 if upload.duplicate else 201, location=where)

    async def get(self, request: Request) -> Response:
        """What became of one."""
        return json_response(
            await run_in_threadpool(self._state, key_after(request, "/v1/uploads/"))
        )

    def _keep(self, name: str, data: bytes) -> Upload:
        kind = picture_size(data).format
        sha256 = hashlib.sha256(data).hexdigest()
        for key in self.known.find(sha256, len(data)):
            if self._holds(key, sha256, len(data)):
                return msgspec.structs.replace(self._state(key), duplicate=True)
        for key in candidates(self.settings.upload_folder, name, kind):
            if not self.wanted(key, len(data)):
                raise RefusedError(
                    422, f"{key} would not be looked at: the settings include, exclude or suffixes"
                )
            try:
                self.source.put(key, data, if_absent=True, content_type=f"image/{kind}")
            except ConflictError:
                if self._holds(key, sha256, len(data)):
                    return msgspec.structs.replace(self._state(key), duplicate=True)
                continue
            self.known.remember(sha256, key)
            self._submit(key)
            return Upload(key=key, state="queued", page=self._page(key))
        raise RefusedError(409, f"there are too many images called {name!r}")

    def _submit(self, key: str) -> None:
        with suppress(TransientError):  # it stands in the source; what watches that finds it
            self.live.submit(key)

    def _holds(self, key: str, sha256: str, size: int) -> bool:
        """Whether the source has these very bytes under a key."""
        try:
            if self.source.head(key).size != size:
                return False
            return hashlib.sha256(self.source.get(key).data).hexdigest() == sha256
        except InputError:
            return False

    def _state(self, key: str) -> Upload:
        try:
            info = self.source.head(key)
        except MissingError:
            info = None
        if info is None or not self.wanted(key, info.size):
            raise RefusedError(404, f"there is no image {key!r}")
        record = read_record(self.records, key)
        if record is None or record.observed.etag != info.etag:
            return Upload(key=key, state="queued", page=self._page(key))
        if isinstance(record, FailureRecord):
            return Upload(key=key, state="failed", reason=record.failure.reason)
        assert isinstance(record, LabelRecord)  # noqa: S101 - there are two kinds
        return Upload(key=key, state="labelled", page=self._page(key))

    def _page(self, key: str) -> str:
        return link(page_name(key)) if self.settings.shown else ""
