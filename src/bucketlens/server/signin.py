"""Sign in and out on a page."""

from __future__ import annotations

import asyncio
import functools
import math
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import jinja2
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bucketlens.server.access import cookie_name, read_cookie
from bucketlens.server.bodies import receive_body
from bucketlens.server.problems import RefusedError, problem
from bucketlens.server.sessions import LASTS, Attempts

if TYPE_CHECKING:
    from starlette.requests import Request

    from bucketlens.server.credentials import Credentials
    from bucketlens.server.sessions import Sessions

MOST_BYTES = 16 * 1024
MOST_FIELDS = 10
SECONDS = 10.0
WRONG = "This name and password do not belong together."
NO_STORE = {"cache-control": "no-store"}


class SignIn:
    """The page, and what its forms do.

    Args:
        credentials: With the users.
        sessions: Of those who have signed in.
        title: Of the site.
        secure: Whether browsers reach the server by https.
        proxied: Whether a proxy of this machine stands before the server.
    """

    def __init__(
        self,
        credentials: Credentials,
        sessions: Sessions,
        *,
        title: str,
        secure: bool,
        proxied: bool,
    ) -> None:
        """Begin with nobody having tried."""
        self._proxied = proxied
        self._credentials = credentials
        self._sessions = sessions
        self._title = title
        self._secure = secure
        self._attempts = Attempts()
        # A try costs memory and time; one at a time leaves the rest to the images.
        self._one = asyncio.Lock()

    async def show(self, request: Request) -> Response:
        """The form."""
        return self._page(request.query_params.get("next", ""))

    async def enter(self, request: Request) -> Response:
        """Check a name and a password; begin a session."""
        body = await receive_body(request, MOST_BYTES, SECONDS, setting="")
        try:
            form = parse_qs(body.decode("utf-8", "replace"), max_num_fields=MOST_FIELDS)
        except ValueError as exc:
            raise RefusedError(400, "this is not what the form sends") from exc
        user, password, where = (form.get(name, [""])[-1] for name in ("user", "password", "next"))
        address = client_address(request, proxied=self._proxied)
        async with self._one:
            wait = self._attempts.wait(address)
            if wait > 0:
                minutes = math.ceil(wait / 60)
                message = f"Too many wrong passwords. Try again in {minutes} min."
                headers = {"retry-after": str(math.ceil(wait))}
                return self._page(where, user, message, 429, headers)
            right = await run_in_threadpool(self._credentials.is_password, user, password)
            if not right:
                self._attempts.failed(address)
        if not right:
            return self._page(where, user, WRONG, 403)
        answer = RedirectResponse(local_target(where), 303, headers=NO_STORE)
        answer.set_cookie(
            cookie_name(secure=self._secure),
            self._sessions.begin(user),
            max_age=LASTS,
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )
        return answer

    async def leave(self, request: Request) -> Response:
        """End a session."""
        name = cookie_name(secure=self._secure)
        await run_in_threadpool(self._sessions.end, read_cookie(request, name))
        answer = RedirectResponse("/signin", 303, headers=NO_STORE)
        answer.delete_cookie(name, secure=self._secure, httponly=True, samesite="lax")
        return answer

    async def style(self, _request: Request) -> Response:
        """The look of the page."""
        return Response(_text("signin.css"), media_type="text/css")

    def _page(
        self,
        where: str,
        user: str = "",
        message: str = "",
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Response:
        if not self._credentials.users:
            return problem(404, "nobody can sign in here: there are no users in the credentials")
        page = _template().render(
            title=self._title, user=user[:64], message=message, next=local_target(where)
        )
        return HTMLResponse(page, status, headers={**NO_STORE, **(headers or {})})


def client_address(request: Request, *, proxied: bool) -> str:
    """Who asks; of a proxy's word only the last one is its own, all before it the client's."""
    address = request.client.host if request.client else ""
    told = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return told[:64] if proxied and told else address


def local_target(where: str) -> str:
    """A path of this server to go on to; what could lead elsewhere becomes the start page."""
    plain = where.isascii() and where.isprintable() and "\\" not in where and " " not in where
    return where if plain and where.startswith("/") and not where.startswith("//") else "/"


def _text(name: str) -> str:
    return (resources.files("bucketlens.server") / "templates" / name).read_text(encoding="utf-8")


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    return environment.from_string(_text("signin.html"))
