"""What a folder as a store takes when it holds many small records.

    python bench/stores.py                                   10,000 and 100,000 in memory
    python bench/stores.py --count 1000000 --layout flat     a million in one folder
    python bench/stores.py --folder /var/tmp                 on a disk

Each line is of a process of its own. Records of 3,000 bytes are put one by one, each only if it is
not there yet, as a run puts them; then all are listed, and some are read and removed in any order.
``flat`` has all in one folder, ``rolls`` a thousand in each. The memory is what the listing added
to the process at its peak. Prints one line of a table for each.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import resource
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bucketlens.stores import open_store
from machine import describe_machine
from tables import markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection

    from bucketlens.stores import Store

BYTES = 3_000
SAMPLE = 100_000
"""Records that are read and removed, at most."""

NAMES: dict[str, Callable[[int], str]] = {
    "flat": lambda n: f"img_{n:07}.jpg.json",
    "rolls": lambda n: f"roll {n // 1000:04}/img_{n:07}.jpg.json",
}


class Measured(NamedTuple):
    """Records a second of each verb, seconds of a listing, megabytes that it added."""

    put: float
    put_by_two: float
    listed: float
    seconds: float
    megabytes: float
    got: float
    deleted: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What a folder with many records takes")
    parser.add_argument("--count", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--layout", nargs="+", choices=list(NAMES), default=list(NAMES))
    parser.add_argument("--folder", type=Path, default=Path("/dev/shm"))  # noqa: S108 - memory
    chosen = parser.parse_args()
    print(f"{describe_machine()} Records in {chosen.folder}.\n")
    rows = []
    for count in chosen.count:
        for layout in chosen.layout:
            with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
                rows.append(row(count, layout, measure_apart(folder, layout, count)))
    heads = ("records", "put", "put, two at once", "list", "seconds", "its memory, MB")
    print(markdown((*heads, "get", "delete"), rows))


def row(count: int, layout: str, found: Measured) -> list[str]:
    """One line of the table."""
    rates = [f"{found.put:,.0f}", f"{found.put_by_two:,.0f}", f"{found.listed:,.0f}"]
    return [
        f"{count:,}, {'in one folder' if layout == 'flat' else '1,000 to a folder'}",
        *rates,
        f"{found.seconds:.2f}",
        f"{found.megabytes:.0f}",
        f"{found.got:,.0f}",
        f"{found.deleted:,.0f}",
    ]


def measure_apart(folder: str, layout: str, count: int) -> Measured:
    """Measure in a new process, so that memory is not that of the one before."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=answer_measured, args=(theirs, folder, layout, count))
    process.start()
    theirs.close()
    found: Measured = ours.recv()
    process.join()
    return found


def answer_measured(answer: Connection, folder: str, layout: str, count: int) -> None:
    """Measure and send what was found; at the top of a module, so that a new process finds it."""
    answer.send(measure(folder, layout, count))


def measure(folder: str, layout: str, count: int) -> Measured:
    """All verbs, on an empty folder."""
    store = open_store(folder)
    name = NAMES[layout]
    half = count // 2
    put = half / timed(lambda: put_all(store, name, range(half)))
    both = (count - half) / timed(lambda: put_by_two(folder, layout, range(half, count)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = timed(lambda: check_count(store, count))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    some = random.Random(1).sample(range(count), min(count, SAMPLE))  # noqa: S311
    got = len(some) / timed(lambda: [store.get(name(n)) for n in some])
    deleted = len(some) / timed(lambda: [store.delete(name(n)) for n in some])
    return Measured(put, both, count / seconds, seconds, (after - before) / 1024, got, deleted)


def check_count(store: Store, count: int) -> None:
    """List all, and keep none."""
    listed = sum(1 for _ in store.list())
    if listed != count:
        raise SystemExit(f"{listed:,} of {count:,} records were listed")


def put_all(store: Store, name: Callable[[int], str], numbers: Sequence[int]) -> None:
    """Put each, only if it is not there."""
    data = os.urandom(BYTES)
    for number in numbers:
        store.put(name(number), data, if_absent=True)


def put_by_two(folder: str, layout: str, numbers: range) -> None:
    """The same by two processes, which take turns as the helpers of a run do."""
    context = multiprocessing.get_context("fork")
    processes = [
        context.Process(target=put_all, args=(open_store(folder), NAMES[layout], numbers[start::2]))
        for start in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()


def timed(work: Callable[[], object]) -> float:
    """Seconds by the clock."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
