"""The pages in a real browser, opened from a folder as people do after a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.site.browsing import DESKTOP, NARROW, PHONE, Visit, barriers, folder_url, visiting
from tests.site.conftest import CROWD, DOG, PLAIN, Sites

from bucketlens.site import layout

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def desktop(chromium: Any, sites: Sites) -> Iterator[Visit]:  # noqa: ANN401
    """The site in a window of a laptop."""
    with visiting(chromium, sites.folder) as visit:
        yield visit
        assert not visit.troubles


def pages(sites: Sites) -> list[str]:
    """Addresses of all pages of the site, those that are like many others once."""
    names = sorted(path.relative_to(sites.full).as_posix() for path in sites.full.rglob("*.html"))
    return [layout.link(name) for name in names if "many/" not in name or "000" in name]


def test_every_page_is_whole_and_no_attack_runs(desktop: Visit, sites: Sites):
    """Style, script and pictures load under the strict policy, nothing else does."""
    for name in pages(sites):
        page = desktop.open(name)
        assert page.evaluate("getComputedStyle(document.body).margin") == "0px", name
        page.wait_for_function("() => [...document.images].every(i => i.naturalWidth > 0)")
        assert page.evaluate("document.scripts.length") >= 1, name
    assert all(url.startswith(sites.folder) for url in desktop.requests)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE, NARROW], ids=["laptop", "phone", "narrow"])
def test_nothing_is_wider_than_the_window(chromium: Any, sites: Sites, viewport: dict[str, int]):  # noqa: ANN401
    """No page scrolls sideways, whatever stands in its names."""
    with visiting(chromium, sites.folder, viewport=viewport) as visit:
        for name in pages(sites):
            page = visit.open(name)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["laptop", "phone"])
def test_boxes_lie_where_they_belong(chromium: Any, sites: Sites, viewport: dict[str, int]):  # noqa: ANN401
    """To the pixel, at any size of the window."""
    with visiting(chromium, sites.folder, viewport=viewport) as visit:
        page = visit.open(layout.link(layout.page_name(DOG)))
        place = page.evaluate(
            """(() => {
              const photo = document.querySelector('.photo img').getBoundingClientRect();
              const box = document.querySelector('.m0 .edge').getBoundingClientRect();
              return [(box.x - photo.x) / photo.width, (box.y - photo.y) / photo.height,
                      box.width / photo.width, box.height / photo.height];
            })()"""
        )
    assert place == pytest.approx((0.1, 0.2, 0.5, 0.6), abs=0.01)


def opacities(visit: Visit, kind: str = ".box") -> list[float]:
    """Of each box or tag, in order."""
    visit.page.wait_for_timeout(200)  # the boxes fade for 0.12 s
    found: list[float] = visit.page.eval_on_selector_all(
        kind, "boxes => boxes.map(b => +getComputedStyle(b).opacity)"
    )
    return found


def choose(visit: Visit, radio: str) -> None:
    """Choose what is lit, and go away with pointer and focus."""
    visit.page.check(radio)
    visit.page.mouse.move(0, 0)
    visit.page.evaluate("document.activeElement.blur()")


def test_a_label_lights_up_its_boxes(desktop: Visit):
    """Under the pointer, and for as long as it is chosen."""
    page = desktop.open(layout.link(layout.page_name(DOG)))
    assert opacities(desktop) == [1, 1, 1]
    page.hover(".row.m1")
    assert opacities(desktop) == [0.15, 1, 1]
    choose(desktop, "#pick-0")
    assert opacities(desktop) == [1, 0, 0]
    choose(desktop, "#pick-none")
    assert opacities(desktop) == [0, 0, 0]


def test_a_key_hides_and_shows_the_boxes(desktop: Visit):
    """The letter b."""
    page = desktop.open(layout.link(layout.page_name(DOG)))
    page.keyboard.press("b")
    assert opacities(desktop) == [0, 0, 0]
    page.keyboard.press("b")
    assert opacities(desktop) == [1, 1, 1]


def test_a_box_lights_up_its_label(desktop: Visit):
    """Pointing at the picture marks the row beside it."""
    page = desktop.open(layout.link(layout.page_name(DOG)))
    row = "getComputedStyle(document.querySelector('.row.m0')).backgroundColor"
    before = page.evaluate(row)
    frame = page.locator(".m0 .edge").bounding_box()
    page.mouse.move(frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2)
    assert page.evaluate(row) != before


def test_captions_of_a_crowd_wait_for_the_pointer(desktop: Visit):
    """Twenty of them would hide the picture."""
    page = desktop.open(layout.link(layout.page_name(CROWD)))
    assert max(opacities(desktop, ".tag")) == 0
    page.hover(".row.m0")
    assert min(opacities(desktop, ".tag")) == 1


def test_the_keyboard_reaches_an_image_without_a_script(chromium: Any, sites: Sites):  # noqa: ANN401
    """Past the skip link to a tile, and into its page."""
    with visiting(chromium, sites.folder, java_script_enabled=False) as visit:
        page = visit.page
        page.goto(sites.folder + "index.html")
        page.keyboard.press("Tab")
        assert page.locator(".skip:focus").is_visible()
        page.locator(".tile a").first.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(".viewer")


def test_pages_need_no_script(chromium: Any, sites: Sites):  # noqa: ANN401
    """Without one the newest images are there, boxes light up, and the form opens the index."""
    with visiting(chromium, sites.server, java_script_enabled=False) as visit:
        page = visit.page
        page.goto(sites.server + "index.html")
        assert page.locator(".tile img").first.is_visible()
        assert page.locator("noscript").is_visible()
        page.goto(sites.server + layout.link(layout.page_name(DOG)))
        page.check("#pick-none")
        page.wait_for_timeout(200)
        assert page.locator(".box").first.evaluate("b => getComputedStyle(b).opacity") == "0"
        page.check("#pick-0")
        page.wait_for_timeout(200)
        assert page.locator(".m0.box").evaluate("b => getComputedStyle(b).opacity") == "1"
        page.fill("#query", "dog & cat")
        page.press("#query", "Enter")
        page.wait_for_url("**/index.html?q=dog+%26+cat")


def test_tiles_without_a_script_keep_their_shape(chromium: Any, sites: Sites):  # noqa: ANN401
    """Justified rows of equal height."""
    with visiting(chromium, sites.folder, java_script_enabled=False) as visit:
        visit.page.goto(sites.folder + "index.html")
        boxes = [tile.bounding_box() for tile in visit.page.locator(".tile").all()]
    rows: dict[float, list[float]] = {}
    for box in boxes:
        rows.setdefault(round(box["y"]), []).append(box["height"])
    assert len(rows) > 3
    assert all(max(heights) - min(heights) < 1.5 for heights in rows.values())


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["laptop", "phone"])
def test_axe_finds_nothing(chromium: Any, sites: Sites, theme: str, viewport: dict[str, int]):  # noqa: ANN401
    """No barrier that axe-core knows, in either theme, on any kind of page."""
    names = ["index.html", "overview.html"]
    names += [layout.link(layout.page_name(key)) for key in (DOG, CROWD, PLAIN)]
    urls = [sites.folder + name for name in names]
    urls += [folder_url(sites.empty) + name for name in ("index.html", "overview.html")]
    with visiting(chromium, "", viewport=viewport, color_scheme=theme) as visit:
        for url in urls:
            assert not barriers(visit.open(url)), url
        assert not visit.troubles
