"""What a process and all that it started hold in memory together, at their peak."""

from __future__ import annotations

import contextlib
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROC = Path("/proc")
EVERY = 0.25
"""Seconds between two looks; one costs the system about a millisecond for each process."""

PROPORTIONAL = re.compile(rb"^Pss:\s+(\d+) kB", re.MULTILINE)
"""What is shared counts once: each process has its part of it."""


class Watch:
    """Looks at a process and its descendants until it is asked for the peak; needs Linux."""

    def __init__(self, pid: int) -> None:
        """Begin to look."""
        self._pid = pid
        self._peak = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def peak(self) -> float:
        """End, and tell the peak in MB; 0 where the system does not say."""
        self._done.set()
        self._thread.join()
        return self._peak * 1024 / 1e6

    def _look(self) -> None:
        while not self._done.wait(EVERY):
            self._peak = max(self._peak, sum(map(kilobytes, descendants(self._pid))))


def descendants(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    with contextlib.suppress(OSError):
        for listing in (PROC / str(pid) / "task").glob("*/children"):
            for child in listing.read_text(encoding="ascii").split():
                yield from descendants(int(child))


def kilobytes(pid: int) -> int:
    """The proportional set size of one process; 0 when it is no more."""
    with contextlib.suppress(OSError):
        found = PROPORTIONAL.search((PROC / str(pid) / "smaps_rollup").read_bytes())
        return int(found[1]) if found else 0
    return 0
