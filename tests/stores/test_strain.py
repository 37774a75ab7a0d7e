"""What is counted of requests that were tried again."""

from __future__ import annotations

import threading

import pytest

from bucketlens.errors import ConfigError, TransientError
from bucketlens.stores.base import ClockError, ThrottledError
from bucketlens.stores.retries import CLOCK_ATTEMPTS, RetryPolicy
from bucketlens.stores.strain import NO_STRAIN, Strain, StrainCount


def fail_with(error: TransientError, attempts: int) -> Strain:
    """What a call is counted as that fails so each time."""
    counted = StrainCount()

    def fail() -> None:
        raise error

    with pytest.raises((TransientError, ConfigError)):
        RetryPolicy(attempts=attempts).call(fail, sleep=lambda _: None, told=counted.failed)
    return counted.now


def test_tries_and_their_end_are_counted():
    """Each new try, each refusal for too many requests, and the call that is given up."""
    assert fail_with(TransientError("busy"), 4) == Strain(retries=3, given_up=1)
    assert fail_with(ThrottledError("slow"), 4) == Strain(retries=3, throttled=4, given_up=1)


def test_a_wrong_clock_is_given_up_early():
    """It does not get right by itself; but a request that only waited too long is sent again."""
    assert fail_with(ClockError("clock"), 100).retries == CLOCK_ATTEMPTS - 1
    errors = [ClockError("the machine slept"), *[TransientError("busy")] * 5]

    def wake() -> str:
        if errors:
            raise errors.pop()
        return "awake"

    assert RetryPolicy().call(wake, sleep=lambda _: None) == "awake"


def test_a_difference_is_what_came_between():
    """Counts only grow, and several threads lose none."""
    counted = StrainCount()
    counted.add(Strain(retries=3, given_up=1))
    before = counted.now

    def count() -> None:
        for _ in range(500):
            counted.failed(ThrottledError("slow"), given_up=False)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted.now - before == Strain(retries=2000, throttled=2000)
    assert counted.now - counted.now == NO_STRAIN
