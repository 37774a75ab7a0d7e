"""``/v1/status`` and ``/v1/events``: what the live side does, and what a bucket tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from starlette.concurrency import run_in_threadpool

from bucketlens.server.bodies import announced_size, receive_body
from bucketlens.server.labels import json_response

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bucketlens.live import Live
    from bucketlens.server.overload import Admission
    from bucketlens.settings import Settings

MOST_BYTES = 1024 * 1024
"""Of one notification; those of S3 have at most 256 KB."""


class Accepted(msgspec.Struct, frozen=True):
    """How many keys a notification asks for."""

    keys: int


@dataclass(frozen=True, slots=True)
class LiveEndpoints:
    """Speaks with the live side.

    Attributes:
        live: It.
        settings: Limits.
        admission: Room for requests.
    """

    live: Live
    settings: Settings
    admission: Admission

    async def status(self, _request: Request) -> Response:
        """What it is doing now."""
        return json_response(self.live.status())

    async def take(self, request: Request) -> Response:
        """Take in a notification that a bucket's server posts."""
        with self.admission.room(announced_size(request, MOST_BYTES)):
            seconds = self.settings.receive_seconds
            payload = await receive_body(request, MOST_BYTES, seconds, setting="")
            keys = await run_in_threadpool(self.live.accept, payload)
        return json_response(Accepted(keys), 202)
