"""How soon a photo that arrives in a watched folder has its record, page and place in the index.

    python bench/live.py                       60 photos of 3 MP one by one, then bursts
    python bench/live.py --photos 20 --burst 300 --rounds 1 --flood 2000

1. One by one: ``bucketlens watch`` runs as a process; photos of 3 megapixels are copied into its
   folder, one a second. From the moment when a photo is whole until its record, its page and its
   line in the index stand. The photo's own copying is not counted.
2. Bursts: so many photos of 0.2 megapixels are moved into the folder at once. Images a second until
   the last record stands, beside those of ``bucketlens run`` over the same files, in turn.
3. One by one again, while files that were there before are labelled in the background.
4. A flood: many small files, with memory and open files of the process on the way.

Prints a table in Markdown for each.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from machine import describe_machine
from photosets import photo_sets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from photosets import Photo

SOURCES = Path(__file__).resolve().parents[1] / "src"
LOOK_SECONDS = 0.002


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Arrival to record, page and index")
    parser.add_argument("--photos", type=int, default=60, help="photos one by one")
    parser.add_argument("--burst", type=int, default=1000, help="photos at once")
    parser.add_argument("--rounds", type=int, default=3, help="bursts, and runs beside them")
    parser.add_argument("--backlog", type=int, default=0, help="photos that were there before")
    parser.add_argument("--flood", type=int, default=0, help="small files for memory")
    arguments = parser.parse_args()
    sets = photo_sets()
    print(describe_machine(), end="\n\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.photos:
            print_latencies(one_by_one(folder, sets["3 MP"], arguments.photos))
        if arguments.backlog:
            source, out = fresh(folder)
            filled(folder, sets["0.2 MP"], arguments.backlog).rename(source / "backlog")
            print(f"While {arguments.backlog:,} photos of 0.2 MP are labelled in the background:\n")
            print_latencies(one_by_one_into(source, out, sets["3 MP"], arguments.photos, "ready"))
        if arguments.burst:
            print_bursts(bursts(folder, sets["0.2 MP"], arguments.burst, arguments.rounds))
        if arguments.flood:
            print_flood(flood(folder, sets["0.2 MP"], arguments.flood))


def one_by_one(folder: Path, photos: list[Photo], count: int) -> dict[str, list[float]]:
    """Seconds from arrival to each result, in a folder that holds nothing else."""
    source, out = fresh(folder)
    return one_by_one_into(source, out, photos, count, "reconciled")


def one_by_one_into(
    source: Path, out: Path, photos: list[Photo], count: int, after: str
) -> dict[str, list[float]]:
    """Seconds from arrival to each result; the first comes after a message in the log."""
    seconds: dict[str, list[float]] = {"record": [], "page": [], "index": []}
    with watching(source, out, after=after):
        for i in range(count):
            key = f"photo {i}.jpg"
            shutil.copyfile(photos[i % len(photos)].path, source / key)
            arrived = time.monotonic()
            stands = {
                "record": lambda key=key: (out / "metadata" / f"{key}.json").exists(),
                "page": lambda key=key: (out / "site" / "images" / f"{key}.html").exists(),
                "index": lambda key=key: shown(out, key),
            }
            while stands:
                for name in [name for name, there in stands.items() if there()]:
                    seconds[name].append(time.monotonic() - arrived)
                    del stands[name]
                time.sleep(LOOK_SECONDS)
            time.sleep(max(0.0, 1.0 - (time.monotonic() - arrived)))
    return seconds


def shown(out: Path, key: str) -> bool:
    """Whether the first page of the index has a line for an image."""
    try:
        return f"images/{key.replace(' ', '%20')}.html" in (out / "site/index.html").read_text()
    except OSError:
        return False


def bursts(
    folder: Path, photos: list[Photo], count: int, rounds: int
) -> dict[str, list[tuple[float, float]]]:
    """Images a second, and processor seconds an image, of bursts and of runs, in turn."""
    rates: dict[str, list[tuple[float, float]]] = {"watch": [], "run": []}
    for _ in range(rounds):
        source, out = fresh(folder)
        with watching(source, out) as process:
            waiting = filled(folder, photos, count)
            before = processor_seconds(process.pid)
            began = time.monotonic()
            waiting.rename(source / "burst")
            wait_for_records(out, count)
            took = time.monotonic() - began
            used = processor_seconds(process.pid) - before
            rates["watch"].append((count / took, used / count))
        source, out = fresh(folder)
        filled(folder, photos, count).rename(source / "burst")
        began_children = os.times()
        done = subprocess.run(
            [*program(), "run", str(source), str(out), "--json"],
            env=environment(),
            check=True,
            capture_output=True,
        )
        ended = os.times()
        used = (ended.children_user + ended.children_system) - (
            began_children.children_user + began_children.children_system
        )
        took = json.loads(done.stdout)["seconds"]
        rates["run"].append((count / took, used / count))
    return rates


def flood(
    folder: Path, photos: list[Photo], count: int
) -> list[tuple[int, float, float, int, int]]:
    """Files so far, and the figures of a watching process."""
    source, out = fresh(folder)
    figures = []
    step = max(1, count // 10)
    with watching(source, out, "--detector", "none") as process:
        for done in range(0, count + 1, step):
            if done:
                filled(folder, photos, step).rename(source / f"{done}")
                wait_for_records(out, done)
                time.sleep(2.0)
            figures.append((done, *figures_of(process.pid)))
    return figures


def wait_for_records(out: Path, count: int) -> None:
    """Wait until so many records stand."""
    while sum(len(names) for _, _, names in os.walk(out / "metadata")) < count:
        time.sleep(0.02)


def filled(folder: Path, photos: list[Photo], count: int) -> Path:
    """A folder of so many photos, to be moved to where it is wanted."""
    target = Path(tempfile.mkdtemp(dir=folder))
    target.chmod(0o755)
    for i in range(count):
        shutil.copyfile(photos[i % len(photos)].path, target / f"{i}.jpg")
    past = time.time() - 3600
    for path in target.iterdir():
        os.utime(path, (past, past))
    return target


def fresh(folder: Path) -> tuple[Path, Path]:
    """An empty source, and where its outputs go."""
    base = Path(tempfile.mkdtemp(dir=folder))
    (base / "in").mkdir()
    return base / "in", base / "out"


def program() -> list[str]:
    """The command line of this checkout."""
    return [sys.executable, "-m", "bucketlens"]


def environment() -> dict[str, str]:
    """Without settings of whoever measures."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("BUCKETLENS_")}
    return kept | {"PYTHONPATH": str(SOURCES)}


