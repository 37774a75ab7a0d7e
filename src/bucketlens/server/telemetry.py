"""One log line for each request, and what Prometheus is told."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.responses import Response

import bucketlens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from bucketlens.records import ModelFacts

log = logging.getLogger(__name__)

SECONDS = (0.001, 0.003, 0.01, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
BATCHES = (1, 2, 4, 8, 16, 32, 64)

SERVER_ERROR = 500
OK = 200


class Now(Protocol):
    """What the gauges show of the live side."""

    @property
    def waiting(self) -> int:
        """Keys that wait for their turn."""

    @property
    def in_hand(self) -> int:
        """Keys that are being worked on."""

    @property
    def requests_waiting(self) -> int:
        """Images of requests that wait."""

    @property
    def index_lag_seconds(self) -> float:
        """Age of the oldest change that the index does not show."""


class Telemetry:
    """The numbers of one server; also what the live side reports to.

    Args:
        models: That make the labels.
        now: Gives the present state of the live side.
    """

    def __init__(self, models: Sequence[ModelFacts], now: Callable[[], Now]) -> None:
        """Begin with zeros."""
        self._registry = CollectorRegistry()
        registry = self._registry
        self._requests = Counter(
            "bucketlens_requests", "Requests answered", ["route", "status"], registry=registry
        )
        self._request_seconds = Histogram(
            "bucketlens_request_seconds",
            "From a request's head to the end of its answer",
            ["route"],
            buckets=SECONDS,
            registry=registry,
        )
        self._images = Counter(
            "bucketlens_images", "Keys settled, by outcome", ["outcome"], registry=registry
        )
        self._stages = Histogram(
            "bucketlens_stage_seconds",
            "Time that an image spends in a stage",
            ["stage"],
            buckets=SECONDS,
            registry=registry,
        )
        self._batches = Histogram(
            "bucketlens_batch_images", "Images of a model call", buckets=BATCHES, registry=registry
        )
        self._gauges(now)
        info = Gauge(
            "bucketlens_model",
            "Models that make the labels",
            ["name", "kind", "version", "sha256"],
            registry=registry,
        )
        for model in models:
            info.labels(model.name, model.kind, model.version, model.sha256).set(1)
        build = Gauge("bucketlens_build", "The version", ["version"], registry=registry)
        build.labels(bucketlens.__version__).set(1)

    def _gauges(self, now: Callable[[], Now]) -> None:
        shown: dict[str, tuple[str, Callable[[], float]]] = {
            "bucketlens_keys_waiting": ("Keys that wait", lambda: now().waiting),
            "bucketlens_keys_in_hand": ("Keys being worked on", lambda: now().in_hand),
            "bucketlens_queue_images": (
                "Images of requests that wait",
                lambda: now().requests_waiting,
            ),
            "bucketlens_index_lag_seconds": (
                "Age of the oldest change that the index does not show",
                lambda: now().index_lag_seconds,
            ),
        }
        for name, (what, value) in shown.items():
            Gauge(name, what, registry=self._registry).set_function(value)

    def settled(self, outcome: str) -> None:
        """A key was settled."""
        self._images.labels(outcome).inc()

    def stage(self, stage: str, seconds: float) -> None:
        """An image spent so long in a stage."""
        self._stages.labels(stage).observe(seconds)

    def batch(self, size: int) -> None:
        """So many images went through a model together."""
        self._batches.observe(size)

    def answered(self, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.labels(route, str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    async def show(self, _request: Request) -> Response:
        """All of it, as Prometheus reads it."""
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)


class RequestLog:
    """Counts, times and logs each request.

    Args:
        app: Answers.
        telemetry: Counts.
    """

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        """Hold both."""
        self._app = app
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have it answered, and tell of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, size = time.perf_counter(), SERVER_ERROR, 0

        async def send_counted(message: Message) -> None:
            nonlocal status, size
            status = message.get("status", status)
            size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, send_counted)
        finally:
            seconds = time.perf_counter() - began
            self._telemetry.answered(route_of(scope), status, seconds)
            _tell(scope, status, size, seconds)


def route_of(scope: Scope) -> str:
    """What a request asks for, one of few words: paths are made of keys, and there are millions."""
    first, _, rest = scope["path"].lstrip("/").partition("/")
    if first == "v1":
        return f"/v1/{known}" if (known := rest.partition("/")[0]) in REST else "/v1/other"
    if not first:
        return "DetectLabels" if scope["method"] == "POST" else "site"
    return f"/{first}" if first in OWN else "site"


REST = frozenset({"labels", "images", "facets", "uploads", "events", "openapi.json", "complete"})
OWN = frozenset({"healthz", "readyz", "metrics", "signin", "signout"})


def _tell(scope: Scope, status: int, size: int, seconds: float) -> None:
    route = route_of(scope)
    quiet = route in {"/healthz", "/readyz", "/metrics", "site"} and status < SERVER_ERROR
    client = scope.get("client")
    fields = {
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "seconds": round(seconds, 4),
        "bytes": size,
        "client": client[0] if client else "",
        "caller": scope.get("state", {}).get("caller") or "",
    }
    log.log(logging.DEBUG if quiet else logging.INFO, "request", extra={"fields": fields})
