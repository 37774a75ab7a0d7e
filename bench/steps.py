"""Each pure step in milliseconds of processor time: ``python bench/steps.py [--rounds N]``."""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from typing import TYPE_CHECKING

from bucketlens.records import decode_record
from bucketlens.site.design import Design
from bucketlens.site.pages import image_page
from bucketlens.site.public import encode_public_image
from core import Core, load
from machine import describe_machine
from photosets import photo_sets
from tables import markdown

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 15
PAGE = "page and public JSON (not in the floor)"


def measure(rounds: int) -> dict[str, dict[str, float]]:
    """Median milliseconds of an image for each step and size; one photo at a time."""
    core = Core(full=True)
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for size, photos in photo_sets().items():
        loaded = [[load(photo)] for photo in photos]
        taken: dict[str, list[float]] = defaultdict(list)
        for turn in range(rounds + 1):
            core.seconds.clear()
            page = 0.0
            for photo in loaded:
                core.run(photo)
                page += _timed(lambda: _write_page(core.records[0]))
            core.seconds[PAGE] = page
            if turn:  # the first warms up
                for step, seconds in core.seconds.items():
                    taken[step].append(1e3 * seconds / len(loaded))
        for step, values in taken.items():
            found[step][size] = statistics.median(values)
    return found


def _write_page(record: bytes) -> None:
    shown = decode_record(record)
    image_page(shown, Design())
    encode_public_image(shown)


def _timed(call: Callable[[], object]) -> float:
    started = time.thread_time()
    call()
    return time.thread_time() - started


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    found = measure(parser.parse_args().rounds)
    sizes = list(photo_sets())
    rows = [[step, *(f"{times[size]:.2f}" for size in sizes)] for step, times in found.items()]
    total = [sum(times[s] for step, times in found.items() if step != PAGE) for s in sizes]
    rows.insert(-1, ["**together**", *(f"**{value:.1f}**" for value in total)])
    print(describe_machine())
    print()
    print(markdown(["one photo, milliseconds of processor time", *sizes], rows))


if __name__ == "__main__":
    main()
