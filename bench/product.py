"""``bucketlens run`` as users run it: a process of its own, from its start to its end."""

from __future__ import annotations

import compileall
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import bucketlens
from bucketlens.names import output_name
from bucketlens.records import decode_record
from floor import Pace
from photosets import CACHE
from watching import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from photosets import Photo

MEMORY = Path("/dev/shm")  # noqa: S108 - each use makes a folder of its own in it

MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes that the system counts memory in."""

CLASSIFIER_ONLY = ("--detector", "none", "--no-pages")


def prepare() -> None:
    """Compile the modules, as an installation does: a checkout may never have been."""
    compileall.compile_dir(Path(bucketlens.__file__).parent, quiet=2)


def measure(photos: list[Photo], images: int, arguments: Sequence[str] = ()) -> Pace:
    """Label a folder of so many photos into a new folder.

    The folder holds links to the photos under many names, so what is read comes from memory, as it
    does for all others here.
    """
    with tempfile.TemporaryDirectory(dir=work_folder(), prefix="bucketlens-bench-") as work:
        source = Path(work) / "source"
        fill(source, photos, images)
        command = [sys.executable, "-m", "bucketlens", "run", str(source), f"{work}/out", "--json"]
        started = time.perf_counter()
        with subprocess.Popen([*command, *arguments], stdout=-1, stderr=-3) as process:
            watch = Watch(process.pid)
            printed = process.stdout.read() if process.stdout else b""
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - started
        memory = watch.peak() or usage.ru_maxrss * MAXRSS_UNIT / 1e6
        steady = _steady(Path(work) / "out" / "metadata")
    summary = json.loads(printed)
    if process.returncode or summary["labelled"] != images:
        raise SystemExit(f"not all were labelled: {summary}")
    work_time = 1e3 * (usage.ru_utime + usage.ru_stime) / images
    return Pace(images / wall, work_time, memory, steady)


def _steady(records: Path) -> float:
    """Images a second in the middle: without the start, the first things of each process, the end.

    Taken between records by their times, the first and the last tenth of them left out.
    """
    times = sorted(path.stat().st_mtime for path in records.glob("*.json"))
    middle = times[len(times) // 10 : len(times) - len(times) // 10]
    return (len(middle) - 1) / (middle[-1] - middle[0]) if len(middle) > 1 else 0.0


def first_label(photo: Photo) -> tuple[float, float]:
    """Seconds from the start of a process to the labels of one photo: by the clock, and of work."""
    command = [sys.executable, "-m", "bucketlens", "label", photo.path, "--json"]
    before, started = os.times(), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    wall, after = time.perf_counter() - started, os.times()
    work = after.children_user + after.children_system
    return wall, work - before.children_user - before.children_system


def classes(paths: Sequence[Path]) -> list[int]:
    """The likeliest class of each photo, from the records of a run."""
    with tempfile.TemporaryDirectory(dir=work_folder(), prefix="bucketlens-bench-") as work:
        source, out = Path(work) / "source", Path(work) / "out"
        source.mkdir()
        names = [f"{number:04d}{path.suffix}" for number, path in enumerate(paths)]
        for name, path in zip(names, paths, strict=True):
            shutil.copyfile(path, source / name)
        command = [sys.executable, "-m", "bucketlens", "run", str(source), str(out)]
        subprocess.run([*command, *CLASSIFIER_ONLY], check=True, stderr=subprocess.DEVNULL)
        records = [
            decode_record((out / "metadata" / output_name(name, ".json")).read_bytes())
            for name in names
        ]
    codes = [record.scores.classes[0].codes for record in records]
    return [said.index(min(said)) for said in codes]  # the smallest code is the likeliest class


def fill(folder: Path, photos: list[Photo], images: int) -> None:
    """A folder of so many files, all links to a few."""
    folder.mkdir(parents=True)
    for number in range(images):
        photo = photos[number % len(photos)]
        first = folder / f"{number % len(photos):06d}.jpg"
        if number < len(photos):
            shutil.copyfile(photo.path, first)
        else:
            os.link(first, folder / f"{number:06d}.jpg")


def work_folder() -> Path:
    """Where outputs go: a file system in memory where there is one.

    Disks differ more than processors do: on one ext4 disk a new file took from 0.2 to 1 ms.
    """
    if os.access(MEMORY, os.W_OK):
        return MEMORY
    CACHE.mkdir(exist_ok=True)
    return CACHE