@contextmanager
def watching(
    source: Path, out: Path, *more: str, after: str = "reconciled"
) -> Iterator[subprocess.Popen[bytes]]:
    """The program, watching, and stopped at the end."""
    log = out.parent / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*program(), "watch", str(source), str(out), *more], env=environment(), stderr=file
        )
    while f'"{after}"'.encode() not in log.read_bytes():
        if process.poll() is not None:
            sys.exit(log.read_text())
        time.sleep(0.1)
    time.sleep(1.0)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def processor_seconds(pid: int) -> float:
    """What a process and those that it began have used so far; of Linux only, elsewhere 0."""
    ticks = 0
    for one in family_of(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK") if ticks else 0.0


def figures_of(pid: int) -> tuple[float, float, int, int]:
    """Megabytes of a process, those of all with it, its open files and threads; of Linux only.

    Of memory that several share, each has its part.
    """
    megabytes = {}
    for one in family_of(pid):
        lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        facts = dict(line.split(":", 1) for line in lines[1:])
        megabytes[one] = int(facts["Pss"].split()[0]) / 1024
    files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    threads = len(list(Path(f"/proc/{pid}/task").iterdir()))
    return megabytes[pid], sum(megabytes.values()), files, threads


def family_of(pid: int) -> list[int]:
    """A process and all that it began, as far as the system tells."""
    tasks = Path(f"/proc/{pid}/task")
    if not tasks.is_dir():
        return []
    children = [child for task in tasks.glob("*/children") for child in task.read_text().split()]
    return [pid, *(one for child in children for one in family_of(int(child)))]


def print_latencies(seconds: dict[str, list[float]]) -> None:
    """A row for each result."""
    print("| from arrival to | p50, ms | p90 | p99 | worst |\n|---|---|---|---|---|")
    for name, values in seconds.items():
        cuts = statistics.quantiles(values, n=100, method="inclusive")
        row = (statistics.median(values), cuts[89], cuts[98], max(values))
        print(f"| {name} | " + " | ".join(f"{1000 * value:.0f}" for value in row) + " |")
    print(flush=True)


def print_bursts(rates: dict[str, list[tuple[float, float]]]) -> None:
    """A row for each way."""
    print("| | images/s | processor ms an image | each round |\n|---|---|---|---|")
    for name, values in rates.items():
        rate = statistics.median(rate for rate, _ in values)
        used = 1000 * statistics.median(used for _, used in values)
        rounds = ", ".join(f"{rate:.1f}" for rate, _ in values)
        print(f"| `bucketlens {name}` | {rate:.1f} | {used:.1f} | {rounds} |")
    print(flush=True)


def print_flood(figures: list[tuple[int, float, float, int, int]]) -> None:
    """A row for each look."""
    print("| files so far | MB | MB with those that label | open files | threads |")
    print("|---|---|---|---|---|")
    for done, own, whole, files, threads in figures:
        print(f"| {done:,} | {own:.0f} | {whole:.0f} | {files} | {threads} |")
    print(flush=True)


if __name__ == "__main__":
    main()
