"""Side by side, in one run: bucketlens, the tutorials' pipeline, OpenCV, and the floor.

    make bench
    make bench BENCH_ARGS="--rounds 5 --seconds 20"

All take turns (A B C A B C …), since a machine is never quite still; the median of the rounds
counts. Beside each rate stands the processor time of an image, which says what the rate would be
if nothing else ran. What is printed is the table of docs/performance.md.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import product
from floor import Floor, Pace
from machine import available_cores, describe_machine
from photosets import agreement_photos, photo_sets
from rivals import KINDS, Rival
from tables import markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from photosets import Photo

FULL, ALONE = "`bucketlens run`, both models, all files", "`bucketlens run`, classifier alone"
FLOOR, FLOOR_ALONE = "floor of the first", "floor of the second"
PLAIN = ("plain", "plain-1")

STARTS = 7
"""Times that a process is started to see how long that takes."""

Taken = dict[str, list[Pace]]


@dataclass
class Bench:
    """What is measured, how long and how often."""

    seconds: float
    rounds: int
    kinds: Sequence[str] = tuple(KINDS)
    rivals: dict[str, Rival] = field(default_factory=dict)

    def run(self, sets: dict[str, list[Photo]]) -> dict[str, Taken]:
        """Every contender on every size, in turns."""
        self.rivals = {kind: Rival.start(kind) for kind in self.kinds}
        try:
            return {size: self._measure(size, photos) for size, photos in sets.items()}
        finally:
            for rival in self.rivals.values():
                rival.close()

    def _measure(self, size: str, photos: list[Photo]) -> Taken:
        cores = available_cores()
        floors = {
            FLOOR: Floor(photos, cores=cores, full=True),
            FLOOR_ALONE: Floor(photos, cores=cores, full=False),
        }
        taken: Taken = defaultdict(list)
        for turn in range(self.rounds):
            for name, floor in floors.items():
                self._take(taken, name, lambda floor=floor: floor.measure(self.seconds))
                arguments = () if name == FLOOR else product.CLASSIFIER_ONLY
                # By processor time, so that a busy machine does not make the start weigh more.
                fitting = 1e3 * cores * self.seconds / taken[name][0].work
                images = max(len(photos), round(fitting))
                ours = FULL if name == FLOOR else ALONE
                self._take(
                    taken,
                    ours,
                    lambda images=images, flags=arguments: product.measure(photos, images, flags),
                )
            for kind, rival in self.rivals.items():
                self._take(taken, kind, lambda rival=rival: rival.measure(photos, self.seconds))
            print(f"{size}: round {turn + 1} of {self.rounds}", file=sys.stderr)
        for floor in floors.values():
            floor.close()
        return taken

    def _take(self, taken: Taken, name: str, measure: Callable[[], Pace]) -> None:
        pace = measure()
        taken[name].append(pace)
        print(f"    {pace.rate:8.2f}/s {pace.work:8.1f} ms  {name}", file=sys.stderr)


def report(found: dict[str, Taken], sets: dict[str, list[Photo]]) -> str:
    """The tables of docs/performance.md."""
    names = next(iter(found.values())).keys()
    rows = [[KINDS.get(name, name)] for name in names]
    rows += [["**run / floor, both models**"], ["**run / floor, classifier alone**"]]
    rows += [["the first, in the middle of its records"], ["**that / floor**"]]
    rows += [["**classifier alone / tutorial**"], ["peak memory of the run, MB"]]
    for taken in found.values():
        cells = [_cell(taken[name]) for name in names]
        cells.append(f"**{_share(taken, FULL, FLOOR)}**")
        cells.append(f"**{_share(taken, ALONE, FLOOR_ALONE)}**")
        cells.append(f"{_median([p.steady for p in taken[FULL]]):.1f}")
        pairs = zip(taken[FULL], taken[FLOOR], strict=True)
        cells.append(f"**{_median([ours.steady / floor.rate for ours, floor in pairs]):.0%}**")
        cells.append(f"**{_times(taken)}**")
        cells.append(f"{max(pace.memory for pace in taken[FULL]):.0f}")
        for row, cell in zip(rows, cells, strict=True):
            row.append(cell)
    photos = [
        [
            f"`{photo.path.rpartition('/')[2]}`{', progressive' if photo.progressive else ''}",
            photo.origin,
            f"{photo.width} x {photo.height}",
            f"{photo.size:,}",
        ]
        for chosen in sets.values()
        for photo in chosen
    ]
    return "\n\n".join(
        [
            f"{describe_machine()} Outputs in {product.work_folder()}.",
            markdown(["images a second (ms of processor time an image)", *found], rows),
            markdown(["photo", "origin", "pixels", "bytes"], photos),
        ]
    )


def _times(taken: Taken) -> str:
    """How many times as fast as the tutorial on the number of threads that suits it better."""
    if not any(name in taken for name in PLAIN):
        return "not measured"
    rates = [_median([p.rate for p in taken[name]]) for name in PLAIN if name in taken]
    by_rate = _median([p.rate for p in taken[ALONE]]) / max(rates, default=math.inf)
    # One thread uses one core; by processor time the run is taken to use all of them.
    work = _median([p.work for p in taken[PLAIN[1]]]) if PLAIN[1] in taken else 0.0
    by_work = available_cores() * work / _median([p.work for p in taken[ALONE]])
    return f"{by_rate:.1f} x ({by_work:.1f} x)"


def _median(values: list[float]) -> float:
    return statistics.median(values)


def _cell(paces: list[Pace]) -> str:
    rate, work = _median([p.rate for p in paces]), _median([p.work for p in paces])
    return f"{rate:.1f} ({work:.0f})"


def _share(taken: Taken, ours: str, floor: str) -> str:
    """Median of the rounds' ratios: neighbours in time had the same machine."""
    pairs = list(zip(taken[ours], taken[floor], strict=True))
    rate = _median([a.rate / b.rate for a, b in pairs])
    work = _median([b.work / a.work for a, b in pairs])
    return f"{rate:.0%} ({work:.0%})"


