"""What a browser finds in the index of a site, against what is found by looking at every image."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from tests.browser import launched_chromium
from tests.site.catalogs import Image, MemoryCatalog, random_image, some_words
from tests.site.queries import Node, answer, count_facets, random_query
from tests.site.visiting import joined_scripts, served, write_page

from bucketlens.site.pieces import SiteIndex
from bucketlens.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.site.catalogs import Snapshot

pytestmark = pytest.mark.xdist_group("browser")

WORDS = 60

ASK = """async (queries) => {
  const answers = [];
  for (const node of queries) {
    const found = await index.find(node);
    const {exact, ...facets} = await found.facets();
    answers.push({ids: [...found.ids], total: found.total, exact, facets});
  }
  return answers;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium, driven by Playwright."""
    with launched_chromium() as started:
        yield started


class Site:
    """A catalog, the site that follows it, and a page of it."""

    def __init__(self, root: Path, images: int, seed: int) -> None:
        """Make images by chance; the index is not written yet."""
        self.chance = random.Random(seed)  # noqa: S311 - a test that can be repeated
        self.catalog = MemoryCatalog(some_words(WORDS))
        self.now = 1_800_000_000.0
        self.store = open_store(str(root))
        self.index = SiteIndex(self.store, clock=lambda: self.now)
        self.serial = 0
        self.add(images)

    def add(self, count: int) -> None:
        """New images."""
        for _ in range(count):
            self.catalog.add(self.image())

    def image(self) -> Image:
        """One more image by chance."""
        self.serial += 1
        return random_image(self.chance, WORDS, serial=self.serial)

    def change(self, replaced: int, removed: int) -> None:
        """Other images in the place of some; some leave."""
        for number in self.chance.sample(sorted(self.catalog.images), replaced):
            self.catalog.replace(number, self.image())
        for number in self.chance.sample(sorted(self.catalog.images), removed):
            self.catalog.remove(number)

    def update(self) -> Snapshot:
        """Bring the index up to date."""
        snapshot = self.catalog.snapshot()
        self.index.update(snapshot)
        return snapshot

    def queries(self, count: int) -> list[Node]:
        """Queries by chance."""
        return [random_query(self.chance, WORDS) for _ in range(count)]


def opened(browser: Any, url: str) -> Any:  # noqa: ANN401 - Playwright's objects
    """A page with the index open as ``index``."""
    page = browser.new_page()
    page.troubles = []
    page.on("pageerror", lambda error: page.troubles.append(str(error)))
    page.goto(url)
    page.evaluate("async () => { globalThis.index = await openIndex('./'); }")
    return page


def check_answers(page: Any, queries: list[Node], snapshot: Snapshot) -> None:  # noqa: ANN401
    """The page's answers are those of looking at every image."""
    for node, found in zip(queries, page.evaluate(ASK, queries), strict=True):
        ids = answer(node, snapshot)
        assert found["ids"] == ids, node
        assert found["total"] == len(ids)
        assert found["exact"] is True, node
        facets = {
            part: {one["name"]: one["count"] for one in found["facets"][part]}
            for part in ("labels", "categories", "colors", "orientations", "months")
        }
        assert facets == count_facets(ids, snapshot), node
    assert page.troubles == []


@pytest.mark.parametrize(
    ("way", "images", "seed"),
    [("http", 0, 1), ("file", 1, 2), ("http", 300, 3), ("file", 4700, 4), ("http", 4700, 5)],
)
def test_a_browser_finds_what_a_look_at_every_image_finds(
    browser: Any,  # noqa: ANN401
    tmp_path: Path,
    way: str,
    images: int,
    seed: int,
):
    """After a build and after each of some updates, for any query, ids and facets are right."""
    root = tmp_path / "site of 100% #1"
    page_file = write_page(root, joined_scripts("query.js", "index.js"))
    site = Site(root, images, seed)
    snapshot = site.update()
    with served(root) as server:
        page = opened(browser, f"{server}page.html" if way == "http" else page_file.as_uri())
        check_answers(page, site.queries(20), snapshot)
        for added, replaced, removed in ((120, 20, 5), (0, 0, 30), (400, 1, 1)):
            site.add(added)
            there = len(site.catalog.images) // 2
            site.change(min(replaced, there), min(removed, there))
            snapshot = site.update()
            assert page.evaluate("() => index.refresh()") is True
            assert page.evaluate("() => index.total") == len(snapshot.shown)
            check_answers(page, site.queries(20), snapshot)
        page.close()
