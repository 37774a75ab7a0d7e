"""The gallery of a server asks the server: answers are those of the index, and always newest."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from tests.server.asking import PHOTOS, ROOT, start
from tests.server.conftest import PASSWORD
from tests.site.browsing import visiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.server.asking import Running
    from tests.site.browsing import Visit

pytestmark = pytest.mark.xdist_group("browser")

PATIENCE = 60_000
MODULES = ("address", "query", "index", "dom", "changes", "remote")
MODULE_LINE = re.compile(r"^import .*\n|^export (?=async|function|class|const)", re.MULTILINE)
CASES = json.loads((ROOT / "tests/query/cases.json").read_text("utf-8"))
QUERIES = (
    *("", "animal", "dog", "-dog", "animal -dog", "dog OR zebra", "puppy", '"golden retriever"'),
    *("golden retriever", "confidence>80", "dog confidence>55", "animal confidence<80"),
    *('category:"Animals and Pets"', "color:green", "color:green OR color:blue", "after:2000"),
    *(
        "before:2000",
        "date:2026",
        "orientation:portrait dog",
        "zebra -zebar",
        "zebra confidence>80",
    ),
    *("\U0001f600 zebar", "\U0001f600 OR", "dog AND (cat", '"', "x" * 1001, "hidden"),
)
BOTH = """async ([texts, prefixes]) => {
  const pieces = await openIndex("./");
  const unused = () => Promise.reject(new Error("unused"));
  const server = await openAnswers("", {parse, pieces: unused})();
  const tell = ({id, key, name, width, height, date, color, labels}) =>
    ({id, key, name, width, height, date, color, labels: labels.slice(0, 3)});
  const told = async (answers, text) => {
    try {
      const tree = parse(text);
      const result = await answers.search(tree, text);
      const {total, searched, query, warnings} = result;
      const parts = [[0, 36], [36, 72], [31, 112]].filter(([from]) => from < total || !from);
      const rows = [];
      for (const [from, to] of parts) rows.push(await result.rows(from, Math.min(total, to)));
      const places = [];
      for (const id of [rows[0][0]?.id, rows[0].at(-1)?.id, 999999])
        if (id) places.push(await result.place(id));
      const {exact, categories, labels, colors, orientations, months} = await result.facets();
      return {total, searched, query: toText(query), warnings, places, exact,
        counts: {categories, labels: labels.slice(0, 40), colors, orientations, months},
        rows: rows.map((part) => part.map(tell))};
    } catch (error) {
      if (!("start" in error)) throw error;
      const {message, start, end, suggestions = []} = error;
      return {message, start, end, suggestions: [...suggestions]};
    }
  };
  const words = async (answers, prefix) => (await answers.complete(prefix)).map(
    ({text, kind, name, count, alias}) => ({text, kind, name, count, alias: alias || ""}));
  const found = [];
  for (const text of texts) found.push([text, await told(pieces, text), await told(server, text)]);
  for (const text of prefixes)
    found.push([text, await words(pieces, text), await words(server, text)]);
  return found;
}"""


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over 111 photos, ten of which are not published."""
    folder = tmp_path_factory.mktemp("album")
    for photo in sorted(PHOTOS.rglob("*.jpg")):
        (folder / "photos" / "hidden").mkdir(parents=True, exist_ok=True)
        for number in range(10):
            shutil.copy2(photo, folder / "photos" / f"{photo.stem} {number}.jpg")
    for number in range(10):
        shutil.copy2(PHOTOS / "zebra.jpg", folder / "photos" / "hidden" / f"{number}.jpg")
    shutil.copy2(
        PHOTOS / "zebra.jpg", folder / "photos" / "a #1 \N{LATIN SMALL LETTER E WITH ACUTE}%.JPG"
    )
    subprocess.run(
        [sys.executable, "-m", "bucketlens", "run", "photos", "out"],
        cwd=folder,
        env={
            "PYTHONPATH": str(ROOT / "src"),
            "PATH": "/usr/bin:/bin",
            "BUCKETLENS_PUBLISH_EXCLUDE": "hidden/*",
        },
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="module")
def gallery(album: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server over the album that watches it."""
    folder = tmp_path_factory.mktemp("gallery")
    shutil.copytree(album, folder, dirs_exist_ok=True, copy_function=shutil.copy2)
    running = start(folder, "--uploads", publish_exclude="hidden/*")
    wait_until(lambda: running.ask("/v1/images?published=true").json.get("total") == 101)
    yield running
    running.stop()


def modules() -> str:
    """The scripts that give answers, whose functions the test may call."""
    text = ""
    for module in MODULES:
        files = [ROOT / f"src/bucketlens/{of}/static/js/{module}.js" for of in ("site", "server")]
        (file,) = (file for file in files if file.exists())
        text += MODULE_LINE.sub("", file.read_text("utf-8"))
    return text + "Object.assign(globalThis, {openIndex, openAnswers, parse, toText});"


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for a condition, on a machine that has other things to do."""
    end = time.monotonic() + PATIENCE / 1000
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def marked(visit: Visit) -> Any:  # noqa: ANN401 - Playwright's page
    """The gallery, with a mark that a reload would wipe away."""
    page = visit.open("index.html")
    page.set_default_timeout(PATIENCE)
    visit.settled()
    page.evaluate("globalThis.marked = true")
    return page


def test_index_and_server_give_the_same_answers(chromium: Any, gallery: Running):  # noqa: ANN401
    """Totals, rows, places, facets, notes, mistakes and proposals; of what is published."""
    groups = ("read", "mistakes", "meanings", "unknown")
    texts = [*QUERIES, *(case["text"] for group in groups for case in CASES[group])]
    prefixes = ["z", "do", "golden r", "category:an", "pup", "q", ""]
    with visiting(chromium, gallery.url) as visit:
        page = visit.open("overview.html")
        page.evaluate(modules())
        for text, pieces, server in page.evaluate(BOTH, [texts, prefixes]):
            if "name:" not in text:  # which only the server answers
                assert server == pieces, text
        totals = {
            text: found.get("total") for text, found, _ in page.evaluate(BOTH, [["", "zebra"], []])
        }
    assert totals == {"": 101, "zebra": 11}


def test_the_page_asks_the_server_and_not_the_index(chromium: Any, gallery: Running):  # noqa: ANN401
    """No piece is fetched; file names can be searched, far images reached and neighbours found."""
    with visiting(chromium, gallery.url) as visit:
        page = marked(visit)
        assert page.inner_text("#status") == "101 images"
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.wait_for_selector(".tile[aria-posinset='101'] img")
        visit.search("name:great-dane*3*")
        assert visit.shown() == ["great-dane 3.jpg"]
        visit.search("zebra")
        page.locator(".tile a").nth(3).click()
        page.wait_for_selector("#before:not([hidden])")
        assert page.inner_text("#place") == "4 of 11"
        page.locator("#back").click()
        visit.settled()
        page.wait_for_function(
            "() => document.activeElement.closest('.tile')?.dataset.number === '3'"
        )
        assert not [url for url in visit.requests if "/data/index/" in url]
        assert not visit.troubles


def test_where_the_server_cannot_answer_the_index_does(chromium: Any, gallery: Running):  # noqa: ANN401
    """As while the search is being loaded; it takes over when it can."""
    with visiting(chromium, gallery.url) as visit:
        pattern = "**/v1/*?*"
        visit.page.route("**/v1/changes", lambda route: route.fulfill(status=503, body="{}"))
        visit.page.route(pattern, lambda route: route.fulfill(status=503, body="{}"))
        page = marked(visit)
        visit.search("zebra")
        assert len(visit.shown()) == 11
        assert [url for url in visit.requests if "/data/index/" in url]
        page.unroute(pattern)
        page.unroute("**/v1/changes")
        with page.expect_response(lambda reply: "/v1/images" in reply.url and reply.ok):
            pass  # the page notices by itself
        assert len(visit.shown()) == 11


def test_what_is_new_appears_by_itself(chromium: Any, gallery: Running):  # noqa: ANN401
    """A photo in the folder, an edit, and a photo that leaves; without a reload or a jump."""
    photos = gallery.folder / "photos"
    new = photos / "just now.jpg"
    with visiting(chromium, gallery.url) as visit:
        page = marked(visit)
        page.fill("#query", "being typed")
        page.locator(".tile a").first.focus()
        held = page.evaluate("document.activeElement.parentNode.dataset.name")
        new.write_bytes((PHOTOS / "food" / "pizza.jpg").read_bytes() + b"other bytes")
        page.wait_for_selector(".tile[data-name='just now.jpg'] img")
        assert page.inner_text("#status") == "102 images"
        assert page.input_value("#query") == "being typed"
        assert page.evaluate("document.activeElement.parentNode.dataset.name") == held
        page.evaluate("scrollTo(0, 900)")
        page.wait_for_timeout(300)
        top = (
            "() => [...document.querySelectorAll('.tile')].map(t => [t.dataset.name,"
            " t.getBoundingClientRect().top]).filter(([, top]) => top > 0 && top < innerHeight)"
        )
        before = dict(page.evaluate(top))
        gallery.ask(
            "/v1/images/just%20now.jpg/edits",
            "PUT",
            b'{"add": ["Supper of Kings"]}',
            content_type="application/json",
        )
        shutil.copy2(PHOTOS / "zebra.jpg", photos / "another.jpg")
        page.wait_for_function(
            "() => document.querySelector('#status').textContent === '103 images'"
        )
        after = dict(page.evaluate(top))
        same = before.keys() & after.keys()
        assert same
        assert min(abs(before[name] - after[name]) for name in same) < 2
        visit.search('"supper of kings"')
        assert visit.shown() == ["just now.jpg"]
        new.unlink()
        page.get_by_text(re.compile("Nothing matches|Not found here")).wait_for()
        (photos / "another.jpg").unlink()
        visit.search("")
        page.get_by_text("101 images", exact=True).wait_for()
        assert page.evaluate("globalThis.marked")


def test_an_upload_stands_in_the_grid_at_once(chromium: Any, gallery: Running, tmp_path: Path):  # noqa: ANN401
    """As soon as the index knows it."""
    photo = tmp_path / "uploaded zebra.jpg"
    photo.write_bytes((PHOTOS / "zebra.jpg").read_bytes() + b"other bytes")
    with visiting(chromium, gallery.url) as visit:
        page = marked(visit)
        page.set_input_files("#files", [photo])
        page.wait_for_selector(".tile[data-name='uploads/uploaded zebra.jpg'] img")
        assert page.evaluate("globalThis.marked")
        assert not visit.troubles


def test_a_page_that_nobody_sees_asks_nothing(chromium: Any, gallery: Running):  # noqa: ANN401
    """It asks again when it is looked at."""
    with visiting(chromium, gallery.url) as visit:
        page = marked(visit)
        with page.expect_response("**/v1/changes"):
            pass
        page.evaluate(
            "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
        page.wait_for_timeout(100)
        asked = len(visit.requests)
        page.wait_for_timeout(3000)
        assert len(visit.requests) == asked
        page.evaluate(
            "delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))"
        )
        with page.expect_response("**/v1/changes"):
            pass


def test_a_session_that_ends_leads_to_the_sign_in(chromium: Any, guarded: Running):  # noqa: ANN401
    """And from there back to the search."""
    with visiting(chromium, guarded.url) as visit:
        page = visit.page
        page.set_default_timeout(PATIENCE)
        page.goto(guarded.url)
        page.fill("input[name=user]", "anna")
        page.fill("input[type=password]", PASSWORD)
        page.press("input[type=password]", "Enter")
        page.wait_for_selector("#tiles[aria-busy=false]", state="attached")
        page.context.clear_cookies()
        page.fill("#query", "zebra")
        page.press("#query", "Enter")
        page.wait_for_selector("input[type=password]")
        page.fill("input[name=user]", "anna")
        page.fill("input[type=password]", PASSWORD)
        page.press("input[type=password]", "Enter")
        page.wait_for_selector("#tiles[aria-busy=false]", state="attached")
        assert page.input_value("#query") == "zebra"
        assert visit.shown() == ["zebra.jpg"]
