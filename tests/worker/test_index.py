"""The index is renewed soon, not too often, and at the end."""

from __future__ import annotations

import threading

from bucketlens.errors import ConfigError, TransientError
from bucketlens.worker.index import IndexKeeper


class Renewals:
    """Counts renewals, and lets a test wait for one."""

    def __init__(self, error: Exception | None = None) -> None:
        """Fail each time, if told to."""
        self.count = 0
        self.came = threading.Event()
        self.error = error

    def __call__(self) -> None:
        """One renewal."""
        self.count += 1
        self.came.set()
        if self.error is not None:
            raise self.error


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
    for _ in range(100):
        keeper.mark()
    keeper.close()
    assert renewals.count == 2


def test_a_change_is_shown_when_the_work_is_done():
    """Without waiting for the pause between renewals."""
    renewals = Renewals()
    keeper = IndexKeeper(renewals, 3600.0, lambda _: None)
    assert renewals.came.wait(10)
    renewals.came.clear()
    keeper.rest(idle=False)
    keeper.mark()
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
    keeper.close()
    assert renewals.count == 2


def test_what_the_operator_must_see_to_is_told():
    """The worker stops by it."""
    told: list[ConfigError] = []
    renewals = Renewals(ConfigError("the disk is full"))
    keeper = IndexKeeper(renewals, 30.0, told.append)
    assert renewals.came.wait(10)
    keeper.close()
    assert [cause.message for cause in told] == ["the disk is full"]
