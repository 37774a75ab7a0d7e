"""What Chromium fetches to search a site, from files or a server, and how long that takes.

Each question is an address that is opened with an empty cache, as a link that somebody was sent:
page, style and script are counted too, and thumbnails are not (there are none). Plain files come
from the standard library's server, over HTTP/1.1 with connections kept. Both servers are on the
same machine: what a network would add is the time of the bytes, and a round trip for each step that
waits for another.
"""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

WINDOW = {"width": 1360, "height": 850}
SHOWN = "() => document.querySelector('#tiles[aria-busy=false]') && performance.now()"
NARROWED = "() => document.querySelector('#facets > *') && performance.now()"
TOLD = """() => ({
  status: document.querySelector('#status').textContent,
  estimated: /about/i.test(document.querySelector('#facets').textContent),
})"""
KEEP_ALL = "performance.setResourceTimingBufferSize(10_000)"
FETCHED = """() => {
  const files = ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
    .filter(({name}) => !/[/](thumbs|v1[/]changes)/.test(name));
  return [files.length, files.reduce((sum, file) => sum + file.encodedBodySize, 0)];
}"""
DOWN = """async () => {
  const before = performance.now();
  scrollTo(0, 9 * innerHeight);
  const tile = () => [...document.querySelectorAll('#tiles img')].some((image) => {
    const {top} = image.getBoundingClientRect();
    return top > 0 && top < innerHeight;
  });
  while (!tile()) await new Promise(requestAnimationFrame);
  return performance.now() - before;
}"""


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing: a page that is closed leaves thumbnails that it asked for."""


@contextmanager
def served(root: Path) -> Iterator[str]:
    """The URL of a folder."""
    handler = functools.partial(_Handler, directory=str(root))
    with _Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@dataclass(frozen=True)
class Visit:
    """An address that was opened, and what that took.

    Attributes:
        found: What the page says was found.
        estimated: Whether the page says that its facets are estimates.
        shown: Milliseconds until the first rows stood.
        narrowed: Until the facets stood too; of scrolling, the same as ``shown``.
        requests: Files that were fetched.
        octets: Their bytes.
    """

    found: str
    estimated: bool
    shown: float
    narrowed: float
    requests: int
    octets: int


class Visitor:
    """Opens addresses of one site, each with an empty cache."""

    def __init__(self, browser: Any, url: str) -> None:  # noqa: ANN401 - Playwright's
        """Open nothing yet."""
        self._browser = browser
        self._url = url

    def visit(self, text: str) -> Visit:
        """Search for a text; the start page without one."""
        page = self._open(text)
        shown = page.wait_for_function(SHOWN).json_value()
        narrowed = page.wait_for_function(NARROWED).json_value()
        return self._close(page, (0, 0), shown, narrowed)

    def tenth_screen(self, text: str) -> Visit:
        """Search, wait until all stands, then scroll nine screens down; only that is counted."""
        page = self._open(text)
        page.wait_for_function(NARROWED)
        page.wait_for_load_state("networkidle")
        before = page.evaluate(FETCHED)
        took = page.evaluate(DOWN)
        return self._close(page, before, took, took)

    def _open(self, text: str) -> Any:  # noqa: ANN401
        page = self._browser.new_context(viewport=WINDOW).new_page()
        page.add_init_script(KEEP_ALL)
        page.goto(f"{self._url}index.html" + (f"?q={quote(text)}" if text else ""))
        return page

    def _close(self, page: Any, before: tuple[int, int], shown: float, narrowed: float) -> Visit:  # noqa: ANN401
        page.wait_for_load_state("networkidle")
        requests, octets = (
            now - then for now, then in zip(page.evaluate(FETCHED), before, strict=True)
        )
        told = page.evaluate(TOLD)
        page.context.close()
        return Visit(told["status"], told["estimated"], shown, narrowed, requests, octets)


@contextmanager
def answered(out: Path) -> Iterator[str]:
    """The URL of a collection on a server that searches it; says what loading it took."""
    command = [sys.executable, str(Path(__file__).with_name("site_serving.py")), str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        told = json.loads(process.stdout.readline() if process.stdout else "{}")
        print(f"the server loaded it in {told['loaded']:.1f} s, to {told['memory_mb']:.0f} MB")
        yield told["url"]
        process.kill()


@contextmanager
def visiting(url: str) -> Iterator[Visitor]:
    """Start a browser for a site."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield Visitor(browser, url)
        browser.close()
