"""Removals that are too many at once are held back."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from bucketlens.live.guarding import ALWAYS, WINDOW_SECONDS, HeldBackError, RemovalGuard


@dataclass
class Collection:
    """A number of records, and a clock; of an image that went a tombstone stays."""

    records: int
    removed: int = 0
    time: float = 0.0
    asked: list[None] = field(default_factory=list)

    def guard(self, percent: float = 20.0) -> RemovalGuard:
        """What is tested."""
        return RemovalGuard(percent, self.count, lambda: self.asked.append(None), lambda: self.time)

    def count(self) -> int:
        """How many there are."""
        return self.records

    def remove(self, guard: RemovalGuard) -> bool:
        """Remove one, if that is allowed."""
        try:
            guard.check("a.jpg")
        except HeldBackError:
            return False
        self.removed += 1
        return True


@pytest.mark.parametrize(("images", "allowed"), [(3, 3), (20, ALWAYS), (1000, 200)])
def test_a_handful_and_a_fifth_may_go_at_once(images: int, allowed: int):
    """The rest stays, and a pass is asked to decide, once."""
    collection = Collection(images)
    guard = collection.guard()
    removed = [collection.remove(guard) for _ in range(images)]
    assert removed == [True] * allowed + [False] * (images - allowed)
    assert len(collection.asked) == (allowed < images)


def test_a_minute_later_more_may_go():
    """What somebody removes bit by bit is meant."""
    collection = Collection(100)
    guard = collection.guard()
    for _ in range(4):
        assert [collection.remove(guard) for _ in range(10)] == [True] * 10
        collection.time += WINDOW_SECONDS
    assert collection.removed == 40


def test_the_share_is_a_setting():
    """At 100 % everything may go, at 0 % only the handful."""
    everything, handful = Collection(50), Collection(50)
    guard = everything.guard(100.0)
    assert all(everything.remove(guard) for _ in range(50))
    guard = handful.guard(0.0)
    assert sum(handful.remove(guard) for _ in range(50)) == ALWAYS