def start(photo: Photo) -> str:
    """How long the first label takes."""
    taken = [product.first_label(photo) for _ in range(STARTS)]
    wall, work = (_median(list(values)) for values in zip(*taken, strict=True))
    return (
        f"From the start of a process to the labels of one photo: {wall:.2f} s"
        f" ({work:.2f} s of processor time)."
    )


def agreement() -> str:
    """On how many photos our classifier and the float networks see the same class first."""
    photos = agreement_photos()
    ours = product.classes(photos)
    counts = []
    for kind in ("plain", "opencv"):
        rival = Rival.start(kind)
        theirs = rival.classes([str(photo) for photo in photos])
        rival.close()
        same = sum(a == b for a, b in zip(ours, theirs, strict=True))
        counts.append(f"{same} of {len(photos)} with {kind}")
    return f"The same class comes first for {' and '.join(counts)}."


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=3, help="how often each has its turn")
    parser.add_argument("--seconds", type=float, default=12.0, help="length of a turn, about")
    parser.add_argument("--sizes", nargs="*", help='only these: "0.2 MP" "3 MP" "12 MP"')
    parser.add_argument("--rivals", nargs="*", default=list(KINDS), help=f"of {', '.join(KINDS)}")
    asked = parser.parse_args()
    sets = {n: photos for n, photos in photo_sets().items() if n in (asked.sizes or photo_sets())}
    product.prepare()
    found = Bench(asked.seconds, asked.rounds, asked.rivals).run(sets)
    print(report(found, sets))
    print(f"\n{start(next(iter(sets.values()))[0])}")
    if asked.rivals:
        print(f"\n{agreement()}")


if __name__ == "__main__":
    main()
