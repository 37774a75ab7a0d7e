"""A phone signs in, looks at the photos, adds one, and signs out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.browser import launched_chromium
from tests.server.asking import PHOTOS, Running, start
from tests.server.conftest import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("browser")

PHONE = {"width": 390, "height": 844}
PATIENCE = 60_000
"""Milliseconds, on a machine that has other things to do."""


@pytest.fixture
def phone() -> Iterator[Any]:
    """A page of a browser as small as a phone, with all that it complains of."""
    with launched_chromium() as browser:
        page = browser.new_context(viewport=PHONE, has_touch=True).new_page()
        page.set_default_timeout(PATIENCE)
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on(
            "console",
            lambda said: page.complaints.append(said.text) if said.type == "error" else None,
        )
        yield page


def sign_in(page: Any, password: str) -> None:  # noqa: ANN401 - Playwright's
    """Fill in the form and send it."""
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_phone_signs_in_adds_a_photo_and_signs_out(
    folder: Path,
    credentials: Path,
    phone: Any,  # noqa: ANN401
):
    """The whole way, with the page's own scripts under the policy that the server sends."""
    server: Running = start(folder, "--credentials", str(credentials), "--uploads")
    new = folder / "from the phone.jpg"
    photo = (PHOTOS / "zebra.jpg").read_bytes()
    new.write_bytes(
        photo[:2] + b"\xff\xfe\x00\x06phon" + photo[2:]
    )  # the same picture, other bytes
    try:
        phone.goto(f"{server.url}images/zebra.jpg.html")
        sign_in(phone, "not the password")
        assert phone.get_by_role("alert").inner_text().startswith("This name and password")
        sign_in(phone, PASSWORD)
        phone.wait_for_url("**/images/zebra.jpg.html")  # where it was going to
        phone.goto(server.url)
        phone.get_by_label("Images to add").set_input_files(str(new))
        link = phone.get_by_role("link", name="show labels")
        link.wait_for()
        assert (folder / "photos" / "uploads" / "from the phone.jpg").exists()
        link.click()
        phone.wait_for_url("**/images/uploads/from%20the%20phone.jpg.html")
        assert phone.get_by_text("Zebra", exact=True).count()
        phone.goto(server.url)
        phone.get_by_role("button", name="Sign out").click()
        phone.wait_for_url("**/signin")
        phone.goto(server.url)
        assert phone.url.startswith(f"{server.url}signin?next=")
        # The wrong password, and the icon that browsers ask for before anybody has signed in.
        expected = ("status of 403", "status of 401")
        assert [said for said in phone.complaints if not any(e in said for e in expected)] == []
    finally:
        server.stop()


def test_the_page_says_why_a_file_is_refused(server: Running, phone: Any, tmp_path: Path):  # noqa: ANN401
    """What the server answers stands beside the name."""
    text = tmp_path / "notes.jpg"
    text.write_text("no image at all")
    phone.goto(server.url)
    phone.get_by_label("Images to add").set_input_files(str(text))
    phone.get_by_text("bucketlens reads JPEG").wait_for()


def test_another_site_can_do_nothing_through_the_browser(server: Running, phone: Any):  # noqa: ANN401
    """A page of another origin gets no answer, no picture, no script and no form through."""
    phone.route(
        "http://evil.example/",
        lambda route: route.fulfill(
            content_type="text/html", body="<!doctype html><title>evil</title>"
        ),
    )
    phone.goto("http://evil.example/")
    before = server.ask("/v1/status").json["outcomes"]
    told = len(server.lines)
    found = phone.evaluate(
        """async (url) => {
            const places = {img: "thumbs/zebra.jpg.jpg", script: "data/index/manifest.js"};
            const load = (tag) => new Promise((done) => {
                const element = document.createElement(tag);
                element.onload = () => done("loaded");
                element.onerror = () => done("refused");
                element.src = url + places[tag];
                document.body.append(element);
            });
            const ask = (options) => fetch(url + "v1/uploads?name=evil.jpg", options)
                .then(() => "answered", () => "refused");
            return {
                picture: await load("img"),
                script: await load("script"),
                read: await fetch(url).then(() => "answered", () => "refused"),
                simple: await ask({method: "POST", body: "x"}),
                blind: await fetch(url + "v1/labels", {method: "POST", mode: "no-cors", body: "x"})
                    .then((answer) => answer.type, () => "refused"),
            };
        }""",
        server.url,
    )
    assert found["picture"] == found["script"] == found["read"] == found["simple"] == "refused"
    assert found["blind"] in {"opaque", "refused"}
    assert server.ask("/v1/status").json["outcomes"] == before
    assert not list((server.folder / "photos").rglob("evil*"))
    paths = {"/v1/uploads", "/v1/labels"}
    forged = [line for line in server.lines[told:] if line.get("path") in paths]
    assert {line["status"] for line in forged} <= {403, 415}


def test_a_person_edits_labels_on_the_page(folder: Path, credentials: Path, phone: Any):  # noqa: ANN401
    """Adds one, removes one, sees who did it and when, and takes it back."""
    server: Running = start(folder, "--credentials", str(credentials))
    page = f"{server.url}images/zebra.jpg.html"
    try:
        phone.goto(page)
        sign_in(phone, PASSWORD)
        phone.wait_for_url("**/images/zebra.jpg.html")
        phone.get_by_label("Label to add").fill("Marty")
        phone.get_by_role("button", name="Add label").click()
        phone.get_by_text("added by anna").wait_for()
        assert phone.get_by_role("link", name="Marty", exact=True).count()
        phone.get_by_role("button", name="Remove label: Zebra", exact=True).click()
        phone.get_by_text("removed by anna").wait_for()
        assert phone.get_by_role("link", name="Zebra", exact=True).count() == 0
        phone.get_by_role("button", name="Undo: Zebra").click()
        phone.get_by_text("removed by anna").wait_for(state="detached")
        phone.get_by_role("link", name="Zebra", exact=True).wait_for()
        assert [said for said in phone.complaints if "status of 401" not in said] == []
    finally:
        server.stop()
