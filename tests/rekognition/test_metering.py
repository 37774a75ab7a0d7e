"""Calls are spread evenly, and fewer where the service says so."""

from __future__ import annotations

from bucketlens.pipeline.metering import SLOWEST, Meter


class Clock:
    """Time that passes by sleeping."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        """Let it pass."""
        self.now += seconds


def meter(rate: float) -> tuple[Meter, Clock]:
    """A meter under a clock of ours."""
    clock = Clock()
    return Meter(rate, clock=lambda: clock.now, sleep=clock.sleep), clock


def test_calls_come_at_the_rate():
    """Eleven calls at five a second take two seconds; a pause is not made up for."""
    paced, clock = meter(5.0)
    for _ in range(11):
        paced.wait()
    assert round(clock.now, 6) == 2.0
    clock.now += 60.0
    before = clock.now
    for _ in range(6):
        paced.wait()
    assert round(clock.now - before, 6) == 1.0


def test_refusals_halve_the_rate_once_a_second():
    """Many refusals of one moment count once; the rate never ends."""
    paced, clock = meter(8.0)
    for _ in range(5):
        paced.refused()
    assert paced.rate == 4.0
    for _ in range(20):
        clock.now += 1.0
        paced.refused()
    assert paced.rate == SLOWEST


def test_taken_calls_bring_the_rate_back():
    """Little by little, and never beyond what was set."""
    paced, _ = meter(10.0)
    paced.refused()
    paced.taken()
    assert 5.0 < paced.rate < 6.0
    for _ in range(100):
        paced.taken()
    assert paced.rate == paced.full == 10.0


def test_a_rate_below_the_slowest_stays():
    """A refusal never speeds up."""
    paced, _ = meter(0.1)
    paced.refused()
    assert paced.rate == 0.1
