"""All that the server answers, put together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Mount, Route, Router

from bucketlens.assembly.editing import open_editor
from bucketlens.assembly.forgetting import open_forgetter
from bucketlens.errors import BucketlensError
from bucketlens.server.access import Access
from bucketlens.server.editing import EditsEndpoints
from bucketlens.server.ended import EndedSessions
from bucketlens.server.files import SiteFiles
from bucketlens.server.guarding import Guard, server_names
from bucketlens.server.health import HealthEndpoints
from bucketlens.server.known import KnownImages
from bucketlens.server.labels import LabelsEndpoint
from bucketlens.server.live import LiveEndpoints
from bucketlens.server.openapi import document
from bucketlens.server.overload import Admission
from bucketlens.server.problems import answer_error, answer_http_error, problem
from bucketlens.server.protocol.answers import Answers
from bucketlens.server.protocol.endpoint import DetectLabelsEndpoint
from bucketlens.server.protocol.images import open_buckets
from bucketlens.server.protocol.limits import image_limits
from bucketlens.server.records import RecordsEndpoint
from bucketlens.server.scripting import script, script_endpoint
from bucketlens.server.searching import SearchEndpoints
from bucketlens.server.sessions import Sessions
from bucketlens.server.signin import SignIn
from bucketlens.server.telemetry import RequestLog
from bucketlens.server.uploads import Pace, Uploads

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.requests import Request
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Receive, Scope, Send

    from bucketlens.labels import ReplyView, View
    from bucketlens.live import Live
    from bucketlens.server.credentials import Credentials
    from bucketlens.server.searching import FreshSearch
    from bucketlens.server.telemetry import Telemetry
    from bucketlens.settings import Settings
    from bucketlens.stores import Store

    Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the server is made of.

    Attributes:
        settings: In force.
        credentials: Who may ask.
        loopback: Whether only this machine can ask.
        live: Watches and labels.
        search: Finds images.
        view: Makes labels.
        events: Whether notifications of the source are taken.
        site: Store of the site; None where there is none.
        source: Store of the images, to be written to; None where uploads are not taken.
        telemetry: Counts.
    """

    settings: Settings
    credentials: Credentials
    loopback: bool
    live: Live
    search: FreshSearch
    view: View | ReplyView
    events: bool
    site: Store | None
    source: Store | None
    telemetry: Telemetry


def build_app(parts: Parts) -> ASGIApp:
    """The server as an ASGI application."""
    settings, credentials = parts.settings, parts.credentials
    scheme = "https" if settings.tls_certificate else "http"
    secure = (urlsplit(settings.public_url).scheme or scheme) == "https"
    sessions = Sessions(credentials, EndedSessions(parts.live.opened.collection.private))
    admission = Admission(settings.most_requests, settings.most_request_bytes)
    parts.telemetry.gauge(
        "bucketlens_requests_under_way", "Requests with an image", lambda: admission.requests
    )
    parts.telemetry.gauge(
        "bucketlens_request_bytes", "Memory set aside for them", lambda: admission.bytes
    )
    routes = [
        *_protocol_routes(parts, admission),
        *_rest_routes(parts, admission),
        *_sign_in_routes(
            SignIn(
                credentials,
                sessions,
                title=settings.title,
                secure=secure,
                proxied=bool(settings.public_url) and parts.loopback,
            )
        ),
        *_site_routes(parts),
    ]
    app: ASGIApp = Starlette(
        routes=routes,
        exception_handlers={BucketlensError: answer_error, HTTPException: answer_http_error},
    )
    app = Access(app, credentials, sessions, secure=secure)
    names = server_names(loopback=parts.loopback, public_url=settings.public_url, scheme=scheme)
    return RequestLog(Guard(app, names), parts.telemetry)


def _protocol_routes(parts: Parts, admission: Admission) -> Sequence[Route]:
    endpoint = DetectLabelsEndpoint(
        engine=parts.live,
        answers=Answers(parts.view, parts.settings),
        buckets=open_buckets(parts.settings),
        limits=image_limits(parts.settings),
        credentials=parts.credentials,
        verified=bool(parts.credentials) or not parts.loopback,
        admission=admission,
        receive_seconds=parts.settings.receive_seconds,
        clock=lambda: datetime.now(UTC),
    )
    return [Route("/", endpoint.answer, methods=["POST"])]


