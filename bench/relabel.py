"""What it costs to make all labels again: told beforehand, and done.

    python bench/relabel.py                     20,000 and 100,000 synthetic records
    python bench/relabel.py --images 20000 --folder /dev/shm/relabel

Records are written first (see ``synthetic.py``), relabelled once so that their labels are those of
their scores, and their catalog is made; that is not measured. Each line is a process of its own,
its start counted apart; memory is that of all its processes together. With ``--folder`` the records
stay there for the next call; ``--prepare`` does no more than write them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from machine import available_cores, describe_machine
from synthetic import load_pool, write_records
from watching import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
USUAL, NEAR, FAR = 55.0, 56.0, 90.0
"""Thresholds: as it was, where few images change, and where most do."""


class Measured(NamedTuple):
    """One call: its summary, seconds of its process, and the peak of its memory in MB."""

    summary: dict[str, Any]
    seconds: float
    megabytes: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What it costs to make all labels again")
    parser.add_argument("--images", type=int, nargs="+", default=[20_000, 100_000])
    parser.add_argument("--folder", type=Path, help="keep the records here")
    parser.add_argument("--prepare", action="store_true", help="write the records, no more")
    parser.add_argument("--dry", action="store_true", help="measure dry runs only")
    chosen = parser.parse_args()
    load_pool()
    print(describe_machine() + "\n")
    print("| records | what | changed | records/s | with the start | catalog, s | peak, MB |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as temporary:
        for images in chosen.images:
            out = (chosen.folder or Path(temporary)) / f"records-{images}"
            if not (out / "ready").exists():
                prepare(out, images)
            if not chosen.prepare:
                for what, done in measure(out, Path(temporary), dry=chosen.dry):
                    print(line(images, what, done), flush=True)


def prepare(out: Path, images: int) -> None:
    """Records whose labels are those of their scores, and their catalog."""
    shutil.rmtree(out, ignore_errors=True)
    write_records(str(out), 0, images, available_cores())
    if relabel(out, USUAL).summary["stale"]:
        raise SystemExit("the synthetic records are of other models than those in force")
    (out / "ready").touch()


def measure(out: Path, temporary: Path, *, dry: bool) -> Iterator[tuple[str, Measured]]:
    """Each call; those that write have a copy of their own."""
    for threshold in (NEAR, FAR):
        yield f"told, from {threshold:g} %", relabel(out, threshold, "--dry-run")
    yield "told, without a catalog", without_catalog(out)
    for threshold in () if dry else (NEAR, FAR):
        copy = (out.parent if out.parent.exists() else temporary) / "copy"
        shutil.copytree(out, copy, copy_function=shutil.copy2)
        try:
            yield f"done, from {threshold:g} %", relabel(copy, threshold)
        finally:
            shutil.rmtree(copy)


def without_catalog(out: Path) -> Measured:
    """A dry run that has to read all records."""
    (out / "catalog").rename(out / "hidden")
    try:
        return relabel(out, FAR, "--dry-run")
    finally:
        (out / "hidden").rename(out / "catalog")


def relabel(out: Path, threshold: float, *more: str) -> Measured:
    """One call of the command."""
    command = [sys.executable, "-m", "bucketlens", "relabel", str(out), "--no-pages", "--json"]
    began = time.perf_counter()
    with subprocess.Popen(
        [*command, "--min-confidence", str(threshold), *more],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        watch = Watch(process.pid)
        told, complaints = process.communicate()
    seconds = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"relabel ended with {process.returncode}: {complaints}")
    return Measured(json.loads(told), seconds, watch.peak())


def line(images: int, what: str, done: Measured) -> str:
    """A row of the table."""
    summary = done.summary
    seen = sum(summary[name] for name in ("changed", "same", "stale", "passed_over", "busy"))
    rate, whole = seen / summary["seconds"], seen / done.seconds
    return (
        f"| {images:,} | {what} | {summary['changed']:,} | {rate:,.0f} | {whole:,.0f} |"
        f" {summary['indexing_seconds']:.1f} | {done.megabytes:.0f} |"
    )


if __name__ == "__main__":
    main()
