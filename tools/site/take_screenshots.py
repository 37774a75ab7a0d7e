"""Takes pictures of the pages of a site, at two sizes and in both themes, to be looked at.

Usage: python tools/site/take_screenshots.py SITE FOLDER [PAGE ...] [--docs]

SITE is the folder with index.html; PAGE is an address below it. By default the gallery, a search,
its filters (on a phone), a mistake, an image within a search, and the overview. --docs takes only
the two small ones that docs and README show. Needs Chromium and `pip install playwright`.
"""

from __future__ import annotations

import argparse
import importlib
import shutil
from pathlib import Path
from typing import Any, NamedTuple

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
SIZES = {"laptop": (1360, 850, 1), "phone": (390, 844, 2)}
THEMES = ("light", "dark")
DOCS = (1180, 760, 1)


class Shot(NamedTuple):
    """A picture to take.

    Attributes:
        name: Of its file.
        address: Of the page.
        click: What is clicked before the picture is taken; nothing where that is not there.
        wait: What is there when the page is ready.
    """

    name: str
    address: str
    click: str = ""
    wait: str = "body"


def main() -> None:
    """Write one PNG for each page, size and theme."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("site", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("pages", nargs="*")
    parser.add_argument("--docs", action="store_true")
    arguments = parser.parse_args()
    program = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if program is None:
        raise SystemExit("no Chromium is installed")
    site, folder = arguments.site.resolve(), arguments.folder
    shots = [Shot(Path(page).stem, page) for page in arguments.pages] or usual(site)
    folder.mkdir(parents=True, exist_ok=True)
    api = importlib.import_module("playwright.sync_api")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*QUIET])
        if arguments.docs:
            image = arguments.pages[0] if arguments.pages else first_with_boxes(site)
            shots = [Shot("gallery", "index.html"), Shot("page", image)]
            take(browser, site, shots, folder, DOCS, "light", ".jpg")
        else:
            for size, shape in SIZES.items():
                for theme in THEMES:
                    take(browser, site, shots, folder, shape, theme, f"-{size}-{theme}.png")
        browser.close()


def usual(site: Path) -> list[Shot]:
    """The pages that are worth a look."""
    return [
        Shot("gallery", "index.html"),
        Shot("search", "index.html?q=animal%20-cat"),
        Shot("filters", "index.html?q=animal", click=".narrow"),
        Shot("mistake", "index.html?q=dog%20kat"),
        Shot("nothing", "index.html?q=dog%20pizza%20horse"),
        Shot("within", "index.html?q=animal", click=".tile:nth-child(2) a", wait=".turn"),
        Shot("image", first_with_boxes(site)),
        Shot("overview", "overview.html"),
    ]


def first_with_boxes(site: Path) -> str:
    """The first page of an image on which at least two things have a place."""
    for path in sorted((site / "images").rglob("*.html")):
        if path.read_text(encoding="utf-8").count('class="box') > 1:
            return path.relative_to(site).as_posix()
    raise SystemExit(f"no page with boxes in {site}")


def take(
    browser: Any,  # noqa: ANN401 - Playwright is imported only where it is there
    site: Path,
    shots: list[Shot],
    folder: Path,
    shape: tuple[int, int, int],
    theme: str,
    suffix: str,
) -> None:
    """Pictures of these pages at one size in one theme."""
    width, height, scale = shape
    context = browser.new_context(
        viewport={"width": width, "height": height}, device_scale_factor=scale, color_scheme=theme
    )
    page = context.new_page()
    for shot in shots:
        page.goto(f"{site.as_uri()}/{shot.address}")
        page.wait_for_load_state("networkidle")
        if shot.click and page.locator(shot.click).is_visible():
            page.click(shot.click)
            page.wait_for_selector(shot.wait)
            page.wait_for_load_state("networkidle")
        target = folder / f"{shot.name}{suffix}"
        quality = {"quality": 86} if target.suffix == ".jpg" else {}
        page.screenshot(path=target, **quality)
        print(target)
    context.close()


if __name__ == "__main__":
    main()
