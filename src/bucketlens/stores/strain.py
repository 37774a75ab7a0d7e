"""What the stores cost in patience: requests that were tried again, and why.

One count for the whole process, as its metrics are: whoever wants to know what one run cost takes
the difference of two moments.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec

from bucketlens.stores.base import ThrottledError

if TYPE_CHECKING:
    from bucketlens.errors import TransientError


class Strain(msgspec.Struct, frozen=True, kw_only=True):
    """How often stores did not do at once what they were asked.

    Attributes:
        retries: Requests that were made again.
        throttled: Times that a store said that there are too many.
        lost_answers: Conditional puts that had been done though no answer said so.
        given_up: Calls that failed when no try was left.
    """

    retries: int = 0
    throttled: int = 0
    lost_answers: int = 0
    given_up: int = 0

    def __add__(self, more: Strain) -> Strain:
        """Both together."""
        return Strain(
            retries=self.retries + more.retries,
            throttled=self.throttled + more.throttled,
            lost_answers=self.lost_answers + more.lost_answers,
            given_up=self.given_up + more.given_up,
        )

    def __sub__(self, before: Strain) -> Strain:
        """What has come since another moment."""
        return self + Strain(
            retries=-before.retries,
            throttled=-before.throttled,
            lost_answers=-before.lost_answers,
            given_up=-before.given_up,
        )


NO_STRAIN = Strain()


class StrainCount:
    """Counts; safe to share between threads."""

    def __init__(self) -> None:
        """Begin with zeros."""
        self._lock = threading.Lock()
        self._now = NO_STRAIN

    @property
    def now(self) -> Strain:
        """All that was counted."""
        return self._now

    def add(self, more: Strain) -> None:
        """Count what somebody else counted, as another process."""
        with self._lock:
            self._now += more

    def failed(self, exc: TransientError, *, given_up: bool) -> None:
        """A try failed; there will be another one, or the call is given up."""
        throttled = int(isinstance(exc, ThrottledError))
        self.add(Strain(retries=int(not given_up), throttled=throttled, given_up=int(given_up)))

    def answer_lost(self) -> None:
        """A put had been done though no answer said so."""
        self.add(Strain(lost_answers=1))


STRAIN = StrainCount()
"""Of this process."""


class StrainSince:
    """What was counted since somebody last took it; for one thread at a time."""

    def __init__(self) -> None:
        """Begin now: what was counted before is somebody else's, as in a fork."""
        self._taken = STRAIN.now

    def take(self) -> Strain:
        """What has come since."""
        now = STRAIN.now
        if now is self._taken:  # hardly ever is there any
            return NO_STRAIN
        since, self._taken = now - self._taken, now
        return since
