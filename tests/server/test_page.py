"""The gallery in a real browser, from the server: uploads and signing out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.server.asking import PHOTOS
from tests.server.conftest import PASSWORD
from tests.site.browsing import barriers, visiting

if TYPE_CHECKING:
    from pathlib import Path

    from tests.server.asking import Running

pytestmark = pytest.mark.xdist_group("browser")


def test_an_upload_is_labelled_while_one_looks_on(
    chromium: Any,  # noqa: ANN401
    server: Running,
    tmp_path: Path,
):
    """By the button; each file has a line, and its result is one click away."""
    photo = tmp_path / "<b>my dog.jpg"
    photo.write_bytes((PHOTOS / "great-dane.jpg").read_bytes() + b"another one")
    text = tmp_path / "not an image.jpg"
    text.write_text("nothing to see")
    with visiting(chromium, server.url) as visit:
        page = visit.open("index.html")
        assert page.locator("#add").is_visible()
        page.set_input_files("#files", [photo, text])
        lines = page.locator("#uploads li")
        lines.first.get_by_text("show labels").wait_for(timeout=60_000)
        assert "<b>my dog.jpg" in lines.first.inner_text()
        page.locator("#uploads li.failed").wait_for()
        assert "not an image.jpg" in page.locator("#uploads li.failed").inner_text()
        assert not barriers(page)
        page.locator("#uploads li.failed button").click()
        assert lines.count() == 1
        lines.first.get_by_text("show labels").click()
        page.wait_for_selector(".viewer")
        assert "Dog" in page.inner_text(".panel")
        assert not [one for one in visit.troubles if "415" not in one]


def test_dropping_files_uploads_them(chromium: Any, server: Running):  # noqa: ANN401
    """Anywhere on the page; what is here already is said to be."""
    data = list((PHOTOS / "zebra.jpg").read_bytes())
    with visiting(chromium, server.url) as visit:
        page = visit.open("index.html")
        page.evaluate(
            """bytes => {
              const files = new DataTransfer();
              files.items.add(new File([new Uint8Array(bytes)], 'zebra.jpg', {type: 'image/jpeg'}));
              for (const type of ['dragover', 'drop']) {
                document.body.dispatchEvent(
                  new DragEvent(type, {dataTransfer: files, bubbles: true, cancelable: true}));
              }
            }""",
            data,
        )
        page.locator("#uploads").get_by_text("show labels").wait_for(timeout=60_000)
        assert not page.evaluate("document.body.classList.contains('dropping')")
        assert not visit.troubles


def test_who_is_signed_in_can_sign_out(chromium: Any, guarded: Running):  # noqa: ANN401
    """On every page; without uploads there is no button for them."""
    with visiting(chromium, guarded.url) as visit:
        page = visit.page
        page.goto(guarded.url + "index.html")
        page.fill("input[name=user]", "anna")
        page.fill("input[type=password]", PASSWORD)
        page.press("input[type=password]", "Enter")
        page.wait_for_selector("#tiles")
        assert page.locator("#add").is_hidden()
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_selector("input[type=password]")
