"""The server as a process: it starts, answers until it is told to stop, and ends in time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
from typing import TYPE_CHECKING

import uvicorn

from bucketlens.server.listening import allow_connections, url_of

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp

    from bucketlens.settings import Settings

log = logging.getLogger(__name__)

FINISH_SECONDS = 4
"""For requests that are under way when the server is told to stop."""

KEEP_ALIVE_SECONDS = 75
"""Longer than the pools of common clients keep an idle connection, so that they close it."""

MOST_CONNECTIONS = 2_000
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Server(uvicorn.Server):
    """Uvicorn, whose signals are ours.

    Attributes:
        tell: Called when the first request may come.
    """

    tell: Callable[[], None] = staticmethod(lambda: None)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and tell so."""
        await super().startup(sockets)
        self.tell()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


def serve(
    app: ASGIApp, listening: socket.socket, settings: Settings, started: Callable[[], None]
) -> None:
    """Answer requests until SIGINT or SIGTERM; a second one ends at once.

    Args:
        app: Answers.
        listening: Where.
        settings: In force.
        started: Called when the first request may come.
    """
    allow_connections(MOST_CONNECTIONS)
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=FINISH_SECONDS,
        ssl_certfile=settings.tls_certificate or None,
        ssl_keyfile=settings.tls_key or None,
    )
    asyncio.run(_serve(Server(config), listening, started, tls=bool(settings.tls_certificate)))


async def _serve(
    server: Server, listening: socket.socket, started: Callable[[], None], *, tls: bool
) -> None:
    with _stopping(server):
        server.tell = lambda: _tell(listening, started, tls=tls)
        await server.serve(sockets=[listening])


def _tell(listening: socket.socket, started: Callable[[], None], *, tls: bool) -> None:
    log.info("ready", extra={"fields": {"url": url_of(listening, tls=tls)}})
    started()


@contextlib.contextmanager
def _stopping(server: Server) -> Iterator[None]:
    def stop(number: int, _frame: object) -> None:
        log.info("stopping", extra={"fields": {"signal": signal.Signals(number).name}})
        server.force_exit = server.should_exit
        server.should_exit = True

    if threading.current_thread() is not threading.main_thread():  # as in tests
        yield
        return
    before = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
