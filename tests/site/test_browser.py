"""The pages in a real browser, opened from a folder as people do after a run."""

from __future__ import annotations

import importlib
import importlib.util
import io
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from tests.browser import launched_chromium, missing
from tests.site.samples import DAY, NOVEMBER, box, failure, label, record
from tests.site.test_escaping import ATTACKS, everywhere

from bucketlens.site import IndexBuilder, SiteWriter, layout
from bucketlens.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bucketlens.records import LabelRecord

pytestmark = pytest.mark.xdist_group("browser")

DESKTOP = {"width": 1360, "height": 850}
PHONE = {"width": 390, "height": 844}
NARROW = {"width": 320, "height": 600}

DOG = "trip/lisbon/été 100% #1 & <b>.JPG"
CROWD = "crowd.jpg"
PLAIN = "nothing.jpg"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium, driven by Playwright."""
    with launched_chromium() as browser:
        yield browser


@dataclass
class Visit:
    """A page in the browser, and what went wrong on it."""

    page: Any
    root: Path
    troubles: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, name: str) -> Any:  # noqa: ANN401 - Playwright's page
        """Open a file of the site; all pictures are loaded when this returns."""
        self.page.goto((self.root / name).as_uri())
        self.page.evaluate(
            """Promise.all([...document.images].map(i => {
              i.loading = 'eager';
              return i.decode().catch(() => {});
            }))"""
        )
        return self.page

    def numbers(self, script: str) -> list[float]:
        """The numbers that a script finds on the page."""
        found: list[float] = self.page.evaluate(script)
        return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with a dog, a crowd, an image without labels, shapes of all kinds and attacks."""
    root = tmp_path_factory.mktemp("site of 100% #1")
    crowd = [box(n / 20, 0.1 + n / 40, 0.04, 0.2) for n in range(20)]
    shapes = [(3000, 2000), (2000, 3000), (5000, 900), (900, 5000), (64, 64), (4032, 3024)]
    records = [
        record(key=DOG, taken="2026-11-20T12:00:00"),
        record(key=CROWD, labels=[label("Person", boxes=crowd), label("Ball", 70.0)]),
        record(key=PLAIN, labels=[]),
        *(
            record(key=f"shape-{n:02}.jpg", size=shapes[n % 6], modified=NOVEMBER - n * DAY)
            for n in range(40)
        ),
        *(everywhere(attack) for attack in ATTACKS if "\ud800" not in attack),
        record(key="stray bytes \udce9.jpg"),
    ]
    write_site(root, records)
    write_site(root / "empty", [])
    return root


def write_site(root: Path, records: list[LabelRecord]) -> None:
    """Write a site with plain pictures of the right shapes."""
    writer = SiteWriter(open_store(str(root)), title="My <photos>", thumbnail_size=320)
    index = IndexBuilder(per_page=40)
    for one in records:
        size = one.image.width, one.image.height
        writer.write_image(one, thumbnail=jpeg(size, 320), preview=jpeg(size, 1024))
        index.add(one)
    if records:
        index.add(failure())
    writer.write_index(index)


def jpeg(size: tuple[int, int], long_side: int) -> bytes:
    """A grey picture."""
    scale = min(1.0, long_side / max(size))
    data = io.BytesIO()
    Image.new("RGB", (round(size[0] * scale), round(size[1] * scale)), "#888").save(data, "JPEG")
    return data.getvalue()


@contextmanager
def visiting(chromium: Any, site: Path, **options: object) -> Iterator[Visit]:  # noqa: ANN401
    """A fresh window whose troubles are noted: messages, failed requests, dialogs."""
    context = chromium.new_context(**{"viewport": DESKTOP, **options})
    visit = Visit(context.new_page(), site)
    visit.page.on("console", lambda message: visit.troubles.append(message.text))
    visit.page.on("pageerror", lambda error: visit.troubles.append(str(error)))
    visit.page.on("requestfailed", lambda request: visit.troubles.append(request.url))
    visit.page.on("dialog", lambda dialog: visit.troubles.append(f"dialog {dialog.message}"))
    visit.page.on("request", lambda request: visit.requests.append(request.url))
    yield visit
    context.close()


@pytest.fixture
def desktop(chromium: Any, site: Path) -> Iterator[Visit]:  # noqa: ANN401
    """The site in a window of a laptop."""
    with visiting(chromium, site) as visit:
        yield visit
        assert not visit.troubles


def pages(site: Path) -> list[str]:
    """All pages of the site, those of plain shapes once each."""
    names = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    return [name for name in names if "shape" not in name or "shape-0" in name]


def test_every_page_is_whole_and_no_attack_runs(desktop: Visit, site: Path):
    """Style and pictures load under the strict policy, nothing else does, nothing complains."""
    for name in pages(site):
        page = desktop.open(name)
        assert page.evaluate("getComputedStyle(document.body).margin") == "0px", name
        assert page.evaluate("[...document.images].every(i => i.naturalWidth > 0)"), name
        assert page.evaluate("document.scripts.length") == 0, name
    assert all(url.startswith(site.as_uri()) for url in desktop.requests)


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE, NARROW], ids=["laptop", "phone", "narrow"])
def test_nothing_is_wider_than_the_window(chromium: Any, site: Path, viewport: dict[str, int]):  # noqa: ANN401
    """No page scrolls sideways, whatever stands in its names."""
    with visiting(chromium, site, viewport=viewport) as visit:
        for name in pages(site):
            page = visit.open(name)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["laptop", "phone"])
