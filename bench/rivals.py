"""Contenders that keep a process of their own: started once, asked again and again for a pace."""

from __future__ import annotations

import multiprocessing
import os
import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from floor import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection

    from photosets import Photo

    Contender = Callable[[Sequence[str]], list[int]]

KINDS = {
    "plain": "tutorial: Pillow, PyTorch eager, one at a time, its own threads",
    "plain-1": "tutorial: the same on one thread",
    "best": "tutorial's best: DataLoader with workers, batches, frozen, one thread",
    "best-2": "tutorial's best: the same on two threads",
    "opencv": "OpenCV: imread, resize and DNN, its own threads",
}


@dataclass(frozen=True)
class Rival:
    """A process that labels photos in another way."""

    process: multiprocessing.process.BaseProcess
    pipe: Connection

    @classmethod
    def start(cls, kind: str) -> Rival:
        """Start one of ``KINDS``."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        # Not a daemon: the DataLoader starts processes of its own.
        process = context.Process(target=_serve, args=(kind, theirs))
        process.start()
        ours.recv()
        return cls(process, ours)

    def measure(self, photos: list[Photo], seconds: float) -> Pace:
        """Let it work about so long, all the photos at least once."""
        self.pipe.send(([photo.path for photo in photos], seconds))
        images, wall, used = self.pipe.recv()
        return Pace(rate=images / wall, work=1e3 * used / images)

    def classes(self, paths: Sequence[str]) -> list[int]:
        """What it sees in photos."""
        self.pipe.send((list(paths), None))
        found: list[int] = self.pipe.recv()
        return found

    def close(self) -> None:
        """End it."""
        self.pipe.send(None)
        self.process.join()


def _serve(kind: str, pipe: Connection) -> None:
    warnings.simplefilter("ignore")  # PyTorch says of its own tracing that it is old
    contender = _open(kind)
    pipe.send(None)
    while (task := pipe.recv()) is not None:
        paths, seconds = task
        if seconds is None:
            pipe.send(contender(paths))
            continue
        contender(paths[:1])
        # As many at once as make the start of the DataLoader's workers small.
        many = paths * (8 if kind.startswith("best") else 1)
        used, started, images = _processor_seconds(), time.perf_counter(), 0
        while not images or time.perf_counter() - started < seconds:
            contender(many)
            images += len(many)
        pipe.send((images, time.perf_counter() - started, _processor_seconds() - used))


def _open(kind: str) -> Contender:
    if kind == "opencv":
        from opencv import OpenCV  # noqa: PLC0415 - one process, one library

        return OpenCV()
    import torch  # noqa: PLC0415

    from tutorial import BestEffort, Plain  # noqa: PLC0415

    if kind.startswith("plain"):
        if kind == "plain-1":
            torch.set_num_threads(1)
        return Plain()
    return BestEffort(workers=2, threads=2 if kind == "best-2" else 1)


def _processor_seconds() -> float:
    """Of this process and of those of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
