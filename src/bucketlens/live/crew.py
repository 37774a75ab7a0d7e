"""The processes that label for the desk, one a core.

Python's lock lets one thread of a process run at a time, and a photo is a third of its time in
Python: with a process for each core, all of them are used, and whoever serves pages meanwhile is
not kept waiting. And a picture that makes a decoder crash brings down a helper, and not a server.
"""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import queue
import sys
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bucketlens.live.helping import interruptions_held_back, serve, unpacked
from bucketlens.pipeline.helping import HelperError
from bucketlens.pipeline.labelling import Labeler

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from bucketlens.pipeline.labelling import Loaded, Result

log = logging.getLogger(__name__)

LONGEST_SECONDS = 120.0
"""For one image: a decoder that takes longer is taken for one that never ends."""

END_SECONDS = 5.0
"""For a helper that has nothing to do to end by itself."""


@dataclass(eq=False, slots=True)
class Helper:
    """A process, and the connection to it."""

    process: BaseProcess
    calls: Connection

    def label(self, lane: str, images: Sequence[Loaded]) -> list[Result]:
        """Have images labelled.

        Raises:
            OSError, EOFError: The process is no more.
        """
        self.calls.send((lane, list(images)))
        if not self.calls.poll(LONGEST_SECONDS * len(images)):
            self.kill()
        return [unpacked(result) for result in self.calls.recv()]

    def end(self) -> None:
        """Have it end, and see to it that it does."""
        with suppress(OSError):  # it has
            self.calls.send(None)
        self.process.join(END_SECONDS)
        self.kill()
        self.calls.close()

    def kill(self) -> None:
        """End it, whatever it does."""
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


class Crew:
    """Some helpers, each with one call at a time.

    Args:
        count: How many.
        first: Starts the first ones; before this process has threads.
        again: Starts one in the place of one that went down.
    """

    def __init__(
        self,
        count: int,
        first: Callable[[Connection], BaseProcess],
        again: Callable[[Connection], BaseProcess],
    ) -> None:
        """Start them."""
        self._again = again
        self._count = count
        self._all = [_started(first) for _ in range(count)]
        self._free: queue.SimpleQueue[Helper] = queue.SimpleQueue()
        for helper in self._all:
            self._free.put(helper)
        # Before that of multiprocessing, which waits for processes that have to be told to end.
        atexit.register(self._kill)

    def label(self, lane: str, images: Sequence[Loaded]) -> list[Result]:
        """Have images labelled by whoever is free; waits for one."""
        helper = self._free.get()
        try:
            return helper.label(lane, images)
        except (OSError, EOFError):
            helper = self._replace(helper)
        finally:
            self._free.put(helper)
        if len(images) > 1:  # one of them is to blame
            return [result for image in images for result in self.label(lane, [image])]
        return [HelperError(f"the process that looked at {images[0].info.key!r} went down")]

    def close(self) -> None:
        """End all of them, each when it is free."""
        for _ in range(self._count):
            self._free.get().end()
        atexit.unregister(self._kill)

    def _kill(self) -> None:
        for helper in self._all:
            helper.kill()

    def _replace(self, helper: Helper) -> Helper:
        helper.process.join(END_SECONDS)
        log.error(
            "a process that labels went down",
            extra={"fields": {"status": helper.process.exitcode}},
        )
        helper.end()
        other = _started(self._again)
        self._all[self._all.index(helper)] = other
        return other


def _started(start: Callable[[Connection], BaseProcess]) -> Helper:
    ours, theirs = multiprocessing.Pipe()
    with interruptions_held_back():
        process = start(theirs)
    theirs.close()
    return Helper(process, ours)


class CrewLabeler(Labeler):
    """Labels in a process of the crew what the base would label here.

    Args:
        base: What labels in each of them.
        crew: The processes.
        lane: What they know the base by.
    """

    def __init__(self, base: Labeler, crew: Crew, lane: str) -> None:
        """Share the parts of the base."""
        super().__init__(base.settings, base.scorer, base.view, time.time)
        self._crew = crew
        self._lane = lane

    def label(self, images: Sequence[Loaded]) -> list[Result]:
        """Have images labelled."""
        return self._crew.label(self._lane, images)


def open_crew(
    labelers: Mapping[str, Labeler], count: int, afresh: Callable[[], Mapping[str, Labeler]]
) -> Crew:
    """Start a crew; this process should have no threads of its own yet.

    On Linux the first helpers are forks of this process, which has the models open: they begin at
    once, and memory for the models is taken once. Elsewhere, and in the place of one that went
    down, a helper opens its own.

    Args:
        labelers: What labels the images of each lane.
        count: How many helpers.
        afresh: Opens the labelers in a process that starts anew; it is sent there.
    """

    def fork(calls: Connection) -> BaseProcess:
        process = multiprocessing.get_context("fork").Process(
            target=serve, args=(calls, labelers), name="label", daemon=True
        )
        with warnings.catch_warnings():
            # Python warns of threads that may hold locks; none of those that libraries have
            # started by now holds one that a helper takes.
            warnings.simplefilter("ignore", DeprecationWarning)
            process.start()
        return process

    def spawn(calls: Connection) -> BaseProcess:
        process = multiprocessing.get_context("spawn").Process(
            target=_open_and_serve, args=(calls, afresh), name="label", daemon=True
        )
        process.start()
        return process

    return Crew(count, fork if sys.platform == "linux" else spawn, spawn)


def _open_and_serve(calls: Connection, afresh: Callable[[], Mapping[str, Labeler]]) -> None:
    serve(calls, afresh())
