"""A limit on what may be spent in a month, kept where all runs see it.

The ledger of a month is one small object, ``state/spend-2026-11.json``. Before calls are made,
money for a block of them is written down there by a conditional put; what is left of the block at
the end is written back. So several processes share one limit, and a process that is killed loses
at most one block. What can't be read or written down is not spent.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from bucketlens.errors import ConfigError, MissingError, TransientError
from bucketlens.stores import check_conditional_puts, replace_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.settings import Settings
    from bucketlens.stores import Store

MILLION = 1_000_000
"""Money is counted in whole millionths, so that no sum is ever off."""

FIRST_BLOCK = 8
LARGEST_BLOCK = 128
"""Calls that are paid ahead: few for whoever makes few, and twice as many each time."""

FOLDER = "state/"

ATTEMPTS = 20
"""Conditional puts that may lose in a row, before it is left for later."""


class Ledger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a month has cost.

    Attributes:
        month: ``2026-11``.
        reserved: Spent or set aside, in millionths of the unit of the prices.
        calls: Calls that this is for.
    """

    month: str
    reserved: Annotated[int, Meta(ge=0)] = 0
    calls: Annotated[int, Meta(ge=0)] = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """What calls would cost, and what may still be spent.

    Attributes:
        calls: At most so many.
        price: Of one.
        limit: Of the month.
        spent: Of it, by now.
        affordable: Calls that the month still has money for; None for any number.
    """

    calls: int
    price: float
    limit: float
    spent: float
    affordable: int | None

    @property
    def cost(self) -> float:
        """Of all the calls."""
        return self.calls * self.price

    @property
    def percent(self) -> float:
        """Share of the month's limit that is spent; of no limit at all everything."""
        return 100 * self.spent / self.limit if self.limit else 100.0

    @property
    def suffices(self) -> bool:
        """Whether the month has money for all of them."""
        return self.affordable is None or self.calls <= self.affordable


class Spending:
    """Pays for calls, one by one, out of a month's limit. Safe to share between threads.

    Args:
        store: Keeps the ledgers; must honour conditional puts.
        price: Of one call.
        limit: Of a month, in the same unit.
        clock: Gives the time, seconds since the epoch; months are those of UTC.
    """

    def __init__(
        self, store: Store, *, price: float, limit: float, clock: Callable[[], float]
    ) -> None:
        """Hold the store; nothing is read or set aside yet."""
        self._store = store
        self._price = round(price * MILLION)
        self._limit = round(limit * MILLION)
        self._clock = clock
        self._lock = threading.Lock()
        self._month = ""
        self._left = 0
        self._block = FIRST_BLOCK
        self._checked = False

    def pay(self) -> None:
        """Pay for one call, before it is made.

        Raises:
            ConfigError: The month's limit is reached, or the ledger can't be trusted.
            TransientError: The ledger can't be written now.
        """
        with self._lock:
            month = self._this_month()
            if month != self._month:
                self._month, self._left = month, 0
            if self._left == 0:
                self._left = self._reserve(month)
            self._left -= 1

    def refund(self) -> None:
        """Take back the payment of a call that was not carried out."""
        with self._lock:
            if self._month == self._this_month():
                self._left += 1

    def release(self) -> None:
        """Write back what is set aside and not spent; more can be paid for afterwards."""
        with self._lock:
            left, self._left, self._block = self._left, 0, FIRST_BLOCK
            if left:
                self._change(self._month, lambda _: -left)

    def estimate(self, calls: int) -> Estimate:
        """What so many calls would cost; changes nothing."""
        ledger, _ = self._read(self._this_month())
        affordable = None if self._price == 0 else self._affordable(ledger)
        return Estimate(
            calls=calls,
            price=self._price / MILLION,
            limit=self._limit / MILLION,
            spent=ledger.reserved / MILLION,
            affordable=affordable,
        )

    def _reserve(self, month: str) -> int:
        """Set money aside for a block of calls; how many."""
        if not self._checked:
            check_conditional_puts(self._store, folder=FOLDER)
            self._checked = True
        calls = self._change(month, self._next_block)
        self._block = min(2 * self._block, LARGEST_BLOCK)
        return calls

    def _next_block(self, ledger: Ledger) -> int:
        calls = self._block if self._price == 0 else min(self._block, self._affordable(ledger))
        if calls == 0:
            raise ConfigError(
                f"the limit of {self._limit / MILLION:g} for {ledger.month} is reached:"
                f" {ledger.reserved / MILLION:g} are spent or set aside for calls in progress;"
                " what is labelled stays, and a later run goes on",
                setting="rekognition_monthly_limit",
            )
        return calls

    def _affordable(self, ledger: Ledger) -> int:
        return max(0, self._limit - ledger.reserved) // self._price

    def _change(self, month: str, by: Callable[[Ledger], int]) -> int:
        """Add calls to a month's ledger, or take some away; how many."""
        for _ in range(ATTEMPTS):
            ledger, etag = self._read(month)
            calls = by(ledger)
            changed = Ledger(
                month=month,
                reserved=max(0, ledger.reserved + calls * self._price),
                calls=max(0, ledger.calls + calls),
            )
            data = msgspec.json.encode(changed)
            if replace_document(self._store, _key(month), etag, data) is not None:
                return calls
        raise TransientError(f"{self._store.url(_key(month))} is changed by too many at once")

    def _read(self, month: str) -> tuple[Ledger, str | None]:
        try:
            blob = self._store.get(_key(month))
        except MissingError:
            return Ledger(month=month), None
        try:
            ledger = _LEDGER.decode(blob.data)
        except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
            raise ConfigError(
                f"{self._store.url(_key(month))} is damaged, so that nobody knows what was spent:"
                f" {exc}; correct it, or remove it to begin the month at nothing"
            ) from exc
        return ledger, blob.info.etag

    def _this_month(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).strftime("%Y-%m")


def image_price(settings: Settings) -> float:
    """What one call costs with the features in force."""
    price = 0.0
    if "GENERAL_LABELS" in settings.features:
        price += settings.rekognition_price
    if "IMAGE_PROPERTIES" in settings.features:
        price += settings.rekognition_properties_price
    return price


def _key(month: str) -> str:
    return f"{FOLDER}spend-{month}.json"


_LEDGER: msgspec.json.Decoder[Ledger] = msgspec.json.Decoder(Ledger)
