"""The floor: all pure steps in tight loops over memory, one process a core."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core import Core, load
from crews import Crew

if TYPE_CHECKING:
    from collections.abc import Callable

    from photosets import Photo


@dataclass(frozen=True)
class Pace:
    """How fast something is.

    Attributes:
        rate: Images a second.
        work: Milliseconds of processor time an image, all threads together.
        memory: Peak of all processes together, MB; 0 where it was not looked at.
        steady: Images a second in the middle of a run; 0 where it was not looked at.
    """

    rate: float
    work: float
    memory: float = 0.0
    steady: float = 0.0


class Floor:
    """One process a core, with models open and photos in memory, waiting to be timed."""

    def __init__(self, photos: list[Photo], *, cores: int, full: bool) -> None:
        """Start the processes and wait until each has labelled every photo once."""
        self._crew = Crew(_ready, [(photos, full)] * cores)

    def measure(self, seconds: float) -> Pace:
        """Let all of them work for so long."""
        done = self._crew.measure(seconds)
        images = sum(count for count, _, _ in done)
        return Pace(
            rate=sum(count / wall for count, wall, _ in done),
            work=1e3 * sum(used for _, _, used in done) / images,
        )

    def close(self) -> None:
        """End the processes."""
        self._crew.close()


def _ready(photos: list[Photo], full: bool) -> Callable[[float], tuple[int, float, float]]:  # noqa: FBT001 - arguments of a process
    core = Core(full=full)
    loaded = [load(photo) for photo in photos]
    core.run(loaded)

    def measure(seconds: float) -> tuple[int, float, float]:
        used, started, images = _processor_seconds(), time.perf_counter(), 0
        while time.perf_counter() - started < seconds:
            core.run(loaded)
            images += len(loaded)
        return images, time.perf_counter() - started, _processor_seconds() - used

    return measure


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
