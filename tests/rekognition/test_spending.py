"""No surprise bills: what is spent is written down first, and what can't be is not spent."""

from __future__ import annotations

import threading
from itertools import count
from typing import TYPE_CHECKING

import msgspec
import pytest

from bucketlens.errors import ConfigError
from bucketlens.pipeline.spending import FIRST_BLOCK, Ledger, Spending, image_price
from bucketlens.settings import Settings
from bucketlens.stores import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Callable

NOVEMBER, DECEMBER = 1_794_000_000.0, 1_797_000_000.0
_names = count()


@pytest.fixture
def store() -> Store:
    """A fresh place for ledgers."""
    return open_store(f"memory://ledgers{next(_names)}")


def spending(
    store: Store,
    *,
    limit: float,
    price: float = 0.001,
    clock: Callable[[], float] = lambda: NOVEMBER,
) -> Spending:
    """A purse."""
    return Spending(store, price=price, limit=limit, clock=clock)


def pay_all(purse: Spending) -> int:
    """Pay until the limit; for how many calls there was money."""
    calls = 0
    while is_paid(purse):
        calls += 1
    with pytest.raises(ConfigError, match="the limit of") as refusal:
        purse.pay()
    assert refusal.value.setting == "rekognition_monthly_limit"
    return calls


def is_paid(purse: Spending) -> bool:
    """Whether there was money for one more call."""
    try:
        purse.pay()
    except ConfigError:
        return False
    return True


def ledger(store: Store, month: str = "2026-11") -> Ledger:
    """The ledger as it stands."""
    return msgspec.json.decode(store.get(f"state/spend-{month}.json").data, type=Ledger)


@pytest.mark.parametrize("calls", [0, 1, 7, FIRST_BLOCK, 20, 1000])
def test_the_limit_is_spent_to_the_last_call_and_no_further(store: Store, calls: int):
    """Blocks shrink where less is left, and money in millionths adds up exactly."""
    assert pay_all(spending(store, limit=calls * 0.001)) == calls
    if calls:
        assert ledger(store) == Ledger(month="2026-11", reserved=calls * 1000, calls=calls)


def test_a_limit_of_nothing_allows_nothing(store: Store):
    """The guard is closed unless a limit opens it."""
    with pytest.raises(ConfigError):
        spending(store, limit=0.0).pay()


def test_what_costs_nothing_is_not_limited(store: Store):
    """A price of nothing is counted all the same."""
    purse = spending(store, limit=0.0, price=0.0)
    for _ in range(50):
        purse.pay()
    purse.release()
    assert ledger(store) == Ledger(month="2026-11", calls=50)
    assert purse.estimate(10**9).suffices


def test_money_is_set_aside_before_it_is_spent(store: Store):
    """After the first payment a whole block stands in the ledger: what a crash loses at most."""
    spending(store, limit=1.0).pay()
    assert ledger(store).calls == FIRST_BLOCK
    assert pay_all(spending(store, limit=1.0)) == 1000 - FIRST_BLOCK


def test_what_is_left_of_a_block_is_given_back(store: Store):
    """At its end a run has cost what it asked for, less what was not carried out."""
    purse = spending(store, limit=1.0)
    for _ in range(3):
        purse.pay()
    purse.refund()
    purse.release()
    purse.release()
    assert ledger(store) == Ledger(month="2026-11", reserved=2000, calls=2)
    purse.pay()
    purse.release()
    assert ledger(store).calls == 3


def test_each_month_has_its_own_limit(store: Store):
    """With a new month the limit begins anew, and an old block is not spent in it."""
    now = [NOVEMBER]
    purse = spending(store, limit=0.01, clock=lambda: now[0])
    assert pay_all(purse) == 10
    purse.refund()
    now[0] = DECEMBER
    purse.refund()
    assert pay_all(purse) == 10
    assert ledger(store).calls == ledger(store, "2026-12").calls == 10


def test_several_processes_share_one_limit(store: Store):
    """However they interleave, together they pay for no more than the limit."""
    totals: list[int] = []
    purses = [spending(store, limit=0.5) for _ in range(4)]
    threads = [
        threading.Thread(target=lambda purse=purse: totals.append(pay_all(purse)))
        for purse in purses
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(totals) == 500
    assert ledger(store).reserved == 500_000


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"month": "2026-11", "reserved": -1}', b"\xff"])
def test_a_damaged_ledger_stops_spending(store: Store, damage: bytes):
    """Nobody knows what was spent, so nothing more is."""
    store.put("state/spend-2026-11.json", damage)
    with pytest.raises(ConfigError, match="damaged"):
        spending(store, limit=1.0).pay()


def test_a_store_without_conditional_puts_can_not_count(store: Store):
    """Two runs would each write their own sum over the other's."""

    class Careless:
        """Takes every put."""

        def __getattr__(self, name: str) -> object:
            return getattr(store, name)

        def put(self, key: str, data: bytes, **_: object) -> str:
            return store.put(key, data)

    with pytest.raises(ConfigError, match="conditional puts"):
        spending(Careless(), limit=1.0).pay()  # type: ignore[arg-type]


def test_an_estimate_spends_nothing(store: Store):
    """It says what calls cost, what is spent, and for how many there is money."""
    purse = spending(store, limit=0.01)
    for _ in range(FIRST_BLOCK):
        purse.pay()
    found = purse.estimate(5)
    assert (found.calls, found.price, found.cost) == (5, 0.001, 0.005)
    assert (found.limit, found.spent, found.affordable) == (0.01, 0.008, 2)
    assert not found.suffices
    assert purse.estimate(2).suffices
    assert ledger(store).calls == FIRST_BLOCK


def test_features_are_charged_one_by_one():
    """Labels and image properties have a price each."""
    assert image_price(Settings()) == pytest.approx(0.00175)
    assert image_price(Settings(features=("GENERAL_LABELS",))) == 0.001
    assert image_price(Settings(features=("IMAGE_PROPERTIES",))) == 0.00075
