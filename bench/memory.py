"""How much memory and time whole collections take, with a few images and with many.

    python bench/memory.py                      1,000 and 20,000 images, records for a relabelling
    python bench/memory.py --images 100 2000    other numbers
    python bench/memory.py --settings detector=none

Images are small and all different, so that what grows with their number shows, and not what one
of them takes. Each figure is of a call of its own: the peak of the memory of all its processes
together, what they share counted once, and time by the clock. Prints one line of a table for each.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from PIL import Image

from bucketlens.names import output_name
from bucketlens.records import LabelRecord, decode_record, encode_record
from watching import Watch

ROOT = Path(__file__).resolve().parents[1]
PHOTOS = ROOT / "examples" / "photos"


class Measured(NamedTuple):
    """What one call took."""

    seconds: float
    processor_seconds: float
    megabytes: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Memory and time of whole collections")
    parser.add_argument("--images", type=int, nargs="+", default=[1_000, 20_000])
    parser.add_argument("--records", type=int, default=20_000, help="for relabel and status")
    parser.add_argument("--folder", type=Path, help="work here instead of in a temporary folder")
    parser.add_argument("--settings", nargs="*", default=[], help="NAME=VALUE for the runs")
    chosen = parser.parse_args()
    settings = [word for one in chosen.settings for word in ("--set", one)]
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        heads = f"{'images':>8} | {'seconds':>8} | {'a second':>8} | {'CPU s':>7} | {'peak MB':>7}"
        print(f"| {'call':<44} | {heads} |")
        print(f"|{'-' * 46}|{'-' * 10}|{'-' * 10}|{'-' * 10}|{'-' * 9}|{'-' * 9}|")
        for count in chosen.images:
            measure_runs(Path(folder) / str(count), count, settings)
        measure_relabelling(Path(folder) / "records", chosen.records)


def measure_runs(folder: Path, count: int, settings: list[str]) -> None:
    """A first run, one with nothing to do, a new title."""
    make_images(folder / "photos", count)
    photos, out = str(folder / "photos"), str(folder / "out")
    tell("run", count, call("run", photos, out, *settings))
    tell("run, nothing to do", count, call("run", photos, out, *settings))
    tell("run, another title", count, call("run", photos, out, *settings, "--set", "title=Other"))
    shutil.rmtree(folder)


def measure_relabelling(folder: Path, count: int) -> None:
    """Records of real photos under many names."""
    out = folder / "out"
    call("run", str(PHOTOS), str(out), "--no-pages")
    multiply_records(out / "metadata", count)
    tell("status", count, call("status", str(out)))
    for confidence in ("60", "50"):
        settings = ["--min-confidence", confidence, "--no-pages"]
        tell(f"relabel {' '.join(settings)}", count, call("relabel", str(out), *settings))
    tell("relabel, nothing to do", count, call("relabel", str(out)))
    shutil.rmtree(folder)


def make_images(folder: Path, count: int) -> None:
    """Small JPEGs, all different, a thousand in a folder."""
    noise = np.random.default_rng(1)
    for i in range(count):
        target = folder / f"{i // 1000:03}" / f"{i:06}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        pixels = noise.integers(0, 256, (4, 6, 3), dtype=np.uint8)
        data = io.BytesIO()
        Image.fromarray(pixels).resize((96, 64)).save(data, "jpeg")
        target.write_bytes(data.getvalue())


def multiply_records(folder: Path, count: int) -> None:
    """Copy records under other keys until there are so many."""
    originals = [decode_record(path.read_bytes()) for path in sorted(folder.rglob("*.json"))]
    labelled = [record for record in originals if isinstance(record, LabelRecord)]
    chance = random.Random(1)  # noqa: S311 - no secrets
    for i in range(count - len(originals)):
        record = chance.choice(labelled)
        key = f"copies/{i // 1000:03}/{i:06}.jpg"
        copy = msgspec.structs.replace(
            record, source=msgspec.structs.replace(record.source, key=key)
        )
        target = folder / output_name(key, ".json")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(encode_record(copy))


def call(*arguments: str) -> Measured:
    """Call the command line, and ask the system what it took."""
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "bucketlens", *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    watch = Watch(process.pid)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with status {process.returncode}")
    processor = usage.ru_utime + usage.ru_stime  # tells more than the clock on a busy machine
    seconds = time.monotonic() - started
    return Measured(seconds, processor, watch.peak() or usage.ru_maxrss / 1024)


def tell(what: str, count: int, measured: Measured) -> None:
    """One line of the table."""
    rate = count / measured.seconds
    print(
        f"| {what:<44} | {count:>8,} | {measured.seconds:>8.1f} | {rate:>8,.0f} |"
        f" {measured.processor_seconds:>7.1f} | {measured.megabytes:>7.0f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
