"""A headless Chromium, for the tests of what runs in browsers."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.conftest import LOUD, in_ci

if TYPE_CHECKING:
    from collections.abc import Iterator

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
"""A browser started by root in a container that asks nothing of the network."""


def missing(what: str) -> None:
    """Skip loudly, or fail where all that can be installed must be there."""
    if in_ci():
        pytest.fail(f"{LOUD} {what}")
    pytest.skip(f"{LOUD} {what}")


@contextmanager
def launched_chromium() -> Iterator[Any]:
    """The browser, driven by Playwright; skips where there is none."""
    program = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if program is None:
        missing("no Chromium for the pages; Debian's package is called chromium")
    if importlib.util.find_spec("playwright") is None:
        missing("no Playwright for the pages; pip install playwright")
    api = importlib.import_module("playwright.sync_api")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*QUIET])
        yield browser
        browser.close()