def _rest_routes(parts: Parts, admission: Admission) -> Sequence[BaseRoute]:
    settings = parts.settings
    labels = LabelsEndpoint(parts.live, Answers(parts.view, settings), settings, admission)
    health = HealthEndpoints(parts.live.status)
    search = SearchEndpoints(parts.search.searcher)
    live = LiveEndpoints(parts.live, settings, admission)
    openapi = document(
        uploads=parts.source is not None, events=parts.events, secured=bool(parts.credentials)
    )

    async def show_openapi(_request: Request) -> Response:
        return Response(openapi, media_type="application/json")

    records = RecordsEndpoint(parts.live.opened.collection.records)
    collection = parts.live.opened.collection
    edits = EditsEndpoints(
        editor=open_editor(collection, settings, parts.view),
        forgetter=open_forgetter(collection),
        live=parts.live,
        settings=settings,
    )
    paths = [
        Route("/labels", labels.post, methods=["POST"]),
        Route("/images", search.images, methods=["GET"]),
        Route("/facets", search.facets, methods=["GET"]),
        Route("/changes", search.changes, methods=["GET"]),
        Route("/complete", search.complete, methods=["GET"]),
        _route("/images/{key:path}/edits", GET=edits.get, PUT=edits.put),
        _route("/images/{key:path}", GET=records.get, DELETE=edits.delete),
        Route("/openapi.json", show_openapi, methods=["GET"]),
        Route("/status", live.status, methods=["GET"]),
        *([Route("/events", live.take, methods=["POST"])] if parts.events else []),
        *_upload_routes(parts, admission),
    ]
    return [
        Mount("/v1", Router(paths, redirect_slashes=False, default=_nothing)),
        Route("/healthz", health.alive, methods=["GET"]),
        Route("/readyz", health.ready, methods=["GET"]),
        Route("/metrics", parts.telemetry.show, methods=["GET"]),
    ]


def _route(path: str, **endpoints: Endpoint) -> Route:
    """One route for all methods of a path, so that the refusal of others names them all."""

    async def answer(request: Request) -> Response:
        return await endpoints["GET" if request.method == "HEAD" else request.method](request)

    return Route(path, answer, methods=list(endpoints))


def _upload_routes(parts: Parts, admission: Admission) -> Sequence[Route]:
    if parts.source is None:
        return []
    uploads = Uploads(
        source=parts.source,
        records=parts.live.opened.collection.records,
        wanted=parts.live.opened.wanted.takes,
        live=parts.live,
        known=KnownImages(parts.live.opened.collection.catalog),
        settings=parts.settings,
        admission=admission,
        pace=Pace(parts.settings.uploads_per_minute),
    )
    return [
        Route("/uploads", uploads.post, methods=["POST"]),
        Route("/uploads/{key:path}", uploads.get, methods=["GET"]),
    ]


def _sign_in_routes(sign_in: SignIn) -> Sequence[Route]:
    return [
        Route("/signin", sign_in.show, methods=["GET"]),
        Route("/signin", sign_in.enter, methods=["POST"]),
        Route("/signin.css", sign_in.style, methods=["GET"]),
        Route("/signout", sign_in.leave, methods=["POST"]),
    ]


def _site_routes(parts: Parts) -> Sequence[Route]:
    if parts.site is None:
        return []
    words = ["edits"]
    if parts.source is not None:
        words.append("uploads")
    if parts.credentials.users:
        words.append("sign-out")
    return [
        Route(f"/{script().name}", script_endpoint, methods=["GET"]),
        Route("/{name:path}", SiteFiles(parts.site, script().name, words).get, methods=["GET"]),
    ]


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    answer = problem(404, "there is no such path; /v1/openapi.json lists those that there are")
    await answer(scope, receive, send)
