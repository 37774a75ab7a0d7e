"""What the catalog costs: made anew, brought up to date, loaded, asked from a cold start.

    python bench/catalog.py                     100,000 synthetic images
    python bench/catalog.py --images 1000000 --folder /var/tmp

Records are written first (see ``synthetic.py``); that is not measured. What is called as a command
is a process of its own, and its memory is the most that it or one of its processes held. Updates
are timed in this process, as a worker makes them. Prints one line of a table for each.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bucketlens.assembly import Collection
from bucketlens.settings import Settings
from machine import available_cores, describe_machine
from synthetic import key_of, load_pool, write_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bucketlens.catalog import Catalog

ROOT = Path(__file__).resolve().parents[1]
QUESTION = (
    "SELECT count(*) FROM (SELECT image FROM labels JOIN vocabulary v ON v.id = label"
    " WHERE v.name IN ('Animal', 'Mammal', 'Dog') GROUP BY image HAVING count(*) = 3)"
)
ROUNDS = 5
PARTIAL = 1
"""The status of a command that was told of failures: some of the images are such."""

NEW = itertools.count(50_000_000)
"""Numbers of the images that updates bring."""


class Cost(NamedTuple):
    """Seconds by the clock, seconds of processors, megabytes; None where it is not known."""

    seconds: float
    processor: float
    megabytes: float | None = None


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What the catalog costs")
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="work here instead of in a temporary folder")
    chosen = parser.parse_args()
    load_pool()
    print(describe_machine() + "\n")
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        out = f"{folder}/out"
        write_records(out, 0, chosen.images, available_cores())
        print(
            f"| {'with ' + format(chosen.images, ',') + ' images':<44} | seconds | CPU s |    MB |"
        )
        print(f"|{'-' * 46}|{'-' * 9}|{'-' * 7}|{'-' * 7}|")
        for what, cost in costs(out):
            memory = "" if cost.megabytes is None else f"{cost.megabytes:,.0f}"
            print(f"| {what:<44} | {cost.seconds:>7.2f} | {cost.processor:>5.1f} | {memory:>5} |")
        size = sum(path.stat().st_size for path in Path(out, "catalog").iterdir())
        print(f"\n{size / 1e6:,.1f} MB in {out}/catalog, of several states")


def costs(out: str) -> Iterator[tuple[str, Cost]]:
    """Each step and what it took."""
    yield "made from the records", call("index", out, "--rebuild", "--no-pages")
    yield "nothing to do", call("index", out, "--no-pages")
    catalog = Collection(out, Settings(pages=False)).catalog
    for count in (1, 100, 10_000):
        yield f"{count:,} new images, by the listing", update(catalog, out, count, listed=True)
        yield f"{count:,} new images, by their keys", update(catalog, out, count, listed=False)
    yield "merged into one segment", timed(catalog.compact)
    yield "three labels at once, by `bucketlens sql`", call("sql", out, QUESTION)
    yield "status", call("status", out)
    yield "compared with all records", call("index", out, "--check")


def update(catalog: Catalog, out: str, count: int, *, listed: bool) -> Cost:
    """The median of several updates, each of so many records that are put before."""
    found: list[Cost] = []
    for _ in range(ROUNDS if count < 1000 else 1):  # noqa: PLR2004 - large ones take long enough
        first = next(NEW)
        for _ in range(count - 1):
            next(NEW)
        write_records(out, first, count, 1 if count < 1000 else available_cores())  # noqa: PLR2004
        keys = None if listed else [key_of(number) for number in range(first, first + count)]
        found.append(timed(lambda keys=keys: catalog.refresh(keys)))
    return Cost(
        statistics.median(cost.seconds for cost in found),
        statistics.median(cost.processor for cost in found),
    )


def timed(do: Callable[[], object]) -> Cost:
    """What a call in this process takes."""
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    do()
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(seconds, processor)


def call(*arguments: str) -> Cost:
    """What a command takes as a process."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    # The system's own figure for a process counts what its parent held when it was begun.
    script = (
        "import re, resource, sys; from bucketlens.cli import run; status = run(sys.argv[1:]);"
        "own = int(re.search('VmHWM:\\\\s+(\\\\d+)', open('/proc/self/status').read())[1]);"
        "others = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss;"
        "print('PEAK', max(own, others), file=sys.stderr); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"if __name__ == '__main__':\n exec({script!r})", *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in {0, PARTIAL}:
        raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(seconds, processor, float(done.stderr.rpartition("PEAK")[2]) / 1024)


if __name__ == "__main__":
    main()
