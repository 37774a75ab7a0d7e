"""What is transient is tried again, within limits, and without believing a lost answer lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import pytest

from bucketlens.errors import MissingError, TransientError
from bucketlens.stores.base import ConflictError
from bucketlens.stores.memory import MemoryStore
from bucketlens.stores.retries import RetryingStore, RetryPolicy
from bucketlens.stores.wrapping import Verb, WrappedStore

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Flaky(WrappedStore):
    """A store whose next calls fail, before or after they took effect."""

    def __init__(self) -> None:
        """Nothing fails yet."""
        super().__init__(MemoryStore())
        self.before = 0
        self.after = 0
        self.calls = 0

    def _ask(self, verb: Verb, key: str, call: Callable[[], T]) -> T:
        """Perhaps fail before, or lose the answer of a put after."""
        if verb in {"get", "put"}:
            self._stumble()
        answer = super()._ask(verb, key, call)
        if verb == "put" and self.after:
            self.after -= 1
            raise TransientError("the answer was lost")
        return answer

    def _stumble(self) -> None:
        self.calls += 1
        if self.before:
            self.before -= 1
            raise TransientError("busy")


@pytest.fixture
def flaky() -> Flaky:
    """The store behind."""
    return Flaky()


@pytest.fixture
def pauses() -> list[float]:
    """How long it waited."""
    return []


@pytest.fixture
def store(flaky: Flaky, pauses: list[float]) -> RetryingStore:
    """The store that tries again, without waiting."""
    policy = RetryPolicy(attempts=5, first_pause=1.0, longest_pause=4.0)
    return RetryingStore(flaky, policy, sleep=pauses.append)


def test_a_call_is_tried_again_until_it_works(
    flaky: Flaky, store: RetryingStore, pauses: list[float]
) -> None:
    """The pauses are random, and each at most twice the one before, up to the longest."""
    flaky.put("a", b"1")
    flaky.calls, flaky.before = 0, 4
    assert store.get("a").data == b"1"
    assert flaky.calls == 5
    assert all(0 <= pause <= limit for pause, limit in zip(pauses, (1, 2, 4, 4), strict=True))


def test_after_the_last_try_the_error_is_passed_on(flaky: Flaky, store: RetryingStore) -> None:
    """The number of tries is a limit."""
    flaky.before = 100
    with pytest.raises(TransientError, match="busy"):
        store.get("a")
    assert flaky.calls == 5


def test_other_errors_are_not_tried_again(flaky: Flaky, store: RetryingStore) -> None:
    """What will not change is not asked twice."""
    with pytest.raises(MissingError):
        store.get("a")
    assert flaky.calls == 1


def test_the_total_time_is_a_limit() -> None:
    """No pause begins that would end after the limit."""
    now = 0.0

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    def fail() -> None:
        nonlocal now
        now += 3.0
        raise TransientError("busy")

    policy = RetryPolicy(attempts=1000, first_pause=0.1, total=10.0)
    with pytest.raises(TransientError):
        policy.call(fail, sleep=sleep, clock=lambda: now)
    assert 9.0 <= now <= 16.0


def test_a_create_whose_answer_was_lost_has_won(flaky: Flaky, store: RetryingStore) -> None:
    """The second try meets our own first one and takes it for what it is."""
    flaky.after = 1
    etag = store.put("a", b"ours", if_absent=True)
    assert flaky.get("a").info.etag == etag


def test_an_update_whose_answer_was_lost_has_won(flaky: Flaky, store: RetryingStore) -> None:
    """The same for compare-and-swap."""
    first = store.put("a", b"0")
    flaky.after = 1
    etag = store.put("a", b"ours", if_match=first)
    assert flaky.get("a").info.etag == etag


def test_a_conflict_with_someone_else_stays_one(flaky: Flaky, store: RetryingStore) -> None:
    """After a failure, other bytes under the key are another's; without one, any bytes are."""
    flaky.put("a", b"theirs")
    flaky.before = 1
    with pytest.raises(ConflictError):
        store.put("a", b"ours", if_absent=True)
    with pytest.raises(ConflictError):
        store.put("a", b"theirs", if_absent=True)
