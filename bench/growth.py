"""Whether an image costs the same in a large collection as in a small one.

    python bench/growth.py                          beside 0, 1,000, 10,000 and 100,000 others
    python bench/growth.py --standing 100000 --new 5000

In a folder with so many images that are labelled already, new ones are labelled by ``bucketlens
run`` with the classifier alone and no pages; all are small and the new ones different. Those that
stand have the record of one of them each, with a key and an etag of its own, so that a collection
of any size is there within a minute. Timed are, each as a process of its own: a run that finds
nothing to do, ``bucketlens status``, and the run over the new ones. Prints one line of a table for
each size.
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
from PIL import Image

from bucketlens.names import output_name
from bucketlens.records import LabelRecord, decode_record, encode_record
from bucketlens.stores import open_store
from machine import describe_machine
from tables import markdown

if TYPE_CHECKING:
    from bucketlens.stores import Store

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = {"BUCKETLENS_DETECTOR": "none", "BUCKETLENS_PAGES": "false"}
NOTHING_FAILED = 0


class Took(NamedTuple):
    """Seconds by the clock and of processors."""

    seconds: float
    processor: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="The cost of an image in a growing collection")
    parser.add_argument("--standing", type=int, nargs="+", default=[0, 1_000, 10_000, 100_000])
    parser.add_argument("--new", type=int, default=2_000)
    parser.add_argument("--folder", type=Path, default=Path("/dev/shm"))  # noqa: S108 - memory
    chosen = parser.parse_args()
    print(f"{describe_machine()} In {chosen.folder}.\n")
    rows = []
    for standing in chosen.standing:
        with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
            rows.append(measure(Path(folder), standing, chosen.new))
    heads = ("images that stand", "run, nothing to do, s", "status, s", "run, new ones, s")
    print(markdown((*heads, "new ones a second", "CPU ms each"), rows))


def measure(folder: Path, standing: int, new: int) -> list[str]:
    """One line: a collection of this size, and what is new in it."""
    photos = open_store(str(folder / "photos"))
    photos.put("first.jpg", picture(0))
    call(folder, "run", "photos", "out")
    fill(photos, open_store(str(folder / "out" / "metadata")), standing)
    call(folder, "run", "photos", "out")  # the catalog takes them in
    idle = call(folder, "run", "photos", "out")
    status = call(folder, "status", "out")
    for number in range(new):
        photos.put(f"new/{number:06}.jpg", picture(number + 1))
    run = call(folder, "run", "photos", "out")
    each = Took(run.seconds - idle.seconds, run.processor - idle.processor)
    return [
        f"{standing:,}",
        f"{idle.seconds:.2f}",
        f"{status.seconds:.2f}",
        f"{run.seconds:.1f}",
        f"{new / each.seconds:.0f}",
        f"{1000 * each.processor / new:.1f}",
    ]


def fill(photos: Store, records: Store, count: int) -> None:
    """Put images and the records that a run would have made of them, a thousand to a folder."""
    data = photos.get("first.jpg").data
    record = decode_record(records.get("first.jpg.json").data)
    if not isinstance(record, LabelRecord):
        raise SystemExit("the first image was not labelled")
    for number in range(count):
        photos.put(f"roll {number // 1000:04}/{number:07}.jpg", data)
    for info in photos.list("roll "):
        source = msgspec.structs.replace(record.source, key=info.key)
        observed = msgspec.structs.replace(record.observed, etag=info.etag, modified=info.modified)
        own = msgspec.structs.replace(record, source=source, observed=observed)
        records.put(output_name(info.key, ".json"), encode_record(own))


def picture(seed: int) -> bytes:
    """A small picture that is like no other."""
    noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    target = io.BytesIO()
    Image.fromarray(noise).resize((96, 72)).save(target, "JPEG")
    return target.getvalue()


def call(folder: Path, *words: str) -> Took:
    """One call of the command line, to its end."""
    environment = {**os.environ, **SETTINGS, "PYTHONPATH": str(ROOT / "src")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "bucketlens", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != NOTHING_FAILED:
        raise SystemExit(done.stderr)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Took(seconds, used)


if __name__ == "__main__":
    main()
