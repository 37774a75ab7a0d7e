"""Where the server listens, and who can reach it there."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from typing import TYPE_CHECKING

from bucketlens.errors import ConfigError

if TYPE_CHECKING:
    from bucketlens.server.credentials import Credentials
    from bucketlens.settings import Settings

BACKLOG = 1024

FILES_OF_WORK = 1024
"""Files that are open at once beside connections, at the very most."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that is listening.

    Raises:
        ConfigError: There is no such address, or the port is taken or forbidden.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as exc:
        raise ConfigError(
            f"the server can't listen on {host} port {port}: {exc.strerror or exc}", setting="port"
        ) from exc
    # Connections inherit it. asyncio sets it only where the socket names its protocol, and without
    # it the body of an answer waits 40 ms for the other side to acknowledge the head.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def is_loopback(listening: socket.socket) -> bool:
    """Whether only this machine can reach a socket."""
    return ipaddress.ip_address(listening.getsockname()[0].partition("%")[0]).is_loopback


def url_of(listening: socket.socket, *, tls: bool) -> str:
    """The URL of a server on this socket, as a browser of this machine reaches it."""
    host, port = listening.getsockname()[:2]
    address = ipaddress.ip_address(host.partition("%")[0])
    if address.is_unspecified:
        host = "localhost"
    elif address.version == 6:  # noqa: PLR2004 - of the internet protocol
        host = f"[{host}]"
    return f"{'https' if tls else 'http'}://{host}:{port}/"


def check_exposure(settings: Settings, credentials: Credentials, *, loopback: bool) -> None:
    """See that nobody else can ask without credentials.

    Raises:
        ConfigError: They could; or what encrypts can't be used.
    """
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        raise ConfigError(
            "tls_certificate and tls_key are needed both, or neither", setting="tls_key"
        )
    if settings.tls_certificate:
        _check_certificate(settings.tls_certificate, settings.tls_key)
    if credentials:
        return
    if settings.public_url or not loopback:
        where = f"at {settings.public_url}" if loopback else f"on {settings.host or 'any address'}"
        raise ConfigError(
            f"{where} others could ask without a password: name a file of users, tokens or access"
            " keys (`bucketlens access FILE --user NAME` makes one), or listen on 127.0.0.1 with"
            " no public_url",
            setting="credentials",
        )


def _check_certificate(certificate: str, key: str) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except OSError as exc:  # also what openssl says
        raise ConfigError(
            f"the certificate {certificate} can't be used with the key {key}: {exc}",
            setting="tls_certificate",
        ) from exc


def allow_connections(most: int) -> None:
    """Have the system allow as many open files as so many connections and the work need."""
    try:
        import resource  # noqa: PLC0415 - Windows has none, and no such limit
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most + FILES_OF_WORK
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
