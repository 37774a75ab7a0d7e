"""One log line for each request, and what Prometheus is told."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import CounterMetricFamily
from prometheus_client.registry import Collector
from starlette.responses import Response

import bucketlens
from bucketlens.stores import STRAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from bucketlens.live import LiveStatus
    from bucketlens.records import ModelFacts

log = logging.getLogger(__name__)

SECONDS = (0.001, 0.003, 0.01, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
BATCHES = (1, 2, 4, 8, 16, 32, 64)

SERVER_ERROR = 500
OK = 200


class Telemetry:
    """The numbers of one server; the live side tells it what it counts and times."""

    def __init__(self) -> None:
        """Begin with zeros."""
        self._registry = registry = CollectorRegistry()
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
        registry.register(StoreStrain())
        build = Gauge("bucketlens_build", "The version", ["version"], registry=registry)
        build.labels(bucketlens.__version__).set(1)

    def watch(self, status: Callable[[], LiveStatus]) -> None:
        """Show the state that the live side is in whenever somebody looks."""
        shown: dict[str, tuple[str, Callable[[], float]]] = {
            "bucketlens_keys_waiting": ("Keys that wait", lambda: status().waiting),
            "bucketlens_keys_in_hand": ("Keys being settled", lambda: status().in_hand),
            "bucketlens_keys_retrying": ("Keys tried again later", lambda: status().retrying),
            "bucketlens_queue_images": (
                "Images of requests that wait",
                lambda: status().requests_waiting,
            ),
            "bucketlens_index_lag_seconds": (
                "Time since the first change that the index does not show",
                lambda: status().index_lag,
            ),
            "bucketlens_reconciled_timestamp_seconds": (
                "When the last pass over the source ended",
                lambda: status().reconciled or 0.0,
            ),
            "bucketlens_trouble": (
                "1 while something needs the operator",
                lambda: float(status().trouble is not None),
            ),
        }
        for name, (what, value) in shown.items():
            self.gauge(name, what, value)

    def gauge(self, name: str, what: str, value: Callable[[], float]) -> None:
        """Show a number whenever somebody looks."""
        Gauge(name, what, registry=self._registry).set_function(value)

    def name_models(self, models: Sequence[ModelFacts]) -> None:
        """Show which models make the labels."""
        info = Gauge(
            "bucketlens_model",
            "Models that make the labels",
            ["name", "kind", "version", "sha256"],
            registry=self._registry,
        )
        for model in models:
            info.labels(model.name, model.kind, model.version, model.sha256).set(1)

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


class StoreStrain(Collector):
    """What the stores cost in patience, read whenever somebody looks."""

    def collect(self) -> Iterator[CounterMetricFamily]:
        """One counter for each kind of trouble."""
        now = STRAIN.now
        told = {
            "retries": ("Requests to stores that were tried again", now.retries),
            "throttled": ("Times that a store asked for fewer requests", now.throttled),
            "given_up": ("Calls of stores that failed when no try was left", now.given_up),
        }
        for name, (what, count) in told.items():
            yield CounterMetricFamily(f"bucketlens_store_{name}", what, value=count)


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


REST = frozenset(
    {
        "labels",
        "images",
        "facets",
        "uploads",
        "events",
        "status",
        "openapi.json",
        "complete",
        "changes",
    }
)
OWN = frozenset({"healthz", "readyz", "metrics", "signin", "signout"})


def _tell(scope: Scope, status: int, size: int, seconds: float) -> None:
    route = route_of(scope)
    quiet = (
        route in {"/healthz", "/readyz", "/metrics", "/v1/changes", "site"}
        and status < SERVER_ERROR
    )
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
