"""The floor: all pure steps in tight loops over memory, one process a core."""

from __future__ import annotations

import multiprocessing
import resource
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core import Core, load

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.synchronize import Barrier

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
        context = multiprocessing.get_context("spawn")
        self._together = context.Barrier(cores + 1)
        self._pipes = []
        self._processes = []
        for _ in range(cores):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_serve, args=(photos, theirs, self._together), kwargs={"full": full}
            )
            process.start()
            self._pipes.append(ours)
            self._processes.append(process)
        for pipe in self._pipes:
            pipe.recv()

    def measure(self, seconds: float) -> Pace:
        """Let all of them work for so long."""
        for pipe in self._pipes:
            pipe.send(seconds)
        self._together.wait()
        done = [pipe.recv() for pipe in self._pipes]
        images = sum(count for count, _, _ in done)
        return Pace(
            rate=sum(count / wall for count, wall, _ in done),
            work=1e3 * sum(used for _, _, used in done) / images,
        )

    def close(self) -> None:
        """End the processes."""
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            pipe.send(0.0)
            process.join()


def _serve(photos: list[Photo], pipe: Connection, together: Barrier, *, full: bool) -> None:
    core = Core(full=full)
    loaded = [load(photo) for photo in photos]
    core.run(loaded)
    pipe.send(None)
    while seconds := pipe.recv():
        together.wait()
        used, started, images = _processor_seconds(), time.perf_counter(), 0
        while time.perf_counter() - started < seconds:
            core.run(loaded)
            images += len(loaded)
        wall = time.perf_counter() - started
        pipe.send((images, wall, _processor_seconds() - used))


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
