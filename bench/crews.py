"""Processes that get ready, wait for each other, and compute for as long as they are told."""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.synchronize import Barrier


class Crew:
    """Processes that all begin at the same moment, each time that they are asked.

    Args:
        ready: Called in each with its arguments; makes ready and returns what is called with the
            seconds that it is to take, and gives what it came to.
        each: The arguments of each process.
    """

    def __init__(
        self, ready: Callable[..., Callable[[float], Any]], each: Sequence[tuple[Any, ...]]
    ) -> None:
        """Start the processes and wait until all are ready."""
        context = multiprocessing.get_context("spawn")
        self._together = context.Barrier(len(each) + 1)
        self._pipes = []
        self._processes = []
        for arguments in each:
            ours, theirs = context.Pipe()
            given = (ready, arguments, theirs, self._together)
            process = context.Process(target=_serve, args=given)
            process.start()
            self._pipes.append(ours)
            self._processes.append(process)
        for pipe in self._pipes:
            pipe.recv()

    def measure(self, seconds: float) -> list[Any]:
        """Let all of them work for so long; what each came to."""
        for pipe in self._pipes:
            pipe.send(seconds)
        self._together.wait()
        return [pipe.recv() for pipe in self._pipes]

    def close(self) -> None:
        """End the processes."""
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            pipe.send(0.0)
            process.join()


def _serve(
    ready: Callable[..., Callable[[float], Any]],
    arguments: tuple[Any, ...],
    pipe: Connection,
    together: Barrier,
) -> None:
    measure = ready(*arguments)
    pipe.send(None)
    while seconds := pipe.recv():
        together.wait()
        pipe.send(measure(seconds))
