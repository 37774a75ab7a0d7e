"""A run on a cluster of this machine beside a run of the local engine, with equal workers.

    make bench-cluster
    make bench-cluster BENCH_ARGS="--rounds 3 --images 1000"

All take turns. The rate is that of the middle of a run, between the records of its first and its
last tenth, since a cluster takes seconds to start; what is left of the whole time is start and end.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections import defaultdict
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import product
from machine import describe_machine
from photosets import photo_sets
from tables import markdown

if TYPE_CHECKING:
    from photosets import Photo

ENGINES = {"local engine": (), "cluster": ("--engine", "dask")}


@dataclass(frozen=True)
class Turn:
    """What one engine took in one round.

    Attributes:
        rate: Images a second in the middle of the run.
        start: Seconds that the rate does not explain: start, index, end.
        whole: Images a second, with all.
        work: Milliseconds of processor time of an image, of the whole run.
        memory: Peak of all processes, MB.
    """

    rate: float
    start: float
    whole: float
    work: float
    memory: float


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--images", type=int, default=700)
    parser.add_argument("--size", default="0.2 MP")
    parser.add_argument("--kept", type=Path, help="file that turns are added to, and told from")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    given = parser.parse_args()
    product.prepare()
    photos = photo_sets()[given.size]
    turns: dict[tuple[str, int], list[Turn]] = defaultdict(list)
    for name, workers, values in read_kept(given.kept):
        turns[name, workers].append(Turn(*values))
    for _ in range(given.rounds):
        for workers in given.workers:
            for name, flags in ENGINES.items():
                arguments = (*flags, "--workers", str(workers))
                turn = measure(photos, given.images, arguments)
                turns[name, workers].append(turn)
                print(f"{name}, {workers}: {turn}", file=sys.stderr)
                if given.kept:
                    with given.kept.open("a") as file:
                        file.write(json.dumps([name, workers, astuple(turn)]) + "\n")
    if {workers for _, workers in turns} >= {1, 2}:
        print(report(turns, given.size))


def read_kept(path: Path | None) -> list[tuple[str, int, list[float]]]:
    """Turns of earlier calls, so that a busy machine need be kept quiet for a while only."""
    if path is None or not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def measure(photos: list[Photo], images: int, arguments: tuple[str, ...]) -> Turn:
    """One engine over so many images."""
    pace = product.measure(photos, images, arguments)
    start = images / pace.rate - images / pace.steady
    return Turn(pace.steady, start, pace.rate, pace.work, pace.memory)


def report(turns: dict[tuple[str, int], list[Turn]], size: str) -> str:
    """The table of docs/performance.md."""
    rows = []
    for (name, workers), taken in sorted(turns.items(), key=lambda entry: entry[0][1]):
        rows.append(
            [
                f"{name}, {workers} {'worker' if workers == 1 else 'workers'}",
                f"{median(taken, 'rate'):.1f}",
                f"{median(taken, 'work'):.0f}",
                f"{median(taken, 'start'):.1f}",
                f"{median(taken, 'whole'):.1f}",
                f"{median(taken, 'memory'):.0f}",
            ]
        )
    heads = [
        size,
        "images/s",
        "ms of processor time, with all",
        "start and end, s",
        "whole run, images/s",
    ]
    said = (
        f"cluster / local engine: {share(turns, 1):.0%} with one worker, {share(turns, 2):.0%}"
        f" with two; from one worker to two: local engine {gain(turns, 'local engine'):.2f} x,"
        f" cluster {gain(turns, 'cluster'):.2f} x."
    )
    machine = f"{describe_machine()} Outputs in {product.work_folder()}."
    return "\n\n".join([machine, markdown([*heads, "peak memory, MB"], rows), said])


def share(turns: dict[tuple[str, int], list[Turn]], workers: int) -> float:
    """Of the local engine's rate: the median of the rounds, whose turns had the same machine."""
    pairs = zip(turns["cluster", workers], turns["local engine", workers], strict=True)
    return statistics.median(ours.rate / local.rate for ours, local in pairs)


def gain(turns: dict[tuple[str, int], list[Turn]], name: str) -> float:
    """How many times as fast two workers are as one."""
    pairs = zip(turns[name, 2], turns[name, 1], strict=True)
    return statistics.median(two.rate / one.rate for two, one in pairs)


def median(taken: list[Turn], what: str) -> float:
    """Of the rounds."""
    return statistics.median(getattr(turn, what) for turn in taken)


if __name__ == "__main__":
    main()
