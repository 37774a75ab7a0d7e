"""How long each stage of a key took, in the thread that settles it."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class StageTimes(threading.local):
    """The stages of the key that this thread settles; each thread has its own."""

    def __init__(self) -> None:
        """Begin with nothing measured."""
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def begin(self) -> None:
        """Another key."""
        self.seconds = defaultdict(float)

    def add(self, stage: str, seconds: float) -> None:
        """A stage took so long; one that comes again is added up."""
        self.seconds[stage] += seconds

    @contextmanager
    def measured(self, stage: str) -> Iterator[None]:
        """The body is a stage."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.add(stage, time.monotonic() - began)