def test_boxes_lie_where_they_belong(chromium: Any, site: Path, viewport: dict[str, int]):  # noqa: ANN401
    """To the pixel, at any size of the window."""
    with visiting(chromium, site, viewport=viewport) as visit:
        visit.open(layout.page_name(DOG))
        left, top, width, height = visit.numbers(
            """(() => {
              const photo = document.querySelector('.photo img').getBoundingClientRect();
              const box = document.querySelector('.m0 .edge').getBoundingClientRect();
              return [(box.x - photo.x) / photo.width, (box.y - photo.y) / photo.height,
                      box.width / photo.width, box.height / photo.height];
            })()"""
        )
    assert (left, top, width, height) == pytest.approx((0.1, 0.2, 0.5, 0.6), abs=0.01)


def opacities(visit: Visit) -> list[float]:
    """Of each box, in order."""
    visit.page.wait_for_timeout(200)  # the boxes fade for 0.12 s
    return visit.numbers(
        "[...document.querySelectorAll('.box')].map(b => +getComputedStyle(b).opacity)"
    )


def choose(visit: Visit, radio: str) -> None:
    """Choose what is lit, and go away with pointer and focus."""
    visit.page.check(radio)
    visit.page.mouse.move(0, 0)
    visit.page.evaluate("document.activeElement.blur()")


def test_a_label_lights_up_its_boxes(desktop: Visit):
    """Under the pointer, and for as long as it is chosen."""
    page = desktop.open(layout.page_name(DOG))
    assert opacities(desktop) == [1, 1, 1]
    page.hover(".row.m1")
    assert opacities(desktop) == [0.15, 1, 1]
    choose(desktop, "#pick-0")
    assert opacities(desktop) == [1, 0, 0]
    choose(desktop, "#pick-none")
    assert opacities(desktop) == [0, 0, 0]


def test_a_box_lights_up_its_label(desktop: Visit):
    """Pointing at the picture marks the row beside it."""
    page = desktop.open(layout.page_name(DOG))
    row = "getComputedStyle(document.querySelector('.row.m0')).backgroundColor"
    before = page.evaluate(row)
    page.hover(".photo", position={"x": 200, "y": 200})
    assert page.evaluate(row) != before


def test_captions_of_a_crowd_wait_for_the_pointer(desktop: Visit):
    """Twenty of them would hide the picture."""
    page = desktop.open(layout.page_name(CROWD))
    visible = "getComputedStyle(document.querySelector('.tag')).visibility"
    assert page.evaluate(visible) == "hidden"
    page.hover(".row.m0")
    assert page.evaluate(visible) == "visible"


def test_chips_narrow_the_page(desktop: Visit):
    """A click shows the images with a label, another click all of them."""
    page = desktop.open("index.html")
    shown = "[...document.querySelectorAll('.tile')].filter(t => t.offsetParent).length"
    everything = page.evaluate(shown)
    chip = page.locator(".chip", has_text="Person")
    chip.click()
    assert page.evaluate(shown) == 1
    page.get_by_text("All", exact=True).click()
    assert page.evaluate(shown) == everything


def test_tiles_of_a_row_are_equally_tall_and_keep_their_shape(desktop: Visit):
    """Justified rows, without a script."""
    page = desktop.open("index.html")
    tiles = page.evaluate(
        """[...document.querySelectorAll('.tile')].map(t => {
          const r = t.getBoundingClientRect(), i = t.querySelector('img');
          return [r.top, r.height, r.width / r.height, i.width / i.height,
                  i.getAttribute('width') / i.getAttribute('height')];
        })"""
    )
    rows: dict[float, list[float]] = {}
    for top, height, ratio, _, natural in tiles:
        rows.setdefault(round(top), []).append(height)
        assert ratio == pytest.approx(min(max(natural, 0.5), 2.1), rel=0.06)
    assert len(rows) > 3
    assert all(max(heights) - min(heights) < 1.5 for heights in rows.values())


def test_the_keyboard_reaches_an_image(desktop: Visit):
    """Past the skip link and the chips to a tile, and into its page."""
    page = desktop.open("index.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("!!document.activeElement.closest('.tile')"):
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    page.wait_for_selector(".viewer")


def test_pages_need_no_script(chromium: Any, site: Path):  # noqa: ANN401
    """With JavaScript off a label still lights up its boxes."""
    with visiting(chromium, site, java_script_enabled=False) as visit:
        visit.page.goto((visit.root / layout.page_name(DOG)).as_uri())
        visit.page.check("#pick-none")
        assert not visit.page.locator(".box").first.is_visible()
        visit.page.check("#pick-0")
        assert visit.page.locator(".box").first.is_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["laptop", "phone"])
def test_axe_finds_nothing(chromium: Any, site: Path, theme: str, viewport: dict[str, int]):  # noqa: ANN401
    """No barrier that axe-core knows, in either theme, on any kind of page."""
    if importlib.util.find_spec("axe_playwright_python") is None:
        missing("no axe-core for the pages; pip install axe-playwright-python")
    package = importlib.import_module("axe_playwright_python")
    axe = (Path(package.__path__[0]) / "axe.min.js").read_text(encoding="utf-8")
    names = ["index.html", "index-2.html", "empty/index.html"]
    names += [layout.page_name(key) for key in (DOG, CROWD, PLAIN)]
    with visiting(chromium, site, viewport=viewport, color_scheme=theme) as visit:
        for name in names:
            page = visit.open(name)
            page.evaluate(axe)
            found = page.evaluate("rules => axe.run({runOnly: rules, preload: false})", RULES)[
                "violations"
            ]
            assert not [(one["id"], one["nodes"][0]["html"]) for one in found], name
        assert not visit.troubles
