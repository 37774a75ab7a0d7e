"""The index is renewed soon, not too often, and at the end."""

from __future__ import annotations

import threading

import pytest
from tests.live.waiting import wait_until

from bucketlens.errors import ConfigError, TransientError
from bucketlens.worker import index
from bucketlens.worker.index import IndexKeeper


class Renewals:
    """Counts renewals, and lets a test wait for one."""

    def __init__(self, error: Exception | None = None) -> None:
        """Fail each time, if told to."""
        self.count = 0
        self.keys: list[frozenset[str] | None] = []
        self.came = threading.Event()
        self.error = error
        self.stumbles: list[Exception] = []

    def __call__(self, keys: frozenset[str] | None) -> tuple[str, ...]:
        """One renewal."""
        self.count += 1
        self.keys.append(keys)
        self.came.set()
        if self.stumbles:
            raise self.stumbles.pop()
        if self.error is not None:
            raise self.error
        return ()


def test_an_index_that_may_be_outdated_is_renewed_at_the_start():
    """Whoever was killed may have left changes that nothing shows."""
    renewals = Renewals()
    keeper = IndexKeeper(renewals, 30.0, lambda _: None)
    assert renewals.came.wait(10)
    keeper.close()
    assert renewals.count == 1


def test_many_changes_while_there_is_work_are_one_renewal():
    """The pause has not passed; the end does it."""
    renewals = Renewals()
    keeper = IndexKeeper(renewals, 3600.0, lambda _: None)
    assert renewals.came.wait(10)
    keeper.rest(idle=False)
    for i in range(100):
        keeper.mark(f"{i % 50}.jpg")
    keeper.close()
    assert renewals.count == 2
    assert renewals.keys == [None, {f"{i}.jpg" for i in range(50)}]


def test_a_change_is_shown_when_the_work_is_done():
    """Without waiting for the pause between renewals."""
    renewals = Renewals()
    keeper = IndexKeeper(renewals, 3600.0, lambda _: None)
    assert renewals.came.wait(10)
    renewals.came.clear()
    keeper.rest(idle=False)
    keeper.mark("a.jpg")
    keeper.rest(idle=True)
    assert renewals.came.wait(10)
    keeper.close()
    assert renewals.count == 2


def test_a_renewal_that_stumbles_is_tried_again_at_the_end():
    """The index stays marked."""
    renewals = Renewals(TransientError("slow down"))
    keeper = IndexKeeper(renewals, 3600.0, lambda _: None)
    keeper.rest(idle=False)
    assert renewals.came.wait(10)
    renewals.error = None
    keeper.mark("a.jpg")
    keeper.close()
    assert renewals.keys == [None, None]


@pytest.mark.parametrize(("stumbles", "tries"), [(1, 2), (2, 3), (99, 3)])
def test_the_last_renewal_is_tried_again_but_not_for_ever(stumbles: int, tries: int):
    """There is none after it that would put right what it could not."""
    renewals = Renewals()
    keeper = IndexKeeper(renewals, 3600.0, lambda _: None)
    keeper.rest(idle=False)
    wait_until(lambda: renewals.count == 1 and not keeper.lag)
    renewals.stumbles = [TransientError("slow down")] * stumbles
    keeper.mark("a.jpg")
    keeper.close()
    assert renewals.count == 1 + tries


def test_what_a_renewal_itself_changed_is_shown_by_the_next_one():
    """An image that came back in the moment in which its tombstone went."""
    renewed: list[frozenset[str] | None] = []
    twice = threading.Event()

    def renew(keys: frozenset[str] | None) -> list[str]:
        renewed.append(keys)
        if len(renewed) == 1:
            return ["back.jpg"]
        twice.set()
        return []

    keeper = IndexKeeper(renew, 30.0, lambda _: None)
    assert twice.wait(10)
    keeper.close()
    assert renewed == [None, {"back.jpg"}]


def test_too_many_changes_are_found_by_looking(monkeypatch: pytest.MonkeyPatch):
    """Their names are not kept."""
    monkeypatch.setattr(index, "MOST_KEYS", 2)
    renewals = Renewals()
    keeper = IndexKeeper(renewals, 3600.0, lambda _: None)
    assert renewals.came.wait(10)
    keeper.rest(idle=False)
    for i in range(3):
        keeper.mark(f"{i}.jpg")
    keeper.close()
    assert renewals.keys == [None, None]


def test_what_the_operator_must_see_to_is_told():
    """The worker stops by it."""
    told: list[ConfigError] = []
    renewals = Renewals(ConfigError("the disk is full"))
    keeper = IndexKeeper(renewals, 30.0, told.append)
    assert renewals.came.wait(10)
    keeper.close()
    assert [cause.message for cause in told] == ["the disk is full"]
