"""Takes pictures of the pages of a site, at two sizes and in both themes, to be looked at.

Usage: python tools/site/take_screenshots.py SITE FOLDER [PAGE ...]

SITE is the folder with index.html; PAGE is a page below it, by default index.html and the first
image that has boxes. Needs Chromium and `pip install playwright`.
"""

from __future__ import annotations

import argparse
import importlib
import shutil
from pathlib import Path
from typing import Any

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
SIZES = {"laptop": (1360, 850, 1), "phone": (390, 844, 2)}
THEMES = ("light", "dark")


def main() -> None:
    """Write one PNG for each page, size and theme."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("site", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("pages", nargs="*")
    arguments = parser.parse_args()
    program = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if program is None:
        raise SystemExit("no Chromium is installed")
    pages = arguments.pages or ["index.html", first_with_boxes(arguments.site)]
    arguments.folder.mkdir(parents=True, exist_ok=True)
    api = importlib.import_module("playwright.sync_api")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*QUIET])
        for size in SIZES:
            for theme in THEMES:
                take(browser, arguments.site.resolve(), pages, arguments.folder, size, theme)
        browser.close()


def first_with_boxes(site: Path) -> str:
    """The first page of an image on which something has a place."""
    for path in sorted((site / "images").rglob("*.html")):
        if 'class="box' in path.read_text(encoding="utf-8"):
            return path.relative_to(site).as_posix()
    raise SystemExit(f"no page with boxes in {site}")


def take(
    browser: Any,  # noqa: ANN401 - Playwright is imported only where it is there
    site: Path,
    pages: list[str],
    folder: Path,
    size: str,
    theme: str,
) -> None:
    """Pictures of these pages at one size in one theme."""
    width, height, scale = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, device_scale_factor=scale, color_scheme=theme
    )
    page = context.new_page()
    for name in pages:
        page.goto((site / name).as_uri())
        page.wait_for_load_state("networkidle")
        target = folder / f"{Path(name).name.partition('.')[0]}-{size}-{theme}.png"
        page.screenshot(path=target)
        print(target)
    context.close()


if __name__ == "__main__":
    main()
