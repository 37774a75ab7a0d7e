"""``/v1/images``, ``/v1/facets`` and their kin: search in the site's query language."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from starlette.concurrency import run_in_threadpool

from bucketlens.catalog.search import Searcher
from bucketlens.errors import BucketlensError
from bucketlens.query import Completion, QueryError
from bucketlens.query.tokens import MAX_LENGTH
from bucketlens.server.labels import json_response
from bucketlens.server.parameters import Parameters
from bucketlens.server.problems import problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from bucketlens.catalog import Catalog

log = logging.getLogger(__name__)

REFRESH_SECONDS = 2.0
"""Between two looks for a newer state of the catalog; nothing is loaded where there is none."""

MOST_HITS = 200
DEFAULT_HITS = 50
MOST_COMPLETIONS = 50
HIGHEST = 10**9 - 1
LOADING_SECONDS = "1"


class Completions(msgspec.Struct, frozen=True):
    """What a word that is being typed may become."""

    completions: tuple[Completion, ...]


class FreshSearch:
    """A searcher that keeps up with its catalog, in a thread of its own.

    Args:
        catalog: Read, and never written to.
    """

    def __init__(self, catalog: Catalog) -> None:
        """Load nothing yet."""
        self.searcher = Searcher(catalog.snapshot)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep_up, name="search", daemon=True)

    def start(self) -> None:
        """Load the newest state, and look for newer ones from now on."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Look no longer."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(seconds)

    def _keep_up(self) -> None:
        told = ""
        while not self._stop.is_set():
            try:
                self.searcher.refresh()
                told = ""
            except BucketlensError as exc:
                if exc.message != told:  # once, not every two seconds
                    log.warning("search is not up to date", extra={"fields": {"reason": str(exc)}})
                told = exc.message
            except Exception:
                log.exception("search is not up to date")
            self._stop.wait(REFRESH_SECONDS)


@dataclass(frozen=True, slots=True)
class SearchEndpoints:
    """Answers queries; what is wrong with one is told with its place in the text.

    Attributes:
        searcher: Holds the catalog in memory.
    """

    searcher: Searcher

    async def images(self, request: Request) -> Response:
        """One page of what a query finds, the newest first."""
        given = Parameters(request, "q", "limit", "cursor", "skip", "first", "published")
        query = given.text("q", most=MAX_LENGTH)
        limit = given.whole("limit", DEFAULT_HITS, 1, MOST_HITS)
        cursor = given.text("cursor") or None
        skip = given.whole("skip", 0, 0, HIGHEST)
        first = given.whole("first", 0, 0, HIGHEST) or None
        published = given.flag("published")
        return await self._answer(
            lambda: self.searcher.search(
                query, limit, cursor, skip=skip, first=first, published=published
            )
        )

    async def facets(self, request: Request) -> Response:
        """What all images that a query finds have in common."""
        given = Parameters(request, "q", "published")
        query, published = given.text("q", most=MAX_LENGTH), given.flag("published")
        return await self._answer(lambda: self.searcher.facets(query, published=published))

    async def complete(self, request: Request) -> Response:
        """What a word that is being typed may become."""
        given = Parameters(request, "prefix", "limit", "published")
        prefix = given.text("prefix", most=100)
        limit = given.whole("limit", 8, 1, MOST_COMPLETIONS)
        published = given.flag("published")
        return await self._answer(
            lambda: Completions(tuple(self.searcher.complete(prefix, limit, published=published)))
        )

    async def changes(self, request: Request) -> Response:
        """What the search knows of; the page asks now and then whether there is more."""
        Parameters(request)
        standing = self.searcher.standing
        return _loading() if standing is None else json_response(standing)

    async def _answer(self, search: Callable[[], msgspec.Struct]) -> Response:
        if self.searcher.standing is None:  # else each request would hold a thread until it is
            return _loading()
        try:
            return json_response(await run_in_threadpool(search))
        except QueryError as exc:
            return problem(
                exc.http_status,
                exc.message,
                code=exc.code,
                start=exc.start,
                end=exc.end,
                suggestions=exc.suggestions,
            )


def _loading() -> Response:
    return problem(
        503, "the search is being loaded", headers={"retry-after": LOADING_SECONDS}, code="loading"
    )
