"""What the live side counts and times, told to whoever shows it."""

from __future__ import annotations

from typing import Protocol


class Measures(Protocol):
    """Takes in numbers; every method is called by many threads."""

    def settled(self, outcome: str) -> None:
        """A key is done with.

        Args:
            outcome: That of settling it (``labelled``, ``removed``, ``failed`` …), ``retried`` for
                one that is tried again later, ``held back`` for one whose removal is left to
                reconciling, or ``bug``.
        """

    def stage(self, stage: str, seconds: float) -> None:
        """A stage of one image took so long.

        Args:
            stage: Of a key: ``waiting``, ``reading``, ``queueing``, ``labelling``, ``writing`` and
                ``whole``; of an image that came with a request: ``request``.
            seconds: By the clock.
        """

    def batch(self, size: int) -> None:
        """So many images were labelled in one go."""


class NoMeasures:
    """Takes in numbers and forgets them."""

    def settled(self, outcome: str) -> None:
        """Forget it."""

    def stage(self, stage: str, seconds: float) -> None:
        """Forget it."""

    def batch(self, size: int) -> None:
        """Forget it."""
