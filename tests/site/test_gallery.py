"""The gallery in a real browser: search, facets, the grid, and the way from image to image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.site.attacks import ATTACKS
from tests.site.browsing import DESKTOP, PHONE, Visit, barriers, folder_url, visiting
from tests.site.conftest import DOG, MANY, Sites

from bucketlens.site import layout

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.xdist_group("browser")

CATS = MANY // 2
HOT_DOGS = MANY // 10
BLOCK = 36
"""Images that are fetched at once; those of the first block are in the page itself."""


@pytest.fixture(params=["server", "folder"])
def gallery(request: pytest.FixtureRequest, chromium: Any, sites: Sites) -> Iterator[Visit]:  # noqa: ANN401
    """The index page, from a server and opened by a double click."""
    with visiting(chromium, sites.server if request.param == "server" else sites.folder) as visit:
        visit.open("index.html")
        visit.settled()
        yield visit
        assert not visit.troubles


@pytest.fixture
def served_gallery(chromium: Any, sites: Sites) -> Iterator[Visit]:  # noqa: ANN401
    """The index page, from a server."""
    with visiting(chromium, sites.server) as visit:
        visit.open("index.html")
        visit.settled()
        yield visit
        assert not visit.troubles


def status(visit: Visit) -> str:
    """How many images are shown."""
    text: str = visit.page.inner_text("#status")
    return text


def test_a_search_shows_what_it_finds(gallery: Visit):
    """How many, which, and the chips of its clauses; the address can be shared."""
    page = gallery.search('"hot dog" cat')
    assert status(gallery).startswith(f"{HOT_DOGS} images of ")
    assert gallery.shown()[:2] == ["many/000.jpg", "many/010.jpg"]
    assert page.locator("#chips .chip bdi").all_inner_texts() == ['"hot dog"', "cat"]
    assert page.url.endswith("index.html?q=%22hot%20dog%22%20cat")
    page.reload()
    gallery.settled()
    assert status(gallery).startswith(f"{HOT_DOGS} images of ")


def test_parents_find_their_children_and_other_words_find_the_label(served_gallery: Visit):
    """Animal finds cats and dogs, kitty finds cats."""
    served_gallery.search("animal -dog")
    assert status(served_gallery).startswith(f"{CATS} images")
    served_gallery.search("kitty")
    assert status(served_gallery).startswith(f"{CATS} images")


def test_back_and_forward_walk_through_searches(gallery: Visit):
    """Each search is a step."""
    gallery.search("car")
    gallery.search("car -cat")
    gallery.page.go_back()
    gallery.settled()
    assert gallery.page.input_value("#query") == "car"
    assert status(gallery).startswith(f"{MANY // 2} images")
    gallery.page.go_back()
    gallery.settled()
    assert gallery.page.input_value("#query") == ""
    gallery.page.go_forward()
    gallery.settled()
    assert gallery.page.input_value("#query") == "car"


def test_a_facet_narrows_and_widens(served_gallery: Visit):
    """A click adds it, another one takes it away."""
    page = served_gallery.page
    facet = page.locator(".facet", has_text="Hot Dog")
    facet.click()
    served_gallery.settled()
    assert status(served_gallery).startswith(f"{HOT_DOGS} images of ")
    chosen = page.locator(".facet[aria-current=true]", has_text="Hot Dog")
    chosen.wait_for()
    chosen.click()
    served_gallery.settled()
    page.wait_for_function("() => !document.querySelector('.facet[aria-current]')")
    assert "of" not in status(served_gallery)


@pytest.mark.parametrize("kind", [".swatch", ".shape", ".facet"])
def test_facets_of_all_kinds_are_searches(served_gallery: Visit, kind: str):
    """Colours, shapes, and the last of the bars, which is a date; the count is right."""
    page = served_gallery.page
    link = page.locator(f"{kind}:visible").last
    count = link.locator(".number, title").first.text_content()
    link.click()
    served_gallery.settled()
    number = "".join(c for c in count.rpartition(", ")[2] if c.isdigit())
    assert status(served_gallery).split(" ")[0] == number


def test_a_chip_takes_its_clause_away(served_gallery: Visit):
    """What is left is searched for."""
    page = served_gallery.search("cat animal")
    page.click("#chips .chip >> nth=0")
    served_gallery.settled()
    assert page.input_value("#query") == "animal"


def test_completion_proposes_labels_other_words_and_categories(served_gallery: Visit):
    """With counts; arrows and Enter choose."""
    page = served_gallery.page
    page.keyboard.press("/")
    page.keyboard.type("animal kit")
    option = page.locator("[role=option]")
    option.first.wait_for()
    assert "Kitty" in option.first.inner_text()
    assert "means" in option.first.inner_text()
    assert str(CATS) in option.first.inner_text()
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#query", "aria-activedescendant") == "proposal-0"
    page.keyboard.press("Enter")
    served_gallery.settled()
    assert page.input_value("#query").startswith("animal ")
    assert status(served_gallery).startswith(f"{CATS} images")
    page.fill("#query", "vehic")
    page.locator("[role=option]", has_text="category").first.click()
    served_gallery.settled()
    assert status(served_gallery).startswith(f"{MANY // 2} images")


def test_escape_closes_the_proposals_first(served_gallery: Visit):
    """And leads to the pictures the second time."""
    page = served_gallery.page
    page.fill("#query", "ca")
    page.locator("[role=option]").first.wait_for()
    page.press("#query", "Escape")
    assert page.locator("#proposals").is_hidden()
    page.press("#query", "Escape")
    assert page.evaluate("!!document.activeElement.closest('.tile')")


def test_a_mistake_says_what_and_where(gallery: Visit):
    """And the nearest word is one click away."""
    page = gallery.search("car kat")
    assert page.inner_text("mark") == "kat"
    assert "kat" in page.inner_text("#notice")
    page.click("#notice .chip >> nth=0")
    gallery.settled()
    assert page.input_value("#query").lower() == "car cat"
    assert page.locator("mark").count() == 0


def test_nothing_found_offers_less(served_gallery: Visit):
    """The same search without one of its parts."""
    page = served_gallery.search("car cat")
    assert "Nothing matches" in page.inner_text("#notice")
    page.click("#notice .chip >> nth=0")
    served_gallery.settled()
    assert page.input_value("#query") == "cat"
    assert "Nothing" not in page.inner_text("#notice")


def test_the_grid_is_justified_and_keeps_few_elements(served_gallery: Visit):
    """Rows fill the width; what is far away has no elements, however far one scrolls."""
    page = served_gallery.search("animal OR car")
    for _ in range(12):
        page.mouse.wheel(0, 3000)
        page.wait_for_timeout(120)
    page.wait_for_function("() => document.querySelector('.tile:last-child').dataset.number > 300")
    tiles = page.evaluate(
        """[...document.querySelectorAll('.tile')].map(t => {
          const r = t.getBoundingClientRect();
          return [Math.round(r.top), r.left, r.right, r.height];
        })"""
    )
    assert len(tiles) < 420
    width = page.evaluate("document.querySelector('#tiles').getBoundingClientRect().right")
    rows: dict[int, list[list[float]]] = {}
    for tile in tiles:
        rows.setdefault(tile[0], []).append(tile)
    assert len(rows) > 5
    for row in list(rows.values())[:-1]:
        assert max(tile[2] for tile in row) == pytest.approx(width, abs=1)
        assert max(tile[3] for tile in row) - min(tile[3] for tile in row) < 1.5


def test_the_end_of_a_long_result_is_reached(served_gallery: Visit):
    """The last tile is the last image."""
    page = served_gallery.search("cat OR car")
    for _ in range(8):
        page.evaluate("scrollTo(0, 1e9)")
        page.wait_for_timeout(150)
    assert served_gallery.shown()[-1] == f"many/{MANY - 1:03}.jpg"


def test_arrow_keys_walk_through_the_grid(served_gallery: Visit):
    """Right and left by one, down and up by a row."""
    page = served_gallery.search("cat")
    page.locator(".tile a").first.focus()
    number = "+document.activeElement.closest('.tile').dataset.number"
    page.keyboard.press("ArrowRight")
    assert page.evaluate(number) == 1
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(number) == 0
    page.keyboard.press("ArrowDown")
    below = page.evaluate(number)
    assert below > 1
    page.keyboard.press("ArrowUp")
    assert page.evaluate(number) == 0
    for _ in range(600):  # rows come as they are needed, and a busy machine needs a while
        page.keyboard.press("ArrowDown")
        if page.evaluate(number) > 100:
            break
        page.wait_for_timeout(50)
    assert page.evaluate(number) > 100
    assert page.locator(".tile a:focus").is_visible()


def test_from_image_to_image_and_back(gallery: Visit):
    """Arrows walk through what was found; Escape and back lead to where one was."""
    page = gallery.search("cat")
    page.click(".tile >> nth=2")
    page.wait_for_selector(".turn[rel=next]")
    assert page.inner_text("#place") == f"3 of {CATS}"
    assert page.locator("h1").inner_text() == "004.jpg"
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('h1').innerText == '006.jpg'")
    page.wait_for_selector(".turn[rel=prev]")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("() => document.querySelector('h1').innerText == '004.jpg'")
    page.keyboard.press("Escape")
    page.wait_for_selector(".tile a:focus")
    assert page.input_value("#query") == "cat"
    assert page.evaluate("+document.activeElement.closest('.tile').dataset.number") == 2


def test_the_first_image_has_none_before_it(served_gallery: Visit):
    """And the last one none after it."""
    page = served_gallery.search("hot dog")
    page.click(".tile >> nth=0")
    page.wait_for_selector(".turn[rel=next]")
    assert page.locator(".turn[rel=prev]").is_hidden()


def test_back_returns_to_the_same_height(served_gallery: Visit):
    """The picture that one left is where it was."""
    page = served_gallery.search("cat OR car")
    for _ in range(6):
        page.mouse.wheel(0, 1500)
        page.wait_for_timeout(200)
    number = page.evaluate(
        """+[...document.querySelectorAll('.tile')].find(
          tile => tile.getBoundingClientRect().top > 300).dataset.number"""
    )
    assert number > BLOCK
    link = page.locator(f'.tile[data-number="{number}"] a')
    name, top = link.get_attribute("href"), link.bounding_box()["y"]
    link.click()
    page.wait_for_selector(".viewer")
    page.go_back()
    served_gallery.settled()
    again = page.locator(f'.tile a[href="{name}"]')
    again.wait_for()
    assert again.bounding_box()["y"] == pytest.approx(top, abs=60)


def test_labels_on_an_image_page_lead_to_searches(served_gallery: Visit):
    """Categories, parents and the label itself."""
    page = served_gallery.open(layout.link(layout.page_name("many/000.jpg")))
    page.click(".category >> nth=0")
    served_gallery.settled()
    assert 'category:"' in page.input_value("#query")
    assert "mistake" not in page.inner_text("#notice")


def test_the_search_box_works_on_every_page(served_gallery: Visit):
    """It opens the index with what was typed."""
    for name in ("overview.html", layout.link(layout.page_name(DOG))):
        page = served_gallery.open(name)
        served_gallery.search("hot dog")
        assert page.url.endswith("index.html?q=hot%20dog")
        assert status(served_gallery).startswith(f"{HOT_DOGS} images of ")


def test_a_site_whose_index_is_missing_says_so(chromium: Any, sites: Sites, tmp_path: Any):  # noqa: ANN401
    """The newest images stay to be seen."""
    for name in ("index.html", "assets", "thumbs"):
        (tmp_path / name).symlink_to(sites.full / name)
    with visiting(chromium, folder_url(tmp_path)) as visit:
        page = visit.open("index.html")
        page.get_by_text("Search is not ready yet").wait_for()
        assert page.locator(".tile img").first.is_visible()


def test_no_attack_runs_anywhere(served_gallery: Visit):
    """In results, chips, facets, proposals, mistakes and the way back from each image."""
    for attack in (a for a in ATTACKS if "\ud800" not in a):
        quoted = '"' + attack.replace("\\", "\\\\").replace('"', '\\"') + '"'
        for query in (quoted, f"category:{quoted}", attack, f"dog {attack}", f"-{quoted}"):
            served_gallery.open("index.html?q=" + _quoted(query))
            served_gallery.settled()
        page = served_gallery.page
        for prefix in (attack, f'"{attack}', attack[:3]):
            page.fill("#query", prefix)
            page.wait_for_timeout(30)
        assert page.evaluate("document.querySelectorAll('#content script, iframe').length") == 0
    assert page.evaluate("document.title").startswith(("-", '"', "My"))


def test_a_hash_that_lies_is_not_followed(served_gallery: Visit):
    """What stands behind the # leads nowhere but to searches of this site."""
    page_name = layout.link(layout.page_name(DOG))
    for lie in (
        "#id=1&q=%22%3E%3Cscript%3E",
        "#id=javascript:alert(1)",
        "#q=%E0%A4%A",
        "#id=-1e99",
    ):
        served_gallery.page.goto("about:blank")
        page = served_gallery.open(page_name + lie)
        page.wait_for_timeout(100)
        for link in page.locator("a[href]").all():
            assert link.get_attribute("href").startswith(("../", "#", "images/"))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["laptop", "phone"])
def test_axe_finds_nothing_in_any_state(
    chromium: Any,  # noqa: ANN401
    sites: Sites,
    theme: str,
    viewport: dict[str, int],
):
    """Results, proposals, mistakes, nothing found, open filters, an image within a search."""
    with visiting(chromium, sites.server, viewport=viewport, color_scheme=theme) as visit:
        page = visit.open("index.html?q=cat%20animal")
        visit.settled()
        page.wait_for_selector(".facet", state="attached")
        assert not barriers(page)
        if viewport == PHONE:
            page.click(".narrow")
            assert not barriers(page)
            page.keyboard.press("Escape")
        page.fill("#query", "ca")
        page.locator("[role=option]").first.wait_for()
        page.press("#query", "ArrowDown")
        assert not barriers(page)
        for query in ("kat", "cat car"):
            visit.search(query)
            page.locator("#notice h2").wait_for()
            assert not barriers(page), query
        visit.search("cat")
        page.click(".tile >> nth=1")
        page.wait_for_selector(".turn[rel=next]")
        assert not barriers(page)


def _quoted(text: str) -> str:
    return layout.search_link(text).partition("?q=")[2]
