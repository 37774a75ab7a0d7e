"""A store that does not keep its promises is found out before any work."""

from __future__ import annotations

import pytest

from bucketlens.errors import ConfigError, TransientError
from bucketlens.stores.base import ConflictError, Store
from bucketlens.stores.memory import MemoryStore
from bucketlens.stores.probe import check_conditional_puts


class Careless(MemoryStore):
    """A store that passes over one kind of condition, or refuses it always."""

    def __init__(self, fault: str) -> None:
        """Say what is wrong with it."""
        super().__init__()
        self.fault = fault

    def put(
        self,
        key: str,
        data: bytes,
        *,
        if_match: str | None = None,
        if_absent: bool = False,
        content_type: str | None = None,
        cache_control: str | None = None,
    ) -> str:
        """Write without the condition."""
        del content_type, cache_control
        if self.fault == "down":
            raise TransientError("down")
        if self.fault == "never matches" and if_match is not None:
            raise ConflictError("412")
        return super().put(
            key,
            data,
            if_match=None if self.fault == "no if_match" else if_match,
            if_absent=if_absent and self.fault != "no if_absent",
        )


def test_every_store_of_ours_passes(store: Store) -> None:
    """The probe agrees with the contract and leaves nothing behind."""
    check_conditional_puts(store)
    assert list(store.list()) == []


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("no if_absent", "create-only put overwrote"),
        ("no if_match", "outdated etag was taken"),
        ("never matches", "right etag was refused"),
    ],
)
def test_a_careless_store_is_refused(fault: str, reason: str) -> None:
    """The message says what is wrong, what it would cost and what to use."""
    store = Careless(fault)
    with pytest.raises(ConfigError, match=f"{reason}.*use a store with conditional puts"):
        check_conditional_puts(store)
    assert list(store.list()) == []


def test_a_store_that_is_down_is_not_judged() -> None:
    """Whether it keeps its promises can't be told now."""
    with pytest.raises(TransientError):
        check_conditional_puts(Careless("down"))
