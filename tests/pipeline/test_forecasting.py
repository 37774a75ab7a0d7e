"""The arithmetic of forecasts, and the counting that it begins with."""

from __future__ import annotations

import pytest

from bucketlens.errors import MissingError
from bucketlens.pipeline.forecasting import (
    Calls,
    Kind,
    Prices,
    Service,
    Trial,
    sums_of,
    whole_blocks,
)
from bucketlens.stores import CountingStore, Traffic, open_store

PRICES = Prices(million_writes=5.0, million_reads=0.4, gigabyte_month=0.023, core_hour=0.04)


def a_trial(processor: float = 0.05, waiting: float = 0.0) -> Trial:
    """Of images that leave one record each."""
    return Trial(
        images=10,
        failed=0,
        processor=processor,
        waiting=waiting,
        kinds=(Kind(name="records", files=1, size=1000, disk=4096),),
        source=Calls(list=0.002, get=1, head=1),
        out=Calls(get=2, put=1),
    )


def test_sums_grow_with_images_and_time_falls_with_cores():
    """Two million images at 50 ms are 100,000 seconds of one core."""
    sums = sums_of(a_trial(), 2_000_000, (1, 10))
    assert sums.seconds == {1: 100_000, 10: 10_000}
    assert (sums.files, sums.size, sums.disk) == (2_000_000, 2 * 10**9, 2_000_000 * 4096)
    assert sums.core_hours == pytest.approx(27.78, abs=0.01)
    assert (sums.source.list, sums.source.get, sums.out.put) == (4000, 2e6, 2e6)


def test_waiting_for_bytes_decides_where_it_takes_longer():
    """Four readers a core wait at once: 400 ms of waiting are 100 ms an image."""
    trial = a_trial(waiting=0.4)
    assert trial.bottleneck == "reading"
    assert trial.seconds(1000, 2) == pytest.approx(50)
    assert a_trial(waiting=0.1).bottleneck == "processor"


def test_requests_cost_by_what_they_do():
    """Writing and listing are dear, reading is cheap, deleting is free."""
    assert Calls(put=1e6).cost(PRICES) == Calls(list=1e6).cost(PRICES) == 5.0
    assert Calls(get=1e6).cost(PRICES) == Calls(head=1e6).cost(PRICES) == 0.4
    assert Calls(delete=1e6).cost(PRICES) == 0.0


def test_a_services_limit_spreads_the_cost_over_months():
    """No money is never; no price is at once."""
    service = Service(price=0.001, rate=5.0, monthly_limit=100.0)
    assert service.months(1_000_000) == pytest.approx(10)
    assert Service(price=0.001, rate=5.0, monthly_limit=0.0).months(1) is None
    assert Service(price=0.0, rate=5.0, monthly_limit=0.0).months(1) == 0


@pytest.mark.parametrize(("size", "taken"), [(0, 0), (1, 4096), (4096, 4096), (4097, 8192)])
def test_files_take_whole_blocks(size: int, taken: int):
    """As most file systems have them."""
    assert whole_blocks(size) == taken


def test_what_is_asked_of_a_store_is_counted():
    """A request for what is missing is one too, and what is listed counts by the object."""
    traffic = Traffic()
    inner = open_store("memory://counted")
    counted = CountingStore(inner, traffic)
    counted.put("a", b"1")
    counted.put("b", b"2", if_absent=True)
    before = traffic.copy()
    assert counted.get("a").data == b"1"
    with pytest.raises(MissingError):
        counted.head("c")
    assert [info.key for info in counted.list()] == ["a", "b"]
    counted.delete("a")
    assert before.calls == {"put": 2}
    assert traffic.since(before).calls == {"get": 1, "head": 1, "list": 2, "delete": 1}
    assert counted.location == inner.location
    assert counted.url("b") == inner.url("b")
