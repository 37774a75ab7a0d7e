"""Which requests are answered at all: none that a web page elsewhere makes a browser send.

A server on loopback asks for no credentials, so its protection is to know whom the browser speaks
for. Host must be one of its own names, or else a name that an attacker's domain was pointed at us
by would make our answers readable there (DNS rebinding). Origin and Sec-Fetch-Site tell a request
that our own page makes from one that another page makes; those are refused, but for following a
link to us. The same holds with credentials, where the cookie would be what is abused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bucketlens.server.problems import problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_METHODS = frozenset({"GET", "HEAD"})
OWN_SITES = frozenset({"same-origin", "none"})
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
DEFAULT_PORTS = {"http": "80", "https": "443"}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", POLICY.encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)


@dataclass(frozen=True, slots=True)
class Names:
    """What the server is called.

    Attributes:
        hosts: Values of the Host header that are answered, in lower case and without a port;
            None for any.
        public: Scheme and host of the URL that browsers use, where a proxy stands in front.
        scheme: That the server itself speaks.
    """

    hosts: frozenset[str] | None
    public: tuple[str, str] | None = None
    scheme: str = "http"

    def knows(self, host: str) -> bool:
        """Whether a Host header names this server."""
        return self.hosts is None or _name(host) in self.hosts

    def is_own(self, origin: str, host: str) -> bool:
        """Whether an Origin header names the page of this server, which was asked as ``host``."""
        parts = urlsplit(origin)
        asked = _complete(parts.scheme, parts.netloc)
        if self.public is None:
            return asked == _complete(self.scheme, host)
        if asked == _complete(*self.public):
            return True  # whatever name the proxy has for us
        return _name(host) != _name(self.public[1]) and asked == _complete(self.scheme, host)


def server_names(*, loopback: bool, public_url: str, scheme: str) -> Names:
    """The names of a server.

    On loopback only its names there and the public one; elsewhere any, since credentials are
    demanded there and a browser sends ours to none but the names that we gave them under.
    """
    public = urlsplit(public_url) if public_url else None
    hosts = LOOPBACK_NAMES | ({_name(public.netloc.lower())} if public else frozenset())
    return Names(
        hosts if loopback else None,
        (public.scheme, public.netloc.lower()) if public else None,
        scheme,
    )


class Guard:
    """Refuses what other pages make a browser send, and adds the headers that browsers heed.

    Args:
        app: Answers the rest.
        names: Of the server.
    """

    def __init__(self, app: ASGIApp, names: Names) -> None:
        """Hold both."""
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or have it answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                added = (header for header in HEADERS if header[0] not in present)
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        refused = self._reason(scope)
        if refused is None:
            await self._app(scope, receive, send_guarded)
        else:
            await problem(*refused)(scope, receive, send_guarded)

    def _reason(self, scope: Scope) -> tuple[int, str] | None:
        hosts = _values(scope, b"host")
        if len(hosts) != 1 or not self._names.knows(hosts[0]):
            return 421, (
                "the Host header is not a name of this server; where a proxy stands in front, its"
                " name belongs into the setting public_url"
            )
        sites = _values(scope, b"sec-fetch-site")
        origins = _values(scope, b"origin")
        if sites == ["same-origin"] and origins == ["null"]:
            origins = []  # a form of a page of ours that tells nobody where it is
        if any(not self._names.is_own(origin, hosts[0]) for origin in origins):
            return 403, "the request comes from a page of another site"
        if set(sites) <= OWN_SITES or _follows_link(scope):
            return None
        return 403, "the request comes from a page of another site"


def _follows_link(scope: Scope) -> bool:
    """Whether somebody comes from another site's page by a link, in a window of its own."""
    return (
        scope["method"] in SAFE_METHODS
        and _values(scope, b"sec-fetch-mode") == ["navigate"]
        and _values(scope, b"sec-fetch-dest") == ["document"]
    )


def _values(scope: Scope, name: bytes) -> list[str]:
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    return [value.decode("latin-1") for key, value in headers if key == name]


def _name(host: str) -> str:
    """A host without its port."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()


def _complete(scheme: str, host: str) -> tuple[str, str]:
    """An origin's two parts, with the port that is meant where none is said."""
    host = host.lower()
    return scheme, host if _name(host) != host else f"{host}:{DEFAULT_PORTS.get(scheme, '')}"
