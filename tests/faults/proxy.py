"""A proxy before a server that speaks S3 or SQS, which disturbs what passes through it.

Requests go on as they came, the Host header too, so that their signatures hold.
"""

from __future__ import annotations

import http.client
import os
import socket
import struct
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from tests.faults.mishaps import ERRORS, NOT_DONE, Misfortune, Mishap, Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers import Server

SLOW_SECONDS = 0.1
GATEWAY_PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
OF_ONE_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "expect"})


@dataclass
class Proxy:
    """A proxy that runs.

    Attributes:
        server: As clients see it, through the proxy.
        misfortune: May be replaced at any time.
    """

    server: Server
    misfortune: Misfortune = field(default_factory=Misfortune)

    def through(self, url: str) -> str:
        """A URL of the server behind, as it is reached through the proxy."""
        parts = urlsplit(url)
        return parts._replace(netloc=urlsplit(self.server.endpoint).netloc).geturl()


@contextmanager
def disturbing(server: Server) -> Iterator[Proxy]:
    """A proxy before a server; it disturbs nothing until it is told to."""
    with _Listener(("127.0.0.1", 0), _Connection) as listener:
        host, port = listener.server_address[:2]
        listener.behind = urlsplit(server.endpoint).netloc
        listener.proxy = Proxy(replace(server, endpoint=f"http://{host!s}:{port}"))
        thread = threading.Thread(target=listener.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield listener.proxy
        finally:
            listener.shutdown()
            thread.join()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    proxy: Proxy
    behind: str

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Connections end in all ways here."""


class _Connection(BaseHTTPRequestHandler):
    """One connection of a client, with one of its own to the server behind."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm: ClassVar[bool] = True
    server: _Listener
    _behind: http.client.HTTPConnection | None = None

    def do_any(self) -> None:
        """Pass a request on, or do not, and disturb the answer, or do not."""
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        conditional = "If-Match" in self.headers or "If-None-Match" in self.headers
        request = Request(self.command, self.path, conditional)
        mishap = self.server.proxy.misfortune.strike(request)
        if mishap is Mishap.SLOW:
            time.sleep(SLOW_SECONDS)
        answer = None if mishap in NOT_DONE else self._pass_on(body)
        if mishap in {Mishap.RESET, Mishap.LOST}:
            self._reset()
        elif mishap is not None and mishap in ERRORS:
            self._refuse(mishap)
        elif answer is not None:
            self._send(*answer, mishap)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_any  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401
        """Say nothing."""

    def finish(self) -> None:
        """Close both connections."""
        if self._behind is not None:
            self._behind.close()
        with suppress(OSError, ValueError):
            super().finish()

    def _pass_on(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        if self._behind is None:
            self._behind = http.client.HTTPConnection(self.server.behind, timeout=120)
        behind = self._behind
        behind.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in OF_ONE_HOP:
                behind.putheader(name, value)
        behind.endheaders(body or None)
        answer = behind.getresponse()
        return answer.status, answer.getheaders(), answer.read()

    def _send(
        self, status: int, headers: list[tuple[str, str]], data: bytes, mishap: Mishap | None
    ) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in OF_ONE_HOP | {"content-length"}:
                self.send_header(name, value)
        known = {name.lower(): value for name, value in headers}.get("content-length")
        length = known if self.command == "HEAD" and known else str(len(data))
        if status != http.HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", length)
        self.end_headers()
        cut = mishap in {Mishap.CUT, Mishap.SHORT}
        self.wfile.write(data[: len(data) // 2] if cut else data)
        if mishap is Mishap.CUT:
            time.sleep(0.01)  # a reset discards what has not arrived yet
            self._reset()
        elif mishap is Mishap.SHORT:
            self.close_connection = True

    def _refuse(self, mishap: Mishap) -> None:
        status, code = ERRORS[mishap]
        page = f"<Error><Code>{code}</Code><Message>{mishap.value}</Message></Error>".encode()
        data = b"" if self.command == "HEAD" else page if code else GATEWAY_PAGE
        self.send_response_only(status)
        self.send_header("Content-Type", "application/xml" if code else "text/html")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _reset(self) -> None:
        """End the connection as a crash of the other side does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())
        self.close_connection = True
