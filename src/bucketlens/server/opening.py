"""A server put together as the settings say."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bucketlens.assembly import below, open_collecting
from bucketlens.assembly.looking import build_view
from bucketlens.server.app import Parts, build_app
from bucketlens.server.credentials import read_credentials
from bucketlens.server.engine import ThreadEngine
from bucketlens.server.listening import check_exposure, is_loopback, listen
from bucketlens.server.serving import serve
from bucketlens.server.telemetry import Telemetry
from bucketlens.stores import open_store, store_options

if TYPE_CHECKING:
    import socket

    from starlette.types import ASGIApp

    from bucketlens.settings import Settings
    from bucketlens.stores import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenServer:
    """A server that listens and has its models loaded, and answers nothing yet.

    Attributes:
        app: Answers.
        listening: Where.
        settings: In force.
    """

    app: ASGIApp
    listening: socket.socket
    settings: Settings

    def run(self) -> None:
        """Answer until told to stop."""
        serve(self.app, self.listening, self.settings, lambda: None)


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
    opened = open_collecting(source, out, settings, check=True)
    engine = ThreadEngine(opened.labeler, settings)
    telemetry = Telemetry(opened.labeler.scorer.facts, _Nothing)
    app = build_app(
        Parts(
            settings=settings,
            credentials=credentials,
            loopback=loopback,
            engine=engine,
            view=build_view(settings),
            records=opened.collection.records,
            site=_site(out, settings),
            source=open_store(source, store_options(settings)) if settings.uploads else None,
            wanted=opened.wanted.takes,
            submit=lambda key: opened.settler.settle(key, settings.max_bytes),
            trouble=str,
            telemetry=telemetry,
        )
    )
    return OpenServer(app, listening, settings)


class _Nothing:
    waiting = in_hand = requests_waiting = 0
    index_lag_seconds = 0.0


def _site(out: str, settings: Settings) -> Store | None:
    if not settings.pages:
        return None
    location = settings.site_location or below(out, "site")
    return open_store(location, store_options(settings, fresh=True))
