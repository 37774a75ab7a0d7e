"""``/healthz`` and ``/readyz``, for whoever keeps the server running."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bucketlens.server.labels import json_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether the server can do its work; ``trouble`` says what keeps it from that."""

    ok: bool
    trouble: str = ""


class HealthEndpoints:
    """Answers without credentials, so it tells nothing of images.

    Args:
        trouble: What keeps the server from its work; empty when nothing does.
    """

    def __init__(self, trouble: Callable[[], str]) -> None:
        """Hold what is asked."""
        self._trouble = trouble

    async def alive(self, _request: Request) -> Response:
        """The process answers."""
        return json_response(Health(ok=True))

    async def ready(self, _request: Request) -> Response:
        """It can label images and watch its source."""
        trouble = self._trouble()
        if trouble:
            return json_response(Health(ok=False, trouble=trouble), 503, retry_after="5")
        return json_response(Health(ok=True))
