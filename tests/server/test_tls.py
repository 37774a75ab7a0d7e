"""The server with a certificate of its own, and behind a proxy that has one."""

from __future__ import annotations

import http.client
import shutil
import ssl
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from tests.server.asking import start
from tests.server.conftest import PASSWORD
from tests.server.test_access import serve

if TYPE_CHECKING:
    from pathlib import Path

FORM = urlencode({"user": "anna", "password": PASSWORD}).encode()
KIND = "application/x-www-form-urlencoded"


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate of localhost that is signed by itself, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl")
    paths = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-nodes", "-newkey", "ec", "-days", "2"),
            *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost"),
            *("-out", str(paths[0]), "-keyout", str(paths[1])),
        ],
        check=True,
        capture_output=True,
    )
    return paths


def test_with_a_certificate_it_speaks_https(
    folder: Path, credentials: Path, certificate: tuple[Path, Path]
):
    """And the cookie of a sign-in is for https only."""
    server = start(
        folder,
        *("--credentials", str(credentials)),
        tls_certificate=str(certificate[0]),
        tls_key=str(certificate[1]),
    )
    try:
        assert server.url.startswith("https://")
        trusting = ssl.create_default_context(cafile=str(certificate[0]))
        port = server.address[1]
        secure = http.client.HTTPSConnection("localhost", port, timeout=30, context=trusting)
        origin = {"Origin": f"https://localhost:{port}", "Content-Type": KIND}
        secure.request("POST", "/signin", FORM, origin)
        answer = secure.getresponse()
        cookie = answer.getheader("set-cookie") or ""
        secure.close()
        assert answer.status == 303
        assert cookie.startswith("__Host-bucketlens=")
        assert "Secure" in cookie
        assert "Path=/" in cookie
    finally:
        server.stop()


def test_a_certificate_without_its_key_is_refused(folder: Path, certificate: tuple[Path, Path]):
    """Before anything is served in the open."""
    done = serve(folder, "--set", f"tls_certificate={certificate[0]}")
    assert done.returncode == 2
    assert "tls_key" in done.stderr
    swapped = (f"tls_certificate={certificate[1]}", f"tls_key={certificate[0]}")
    done = serve(folder, "--set", swapped[0], "--set", swapped[1])
    assert done.returncode == 2
    assert "can't be used" in done.stderr


def test_behind_a_proxy_cookies_are_for_https(folder: Path, credentials: Path):
    """The public URL is its name; requests of pages under that name are its own."""
    server = start(folder, "--credentials", str(credentials), public_url="https://photos.example")
    try:
        told = {"host": "photos.example", "origin": "https://photos.example", "content_type": KIND}
        answer = server.ask("/signin", "POST", FORM, **told)
        assert answer.status == 303
        assert answer.headers["set-cookie"].startswith("__Host-bucketlens=")
        told["origin"] = "http://photos.example"
        assert server.ask("/signin", "POST", FORM, **told).status == 403
        assert server.ask("/signin", host="elsewhere.example").status == 421
    finally:
        server.stop()


def test_a_public_url_demands_credentials(folder: Path):
    """A proxy makes the server reachable, even if it listens on loopback."""
    done = serve(folder, "--set", "public_url=https://photos.example")
    assert done.returncode == 2
    assert "https://photos.example" in done.stderr


def test_guessing_is_slowed_down_by_the_address_that_the_proxy_tells(
    folder: Path, credentials: Path
):
    """One guesser behind the proxy does not lock out the others."""
    server = start(folder, "--credentials", str(credentials), public_url="https://photos.example")
    wrong = urlencode({"user": "anna", "password": "wrong"}).encode()
    told = {"host": "photos.example", "content_type": KIND}
    try:
        statuses = [
            server.ask(
                "/signin", "POST", wrong, **told, x_forwarded_for=f"10.9.9.{n}, 10.0.0.1"
            ).status
            for n in range(11)
        ]
        assert statuses == [403] * 10 + [429]
        answer = server.ask("/signin", "POST", FORM, **told, x_forwarded_for="10.0.0.2")
        assert answer.status == 303
    finally:
        server.stop()
