"""``/healthz`` and ``/readyz``, for whoever keeps the server running."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bucketlens.server.labels import json_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from bucketlens.live import LiveStatus

TROUBLE = "something needs the operator: /v1/status says what"
STOPPING = "it is about to end"


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether the server can do its work; ``trouble`` says what keeps it from that."""

    ok: bool
    trouble: str = ""


class HealthEndpoints:
    """Answers without credentials, so it tells nothing of images.

    Args:
        status: Gives the present state of the live side.
    """

    def __init__(self, status: Callable[[], LiveStatus]) -> None:
        """Hold what is asked."""
        self._status = status

    async def alive(self, _request: Request) -> Response:
        """The process answers."""
        return json_response(Health(ok=True))

    async def ready(self, _request: Request) -> Response:
        """It can label images and watch its source."""
        status = self._status()
        if status.trouble or status.stopping:
            what = TROUBLE if status.trouble else STOPPING
            return json_response(Health(ok=False, trouble=what), 503, retry_after="5")
        return json_response(Health(ok=True))
