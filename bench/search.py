"""Search at scale: in a server's memory, and on the command line from a cold start.

    make bench-search
    make bench-search BENCH_ARGS="--images 1000000"

Asks the catalog of synthetic images (bench/synthetic.py), which is made in ``bench/cache`` and
kept. What is asked is drawn from the labels of images that are there: three labels of one image,
or the most frequent label and two that are seen with it. Prints the tables of docs/performance.md.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bucketlens.catalog import Catalog
from bucketlens.catalog.search import Searcher
from bucketlens.stores import open_store
from machine import describe_machine
from tables import markdown

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
CACHE = HERE / "cache"
COLORS = ("blue", "brown", "green", "grey", "red", "white")
COLD_STARTS = 7
TERMS = 3


def prepared(images: int) -> Path:
    """The folder of a collection with so many images; of them, there is the catalog only."""
    kept = CACHE / f"catalog-{images}"
    if not (kept / "catalog").is_dir():
        command = [sys.executable, HERE / "synthetic.py", "catalog", kept, str(images)]
        subprocess.run(command, check=True)
    (kept / "metadata").mkdir(exist_ok=True)
    return kept


def questions(searcher: Searcher, count: int) -> dict[str, list[str]]:
    """Queries by kind; the same at each call."""
    chance = random.Random(1)  # noqa: S311 - a benchmark
    sample = [[label.name for label in hit.labels] for hit in searcher.search("", 20_000).hits]
    rich = [names for names in sample if len(names) >= TERMS]
    ranked = [each.name for each in searcher.facets("").labels]
    most = ranked[0]
    beside = [names for names in rich if most in names]

    def terms(names: list[str], first: str | None = None) -> str:
        others = [name for name in names if name != first]
        chosen = [first] if first else []
        chosen += chance.sample(others, TERMS - len(chosen))
        return " ".join(f'"{name}"' for name in chosen)

    return {
        "three labels of one image": [terms(chance.choice(rich)) for _ in range(count)],
        f"{most} and two labels beside it": [
            terms(chance.choice(beside), most) for _ in range(count)
        ],
        f"{most} alone, a color, dates": [
            f'"{most}" color:{chance.choice(COLORS)} after:{chance.randint(2015, 2026)}'
            for _ in range(count)
        ],
        f"{most} alone": [f'"{most}" confidence>{step}' for step in (0, 50, 60, 70, 80, 90)],
        "one of two labels, not a third": [
            '"{}" OR "{}" -"{}"'.format(*chance.sample(ranked, 3)) for _ in range(count)
        ],
        "part of a name": [f"name:*{chance.randint(1000, 9999)}*" for _ in range(5)],
    }


class Timed(NamedTuple):
    """Milliseconds that queries took, and how many images the median one found.

    Attributes:
        worked: Median of the processor time, also of processes that were started; on a busy
            machine it says more than the others.
    """

    median: float
    late: float
    worked: float
    found: int

    def cells(self) -> list[str]:
        """For a table."""
        return [f"{self.median:,.0f}", f"{self.late:,.0f}", f"{self.worked:,.0f}"]


HEADS = ["median ms", "95 % below, ms", "processor ms, median"]


def timed(ask: Callable[[str], int], texts: list[str]) -> Timed:
    """Ask all of them, one after the other."""
    took, worked, found = [], [], []
    for text in texts:
        began, used = time.perf_counter(), _processor_time()
        found.append(ask(text))
        took.append(1000 * (time.perf_counter() - began))
        worked.append(1000 * (_processor_time() - used))
    late = float(np.percentile(took, 95))
    return Timed(float(np.median(took)), late, float(np.median(worked)), int(np.median(found)))


def _processor_time() -> float:
    """Seconds, of this process and of those that it started and that are done."""
    return time.process_time() + sum(os.times()[2:4])


def in_memory(out: Path, count: int) -> dict[str, list[str]]:
    """Load, then ask everything; what is asked."""
    catalog = Catalog(open_store(str(out)), open_store(str(out / "metadata")), clock=time.time)
    searcher = Searcher(catalog.snapshot)
    began, worked = time.perf_counter(), time.process_time()
    searcher.refresh()
    took, work = time.perf_counter() - began, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\n{searcher.total:,} images are loaded in {took:.1f} s ({work:.1f} s of processor time),"
        f" {peak:,.0f} MB at most\n"
    )
    asked = questions(searcher, count)

    def ask(text: str) -> int:
        found = searcher.search(text)
        searcher.facets(text)
        return found.total

    searcher.search("name:x")  # makes the text of all names, once
    rows = []
    for kind, texts in asked.items():
        times = timed(ask, texts)
        rows.append([kind, f"{times.found:,}", *times.cells()])
    print(markdown(["in memory: a page and all facets", "images found", *HEADS], rows))
    return asked


def from_files(out: Path, asked: dict[str, list[str]]) -> None:
    """The command line, each time as a new process."""
    rows = []
    environment = os.environ | {"PYTHONPATH": str(HERE.parent / "src")}

    def ask(text: str, *options: str) -> int:
        command = [sys.executable, "-m", "bucketlens", "search", out, *options, "--", text]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return len(done.stdout.splitlines())

    for kind, texts in asked.items():
        some = [texts[n % len(texts)] for n in range(COLD_STARTS)]
        rows.append([kind, *timed(ask, some).cells()])
        rows.append([f"{kind}, --facets", *timed(lambda text: ask(text, "--facets"), some).cells()])
    print(markdown([f"bucketlens search, {COLD_STARTS} cold starts each", *HEADS], rows))


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description="Search at scale")
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=200, help="of each kind")
    parser.add_argument("--out", type=Path, help="a collection that is there, instead")
    chosen = parser.parse_args()
    out = chosen.out or prepared(chosen.images)
    print(describe_machine())
    asked = in_memory(out, chosen.queries)
    print()
    from_files(out, asked)


if __name__ == "__main__":
    main()
