"""What a browser finds in the index of a site, against what is found by looking at every image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.browser import launched_chromium
from tests.site.queries import Node, answer, count_facets
from tests.site.sites import Site
from tests.site.visiting import joined_scripts, served, write_page

from bucketlens.names import output_name
from bucketlens.query import (
    Vocabulary,
    VocabularyCategory,
    VocabularyLabel,
    parse,
    resolve,
    to_json,
)
from bucketlens.site.pieces.sweeping import DAY
from bucketlens.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.site.catalogs import Snapshot

pytestmark = pytest.mark.xdist_group("browser")

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
    page_file = write_page(root, joined_scripts("address.js", "query.js", "index.js"))
    site = Site(open_store(str(root)), images, seed)
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


def test_a_page_stays_in_the_state_that_it_began_with(browser: Any, tmp_path: Path):  # noqa: ANN401
    """While updates merge and replace, an open page answers from its own manifest, for a day."""
    site = Site(open_store(str(tmp_path)), 3000, seed=6)
    write_page(tmp_path, joined_scripts("address.js", "query.js", "index.js"))
    before = site.update()
    with served(tmp_path) as server:
        page = opened(browser, f"{server}page.html")
        for _ in range(4):
            site.add(900)
            site.change(100, 40)
            site.now += DAY / 5
            after = site.update()
        check_answers(page, site.queries(10), before)
        site.now += 1.1 * DAY
        site.update()
        page.evaluate("() => index.kept.clear()")
        node = {"op": "label", "id": 1, "least": 3, "most": 8}
        found = page.evaluate("async (n) => [...(await index.find(n)).ids]", node)
        assert found == answer(node, after)
        check_answers(page, site.queries(10), after)
        page.close()


def test_an_index_that_lost_a_piece_says_so(browser: Any, tmp_path: Path):  # noqa: ANN401
    """A piece that the newest manifest leads to and that is not there is an error with a code."""
    site = Site(open_store(str(tmp_path)), 700, seed=7)
    page_file = write_page(tmp_path, joined_scripts("address.js", "query.js", "index.js"))
    codes = "async () => { try { await openIndex('./'); } catch (e) { return e.code; } }"
    with served(tmp_path) as server:
        for url in (f"{server}page.html", page_file.as_uri()):
            page = browser.new_page()
            page.goto(url)
            assert page.evaluate(codes) == "missing"
            page.close()
    site.update()
    (tmp_path / "data/index" / f"{site.manifest.labels}.js").unlink()
    page = browser.new_page()
    page.goto(page_file.as_uri())
    assert page.evaluate(codes) == "broken"
    page.close()


def test_words_of_a_query_are_found_by_name(browser: Any, tmp_path: Path):  # noqa: ANN401
    """A text is parsed, resolved and answered as in Python, and rows show the images."""
    site = Site(open_store(str(tmp_path)), 800, seed=8)
    page_file = write_page(tmp_path, joined_scripts("address.js", "query.js", "index.js"))
    snapshot = site.update()
    page = opened(browser, page_file.as_uri())
    text = '"label 0" -"label 2" after:2020-02-03 (color:blue OR orientation:portrait)'
    page.evaluate("() => { globalThis.parse = parse; }")
    found = page.evaluate(
        """async (text) => {
          const found = await index.search(parse(text));
          return {ids: [...found.ids], rows: await index.rows(found.ids.slice(0, 30)),
            completed: index.complete("label 0").map(({name, count}) => [name, count])};
        }""",
        text,
    )
    words = [VocabularyLabel(n, name, (), of) for n, (name, of) in snapshot.words.items()]
    names = sorted({name for _, of in snapshot.words.values() for name in of})
    vocabulary = Vocabulary(words, [VocabularyCategory(name) for name in names])
    node = msgspec.json.decode(to_json(resolve(parse(text), vocabulary).node))
    ids = answer(node, snapshot)
    assert len(ids) > 10
    assert found["ids"] == ids
    for number, row in zip(ids[:30], found["rows"], strict=True):
        image = snapshot.images[number]
        top = [snapshot.words[image.labels[0][0]][0]] if image.labels else []
        assert row["labels"][:1] == top
        assert (row["key"], row["width"], row["color"]) == (image.key, image.width, image.color)
        assert row["date"] == image.day.isoformat()
        assert f"{row['name']}.json" == output_name(image.key, ".json")
    assert found["completed"][0] == ["Label 0", len(answer(label_node(0), snapshot))]
    page.close()


def label_node(number: int) -> Node:
    """The query for a label."""
    return {"op": "label", "id": number, "least": 0, "most": 8}


def test_large_results_are_estimated_from_a_sample(browser: Any, tmp_path: Path):  # noqa: ANN401
    """Above 5,000 results, where counting is dear, facets are near the truth and say so."""
    site = Site(open_store(str(tmp_path)), 24_000, seed=9)
    page_file = write_page(tmp_path, joined_scripts("address.js", "query.js", "index.js"))
    snapshot = site.update()
    page = opened(browser, page_file.as_uri())
    node = {"op": "not", "arg": label_node(3)}
    (found,) = page.evaluate(ASK, [node])
    ids = answer(node, snapshot)
    assert found["ids"] == ids
    assert found["exact"] is False
    for part, counts in count_facets(ids, snapshot).items():
        estimated = {one["name"]: one["count"] for one in found["facets"][part]}
        for name, count in counts.items():
            if count > 2000:
                assert estimated[name] == pytest.approx(count, rel=0.15), name
    page.close()
