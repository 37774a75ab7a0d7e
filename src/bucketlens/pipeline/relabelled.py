"""What came of making labels again, or would come of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

EXAMPLES = 3
"""Images that are named for each label that came or went."""


@dataclass(slots=True)
class Turnover:
    """Which labels came, or which went.

    Attributes:
        counts: In how many images, by label.
        examples: Keys of some of these images, by label.
    """

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def note(self, label: str, key: str) -> None:
        """Count an image."""
        self.counts[label] += 1
        examples = self.examples.setdefault(label, [])
        if len(examples) < EXAMPLES:
            examples.append(key)

    def add(self, other: Turnover) -> None:
        """Join in what somebody else counted."""
        self.counts += other.counts
        for label, keys in other.examples.items():
            examples = self.examples.setdefault(label, [])
            examples += keys[: EXAMPLES - len(examples)]


@dataclass(slots=True)
class Relabelled:
    """What came of it; ``add`` joins what several workers did.

    Attributes:
        changed: Images whose labels are others now.
        same: Images whose labels stayed; records of an older view are marked as of this one.
        stale: Records of other models, which need their images: a run does them.
        passed_over: Failures, tombstones and what can't be read.
        busy: Records that others kept changing; they do it under their settings.
        written: Records that were put, whether their labels changed or only what they are of.
        gained: Labels that came.
        lost: Labels that went.
        indexing_seconds: What bringing catalog and site up to date took.
    """

    changed: int = 0
    same: int = 0
    stale: int = 0
    passed_over: int = 0
    busy: int = 0
    written: int = 0
    gained: Turnover = field(default_factory=Turnover)
    lost: Turnover = field(default_factory=Turnover)
    indexing_seconds: float = 0.0

    def add(self, other: Relabelled) -> None:
        """Join in what another worker did."""
        self.changed += other.changed
        self.same += other.same
        self.stale += other.stale
        self.passed_over += other.passed_over
        self.busy += other.busy
        self.written += other.written
        self.gained.add(other.gained)
        self.lost.add(other.lost)

    def count(self, key: str, had: Iterable[str], has: Iterable[str]) -> None:
        """Count an image whose labels changed, by the names that it showed and those it shows."""
        self.changed += 1
        before, after = set(had), set(has)
        for label in after - before:
            self.gained.note(label, key)
        for label in before - after:
            self.lost.note(label, key)

    @property
    def seen(self) -> int:
        """Records that were looked at."""
        return self.changed + self.same + self.stale + self.passed_over + self.busy
