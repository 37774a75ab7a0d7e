"""Both packaged models on all cores: processes, threads of a session, threads that share one.

    python bench/threads.py [--seconds 4] [--rounds 5]

All take turns over the same pixels; nothing but the two networks is computed. Prints photos a
second, the median of the rounds, and as a multiple of one process for each core.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bucketlens.models import Classifier, Detector, find_model_folder, load_model_folder
from crews import Crew
from machine import available_cores, describe_machine

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Arrangement:
    """How the cores are used.

    Attributes:
        name: For people.
        processes: Each with sessions of its own.
        callers: Threads of each process that call them.
        threads: That a call is shared among.
        pinned: Each process stays on one core.
    """

    name: str
    processes: int = 1
    callers: int = 1
    threads: int = 1
    pinned: bool = False


def arrangements(cores: int) -> list[Arrangement]:
    """Those that are compared; the first is what a run does."""
    return [
        Arrangement("a process for each core", processes=cores),
        Arrangement("the same, each pinned to its core", processes=cores, pinned=True),
        Arrangement("a process, its threads sharing the sessions", callers=cores),
        Arrangement("a process, each call on all cores", threads=cores),
    ]


def _ready(arrangement: Arrangement, core: int) -> Callable[[float], float]:
    if arrangement.pinned:
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[core]})
    classifier = Classifier(
        load_model_folder(find_model_folder("efficientnet-lite2")), threads=arrangement.threads
    )
    detector = Detector(
        load_model_folder(find_model_folder("nanodet-g")), threads=arrangement.threads
    )
    small, large = (
        np.zeros((1, spec.height, spec.width, 3), np.uint8)
        for spec in (classifier.card.input, detector.card.input)
    )

    def call(seconds: float) -> float:
        started, photos = time.perf_counter(), 0
        while (passed := time.perf_counter() - started) < seconds:
            classifier.run(small)
            detector.run(large)
            photos += 1
        return photos / passed

    def measure(seconds: float) -> float:
        with ThreadPoolExecutor(arrangement.callers) as callers:
            return sum(callers.map(call, [seconds] * arrangement.callers))

    call(0.1)
    return measure


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Both models on all cores")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    chosen = arrangements(available_cores())
    crews = [
        Crew(_ready, [(arrangement, core) for core in range(arrangement.processes)])
        for arrangement in chosen
    ]
    rates: list[list[float]] = [[] for _ in crews]
    for _ in range(given.rounds):
        for crew, found in zip(crews, rates, strict=True):
            found.append(sum(crew.measure(given.seconds)))
    for crew in crews:
        crew.close()
    print(describe_machine() + "\n")
    print("| both models | photos a second | against the first |\n| --- | ---: | ---: |")
    for arrangement, found in zip(chosen, rates, strict=True):
        share = statistics.median(ours / first for ours, first in zip(found, rates[0], strict=True))
        print(f"| {arrangement.name} | {statistics.median(found):.1f} | {share:.2f} |")


if __name__ == "__main__":
    main()
