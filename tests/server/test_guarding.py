"""No web page elsewhere reads or writes through somebody's browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bucketlens.server.guarding import server_names

if TYPE_CHECKING:
    from tests.server.asking import Running

TARGET = {"x_amz_target": "RekognitionService.DetectLabels"}


def host_of(server: Running) -> str:
    """Its own name and port."""
    return "{}:{}".format(*server.address)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "LOCALHOST", "[::1]"])
def test_its_own_names_are_answered(server: Running, name: str):
    """On loopback, with the port or without."""
    for host in (name, f"{name}:8080"):
        assert server.ask("/index.html", host=host).status == 200


@pytest.mark.parametrize(
    "name", ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.nip.example"]
)
def test_a_name_that_was_pointed_here_is_not_answered(server: Running, name: str):
    """DNS rebinding: the browser takes our answer for that of the name's site."""
    for path in ("/", "/v1/images/zebra.jpg", "/healthz"):
        assert server.ask(path, host=name).status == 421
    assert server.ask("/", "POST", b"{}", host=name, **TARGET).status == 421


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://localhost:1", "null", "https://localhost:{port}", "garbage"],
)
def test_a_page_of_another_origin_changes_nothing(server: Running, origin: str):
    """Forged requests: another site, another port, another scheme, a sandboxed frame."""
    told = origin.format(port=server.address[1])
    for path, kind in (("/v1/uploads?name=a.jpg", "text/plain"), ("/v1/labels", "image/jpeg")):
        answer = server.ask(path, "POST", b"x", origin=told, content_type=kind)
        assert answer.status == 403
        assert answer.headers["content-type"] == "application/problem+json"
    assert server.ask("/", "POST", b"{}", origin=told, **TARGET).status == 403


def test_its_own_page_may(server: Running):
    """What the page itself sends comes to its place, and is judged there."""
    own = f"http://{host_of(server)}"
    answer = server.ask(
        "/v1/labels", "POST", b"x", origin=own, host=host_of(server), sec_fetch_site="same-origin"
    )
    assert answer.status == 415


def test_a_form_of_its_own_page_may_hide_its_origin(server: Running):
    """Under no-referrer a browser sends Origin: null; whose page it is, Sec-Fetch-Site says."""
    for site, status in (("same-origin", 415), ("cross-site", 403), ("none", 403)):
        answer = server.ask("/v1/labels", "POST", b"x", origin="null", sec_fetch_site=site)
        assert answer.status == status


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_pages_can_embed_nothing(server: Running, site: str):
    """Not as a picture, a script or a frame; another port of this machine is another site too."""
    for mode, destination in (("no-cors", "image"), ("no-cors", "script"), ("navigate", "iframe")):
        answer = server.ask(
            "/index.html",
            sec_fetch_site=site,
            sec_fetch_mode=mode,
            sec_fetch_dest=destination,
        )
        assert answer.status == 403


def test_a_link_from_elsewhere_may_be_followed(server: Running):
    """That opens our page in its own window, and the other page sees nothing of it."""
    answer = server.ask(
        "/index.html",
        sec_fetch_site="cross-site",
        sec_fetch_mode="navigate",
        sec_fetch_dest="document",
    )
    assert answer.status == 200
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/", "/v1/openapi.json", "/nothing", "/healthz", "/metrics"])
def test_every_answer_has_the_headers_that_browsers_heed(server: Running, path: str):
    """Also errors; and none invites other sites."""
    headers = server.ask(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert not [name for name in headers if name.startswith("access-control-")]


def test_a_preflight_is_not_granted(server: Running):
    """CORS is closed: a browser that asks first is refused."""
    answer = server.ask(
        "/v1/labels",
        "OPTIONS",
        origin="https://evil.example",
        access_control_request_method="POST",
        access_control_request_headers="x-amz-target",
    )
    assert answer.status == 403
    assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_proxy_gives_the_server_its_public_name():
    """Behind one, the public URL is a name and an origin of the server, and loopback stays one."""
    names = server_names(loopback=True, public_url="https://photos.example", scheme="http")
    assert names.knows("photos.example")
    assert names.knows("localhost:8080")
    assert not names.knows("photos.example.evil")
    assert names.is_own("https://photos.example", "localhost:8080")
    assert not names.is_own("http://photos.example", "localhost:8080")


def test_default_ports_are_the_same_with_and_without_their_number():
    """A browser leaves out 443 and 80, a client may not."""
    names = server_names(loopback=True, public_url="https://photos.example:443", scheme="http")
    assert names.is_own("https://photos.example", "photos.example")
    assert not names.is_own("http://photos.example", "photos.example")
    assert names.is_own("http://localhost:8080", "localhost:8080")
    plain = server_names(loopback=False, public_url="", scheme="http")
    assert plain.is_own("http://nas", "nas:80")
    assert not plain.is_own("http://nas:81", "nas:80")
