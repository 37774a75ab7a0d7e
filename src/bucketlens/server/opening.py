"""A server put together as the settings say."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bucketlens.assembly import below, build_view
from bucketlens.live import open_live
from bucketlens.server.app import Parts, build_app
from bucketlens.server.credentials import read_credentials
from bucketlens.server.listening import check_exposure, is_loopback, listen
from bucketlens.server.searching import FreshSearch
from bucketlens.server.serving import serve
from bucketlens.server.telemetry import Telemetry
from bucketlens.stores import open_store, store_options

if TYPE_CHECKING:
    import socket

    from starlette.types import ASGIApp

    from bucketlens.live import Live
    from bucketlens.server.credentials import Credentials
    from bucketlens.settings import Settings
    from bucketlens.stores import Store

log = logging.getLogger(__name__)

STOP_SECONDS = 5.0
"""For images that are under way when the server is told to stop; requests had theirs before."""


@dataclass(frozen=True, slots=True)
class OpenServer:
    """A server that listens and has its models loaded, and answers nothing yet.

    Attributes:
        app: Answers.
        live: Watches and labels.
        search: Finds images.
        listening: Where.
        settings: In force.
    """

    app: ASGIApp
    live: Live
    search: FreshSearch
    listening: socket.socket
    settings: Settings

    def run(self) -> None:
        """Answer until told to stop; then finish what is begun."""
        try:
            serve(self.app, self.listening, self.settings, self._start)
        finally:
            self.search.stop(1.0)
            whole = self.live.stop(STOP_SECONDS)
        log.info("ended", extra={"fields": {"whole": whole, **self.live.status().outcomes}})
        if not whole:  # threads that hang would keep the process from ending
            sys.stderr.flush()
            os._exit(0)

    def _start(self) -> None:
        self.search.start()
        self.live.start()


def open_server(source: str, out: str, settings: Settings) -> OpenServer:
    """A server for one source and its outputs.

    Raises:
        ConfigError: Others could ask without credentials, the port is taken, or as for a pass.
        TransientError: OUT can't be reached now.
    """
    credentials = read_credentials(settings.credentials)
    listening = listen(settings.host, settings.port)
    loopback = is_loopback(listening)
    check_exposure(settings, credentials, loopback=loopback)
    if not loopback and not settings.tls_certificate and not settings.public_url:
        log.warning("passwords and images go over the network unencrypted: see docs/server.md")
    telemetry = Telemetry()
    live = open_live(source, out, settings, telemetry)
    try:
        return _put_together(out, settings, credentials, live, telemetry, listening)
    except BaseException:
        live.stop(1.0)
        raise


def _put_together(
    out: str,
    settings: Settings,
    credentials: Credentials,
    live: Live,
    telemetry: Telemetry,
    listening: socket.socket,
) -> OpenServer:
    opened = live.opened
    telemetry.watch(live.status)
    telemetry.name_models(opened.labeler.scorer.facts)
    search = FreshSearch(opened.collection.catalog)
    source = open_store(opened.images.location, store_options(settings))
    parts = Parts(
        settings=settings,
        credentials=credentials,
        loopback=is_loopback(listening),
        live=live,
        search=search,
        view=build_view(settings),
        events="://" in opened.images.location,
        site=_site(out, settings),
        source=source if settings.uploads else None,
        telemetry=telemetry,
    )
    return OpenServer(build_app(parts), live, search, listening, settings)


def _site(out: str, settings: Settings) -> Store | None:
    if not settings.shown:
        return None
    location = settings.site_location or below(out, "site")
    return open_store(location, store_options(settings, fresh=True))
