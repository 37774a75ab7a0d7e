"""Who asks: by a token, by the cookie of a sign-in, or anybody where nothing is configured."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse

from bucketlens.server.problems import problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from bucketlens.server.credentials import Credentials
    from bucketlens.server.sessions import Sessions

OPEN_PATHS = frozenset({"/healthz", "/readyz", "/signin", "/signin.css"})
"""Paths that tell nothing about images, and that nobody could sign in without."""

SIGN_IN = "/signin"


def cookie_name(*, secure: bool) -> str:
    """The name of the cookie; the prefix has browsers hold it to this host, path and https."""
    return "__Host-bucketlens" if secure else "bucketlens"


class Access:
    """Lets through who may ask, and says who it is in ``scope["state"]["caller"]``.

    Requests of AWS's clients come through as well: their signature covers the body, which is not
    read yet, so their endpoint checks it.

    Args:
        app: Answers those.
        credentials: All who may ask; where nobody is named, anybody may.
        sessions: Of the users.
        secure: Whether browsers reach the server by https.
    """

    def __init__(
        self, app: ASGIApp, credentials: Credentials, sessions: Sessions, *, secure: bool
    ) -> None:
        """Hold the parts."""
        self._app = app
        self._credentials = credentials
        self._sessions = sessions
        self._cookie = cookie_name(secure=secure)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or have it answered."""
        if scope["type"] == "http":
            caller = self._caller(HTTPConnection(scope))
            scope.setdefault("state", {})["caller"] = caller
            if caller is None and not _is_open(scope):
                await _refusal(HTTPConnection(scope))(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _caller(self, connection: HTTPConnection) -> str | None:
        if not self._credentials:
            return ""
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._credentials.holder_of(token.strip())
        cookie = read_cookie(connection, self._cookie)
        return self._sessions.user_of(cookie) if cookie else None


def read_cookie(connection: HTTPConnection, name: str) -> str:
    """The value of a cookie; empty where there is none."""
    try:
        morsel = SimpleCookie(connection.headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _is_open(scope: Scope) -> bool:
    signed = scope["method"] == "POST" and scope["path"] == "/"
    return signed or scope["path"] in OPEN_PATHS


def _refusal(connection: HTTPConnection) -> ASGIApp:
    path = connection.scope["path"]
    wants_page = "text/html" in connection.headers.get("accept", "")
    if connection.scope["method"] == "GET" and wants_page and not path.startswith("/v1/"):
        here = quote(path, safe="/") + (f"?{connection.url.query}" if connection.url.query else "")
        return RedirectResponse(
            f"{SIGN_IN}?next={quote(here, safe='')}", 303, headers={"cache-control": "no-store"}
        )
    detail = "sign in, or send a token: Authorization: Bearer ..."
    return problem(401, detail, headers={"www-authenticate": 'Bearer realm="bucketlens"'})
