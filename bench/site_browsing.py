"""What Chromium fetches from a plain file server to search the index, and how long that takes.

Each question is asked on a page of its own with an empty cache. The server is the standard
library's, over HTTP/1.1 with connections kept, on the same machine: what a network would add is
the bytes, and a round trip for each step that waits for another.
"""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

import bucketlens.site

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPTS = Path(bucketlens.site.__file__).parent / "static" / "js"
PAGE = '<!doctype html><meta charset="utf-8"><title>Index</title><script src="bench.js"></script>\n'

SEARCH = """async ([text, from, facets]) => {
  const began = performance.now();
  const found = await index.search(parse(text));
  await index.rows(found.ids.slice(from, from + 40));
  const shown = performance.now();
  const {exact} = facets ? await found.facets() : {};
  return {total: found.total, exact, shown: shown - began, all: performance.now() - began};
}"""


@dataclass
class Sent:
    """What a server gave."""

    requests: int = 0
    octets: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sent = Sent()

    def copyfile(self, source: Any, outputfile: Any) -> None:  # noqa: ANN401 - any two files
        data = source.read()
        with self.sent.lock:
            self.sent.requests += 1
            self.sent.octets += len(data)
        outputfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(root: Path) -> Iterator[str]:
    """The URL of a folder."""
    handler = functools.partial(_Handler, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@dataclass(frozen=True)
class Asked:
    """A question and what it took beyond opening the index.

    Attributes:
        total: Images that were found.
        exact: Whether the facets were counted, not estimated.
        shown: Milliseconds until 40 rows were there.
        all: Until the facets were there too.
        requests: Files that were fetched.
        octets: Their bytes.
    """

    total: int
    exact: bool | None
    shown: float
    all: float
    requests: int
    octets: int


def ask_all(root: Path, questions: list[tuple[str, int, bool]]) -> list[Asked]:
    """Open the index, then ask; the first answer is about the opening itself.

    Args:
        root: The site.
        questions: The text, from which result on rows are shown, whether facets are wanted.
    """
    lines = [
        line.removeprefix("export ")
        for name in ("query.js", "index.js")
        for line in (SCRIPTS / name).read_text("utf-8").splitlines(keepends=True)
        if not line.startswith("import ")
    ]
    (root / "bench.js").write_text("".join(lines), "utf-8")
    (root / "bench.html").write_text(PAGE, "utf-8")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with served(root) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        answers = [_open(browser, url)]
        answers += [_ask(browser, url, list(question)) for question in questions]
        browser.close()
    return answers


def _page(browser: Any, url: str) -> Any:  # noqa: ANN401 - Playwright's objects
    page = browser.new_context().new_page()
    page.goto(f"{url}bench.html")
    return page


def _open(browser: Any, url: str) -> Asked:  # noqa: ANN401
    page = _page(browser, url)
    before = _Handler.sent.requests, _Handler.sent.octets
    took = page.evaluate(
        """async () => {
          const began = performance.now();
          const opened = await openIndex("./");
          return {total: opened.total, took: performance.now() - began};
        }"""
    )
    page.context.close()
    return _answer({**took, "shown": took["took"], "all": took["took"]}, before)


def _ask(browser: Any, url: str, question: list[Any]) -> Asked:  # noqa: ANN401
    page = _page(browser, url)
    page.evaluate("async () => { globalThis.index = await openIndex('./'); }")
    before = _Handler.sent.requests, _Handler.sent.octets
    took = page.evaluate(SEARCH, question)
    page.context.close()
    return _answer(took, before)


def _answer(took: dict[str, Any], before: tuple[int, int]) -> Asked:
    sent = _Handler.sent
    return Asked(
        total=took["total"],
        exact=took.get("exact"),
        shown=took["shown"],
        all=took["all"],
        requests=sent.requests - before[0],
        octets=sent.octets - before[1],
    )
