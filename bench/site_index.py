"""The site's index at scale: what it takes to build, to update and to search in a browser.

    make bench-site
    make bench-site BENCH_ARGS="--images 1000 100000 1000000"

Catalogs of synthetic images (bench/synthetic.py) are made in ``bench/cache`` and kept. Prints the
tables of docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bucketlens.catalog import Catalog
from bucketlens.stores import open_store
from machine import describe_machine
from site_browsing import answered, served, visiting
from tables import markdown

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).resolve().parent
CACHE = HERE / "cache"
UPDATES = (1, 100, 10_000)
REPEATED = 100
"""Updates of up to so many images are made three times; the middle one counts."""


def prepared(images: int) -> Path:
    """The folder of a collection with so many images: its catalog, and no index yet."""
    kept, out = CACHE / f"catalog-{images}", CACHE / f"site-{images}"
    if not (kept / "catalog").is_dir():
        _run("synthetic.py", "catalog", str(kept), str(images))
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(kept, out)
    (out / "metadata").mkdir(exist_ok=True)
    return out


def _run(script: str, *arguments: str) -> str:
    command = [sys.executable, str(HERE / script), *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def step(*arguments: str) -> dict[str, Any]:
    """A step in a process of its own."""
    found: dict[str, Any] = json.loads(_run("site_building.py", *arguments))
    return found


def size_of(out: Path) -> tuple[int, int]:
    """Files and bytes of the index."""
    files = [path.stat().st_size for path in (out / "site/data/index").rglob("*.js")]
    return len(files), sum(files)


def questions_for(out: Path) -> dict[str, str]:
    """What is asked: nothing, a rare label, the most frequent one, several terms, a date."""
    stores = open_store(str(out)), open_store(str(out / "metadata"))
    with Catalog(*stores, clock=time.time).snapshot().connect() as engine:
        engine.execute(
            "CREATE TEMP TABLE n AS SELECT label, v.name, count(*) AS n FROM labels l"
            " JOIN vocabulary v ON v.id = l.label GROUP BY ALL"
        )
        rare, *_ = engine.execute("SELECT name FROM n ORDER BY abs(n - 100), name").fetchall()
        most, *_ = engine.execute("SELECT name, label FROM n ORDER BY n DESC, name").fetchall()
        beside = engine.execute(
            "SELECT v.name, count(*) AS c FROM labels l JOIN vocabulary v ON v.id = l.label"
            " WHERE l.image IN (SELECT image FROM labels WHERE label = ?) AND l.label != ?"
            " GROUP BY ALL ORDER BY c DESC, v.name LIMIT 12",
            [most[1], most[1]],
        ).fetchall()
    third, last = beside[2][0], beside[-1][0]
    return {
        "first view": "",
        "one label, rare": f'"{rare[0]}"',
        "one label, the most frequent": f'"{most[0]}"',
        "three terms": f'"{most[0]}" "{last}" color:blue',
        "three terms, one of them not": f'"{third}" -"{last}" orientation:portrait',
        "a colour after a date": "color:pink after:2024-05-10",
        "sure ones of a label": f'"{most[0]}" confidence>90',
    }


def report_building(out: Path, images: int, updates: Sequence[int]) -> list[list[str]]:
    """Rows of the table of builds and updates."""
    built = step("build", str(out))
    files, octets = size_of(out)
    rows = [
        [f"{images:,}", "build", *_cells(built), f"{files:,} files, {octets / 1e6:.1f} MB in all"]
    ]
    first = images
    for count in (n for n in updates if n <= images):
        numbers = [first + n * count for n in range(3 if count <= REPEATED else 1)]
        first = numbers[-1] + count
        took = [step("update", str(out), str(count), str(number)) for number in numbers]
        middle = sorted(took, key=lambda one: one["seconds"])[len(took) // 2]
        share = statistics.fmean(one["written"] for one in took) / octets
        rows.append([f"{images:,}", f"{count:,} new", *_cells(middle), f"{share:.2%} of the bytes"])
    return rows


def _cells(took: dict[str, Any]) -> list[str]:
    return [
        f"{took['seconds']:.2f} s",
        f"{took['work']:.2f} s",
        f"{took['peak_mb']:.0f} MB",
        f"{took['pieces']:,}",
        f"{took['written'] / 1e3:,.0f} KB",
    ]


def report_browsing(out: Path, images: int) -> list[list[str]]:
    """Rows of the table of what a browser fetches."""
    questions = questions_for(out)
    frequent = questions["one label, the most frequent"]
    ways = {"files": served(out / "site"), "server": answered(out)}
    visits = {}
    for way, serving in ways.items():
        with serving as url, visiting(url) as visitor:
            for name, text in questions.items():
                visits[way, f"{name}: `{text}`"] = visitor.visit(text)
            visits[way, f"tenth screen: `{frequent}`"] = visitor.tenth_screen(frequent)
    return [
        [
            f"{images:,}",
            way,
            name.removesuffix(": ``"),
            one.found,
            f"{one.shown:.0f} ms",
            f"{one.narrowed:.0f} ms" + (", estimated" if one.estimated else ""),
            f"{one.requests}",
            f"{one.octets / 1e3:,.0f} KB",
        ]
        for (way, name), one in visits.items()
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=[1000, 100_000])
    parser.add_argument("--updates", type=int, nargs="*", default=UPDATES)
    chosen = parser.parse_args()
    building: list[list[str]] = []
    browsing: list[list[str]] = []
    for images in chosen.images:
        out = prepared(images)
        building += report_building(out, images, chosen.updates)
        browsing += report_browsing(out, images)
    print(describe_machine())
    heads = ["images", "what", "time", "processor", "peak memory", "files", "written", "beside it"]
    print(markdown(heads, building))
    heads = ["images", "from", "what", "found", "rows shown", "facets too", "files", "fetched"]
    print(markdown(heads, browsing))


if __name__ == "__main__":
    main()
