"""Visits to a site in Chromium: windows whose troubles are noted, and axe-core."""

from __future__ import annotations

import importlib
import importlib.util
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.browser import missing

if TYPE_CHECKING:
    from collections.abc import Iterator

DESKTOP = {"width": 1360, "height": 850}
PHONE = {"width": 390, "height": 844}
NARROW = {"width": 320, "height": 600}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

LOADED = """Promise.all([...document.images].map(image => {
  image.loading = 'eager';
  return image.decode().catch(() => {});
}))"""


@dataclass
class Visit:
    """A window on a site.

    Attributes:
        page: Playwright's page.
        base: The URL of the site, of a folder or a server.
        troubles: Messages, failed requests, errors and dialogs, of which there are to be none.
        requests: The URLs that were asked for.
    """

    page: Any
    base: str
    troubles: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def note_failure(self, request: Any) -> None:  # noqa: ANN401 - Playwright's request
        """A request that failed is trouble, unless one left the page before it was done."""
        if request.failure != "net::ERR_ABORTED":
            self.troubles.append(request.url)

    def open(self, name: str) -> Any:  # noqa: ANN401 - Playwright's page
        """Open a page of the site; all pictures are loaded when this returns."""
        self.page.goto(self.base + name)
        self.page.evaluate(LOADED)
        return self.page

    def search(self, query: str) -> Any:  # noqa: ANN401 - Playwright's page
        """Type a search, and wait for what it finds."""
        self.page.fill("#query", query)
        self.page.press("#query", "Enter")
        return self.settled()

    def settled(self) -> Any:  # noqa: ANN401 - Playwright's page
        """The page, when the search in its address is answered."""
        self.page.wait_for_selector("#tiles[aria-busy=false]", state="attached")
        return self.page

    def shown(self) -> list[str]:
        """The file names of the tiles that stand, in order."""
        found: list[str] = self.page.eval_on_selector_all(
            ".tile a", "links => links.map(a => decodeURIComponent(a.getAttribute('href')))"
        )
        return [
            link.partition("#")[0].removeprefix("images/").removesuffix(".html") for link in found
        ]


@contextmanager
def visiting(chromium: Any, base: str, **options: object) -> Iterator[Visit]:  # noqa: ANN401
    """A fresh window."""
    context = chromium.new_context(**{"viewport": DESKTOP, **options})
    visit = Visit(context.new_page(), base)
    visit.page.on("console", lambda message: visit.troubles.append(message.text))
    visit.page.on("pageerror", lambda error: visit.troubles.append(str(error)))
    visit.page.on("requestfailed", visit.note_failure)
    visit.page.on("dialog", lambda dialog: visit.troubles.append(f"dialog {dialog.message}"))
    visit.page.on("request", lambda request: visit.requests.append(request.url))
    yield visit
    context.close()


def folder_url(root: Path) -> str:
    """The URL of a folder."""
    return root.as_uri() + "/"


def barriers(page: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - Playwright's page
    """What axe-core finds on a page: the rule and the element."""
    if importlib.util.find_spec("axe_playwright_python") is None:
        missing("no axe-core for the pages; pip install axe-playwright-python")
    package = importlib.import_module("axe_playwright_python")
    page.evaluate((Path(package.__path__[0]) / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("rules => axe.run({runOnly: rules, preload: false})", RULES)
    return [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]]
