"""A listing is compared with the one before: what is new, changed and gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketlens.errors import TransientError
from bucketlens.live.listings import CHUNK, Listings
from bucketlens.names import key_hash
from bucketlens.types import ObjectInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTENTS = st.dictionaries(st.text(max_size=3), st.integers(0, 2))


def objects(contents: dict[str, int]) -> Iterator[ObjectInfo]:
    """A listing of keys and versions."""
    for key, version in contents.items():
        yield ObjectInfo(key=key, etag=str(version), size=1, modified=0.0)


@given(st.lists(CONTENTS, max_size=5))
def test_changes_and_what_vanished_are_those_of_two_dictionaries(states: list[dict[str, int]]):
    """Whatever comes, changes and goes from one listing to the next."""
    listings = Listings()
    last: dict[str, int] = {}
    for state in states:
        listing = listings.compare(objects(state))
        assert set(listing.changes()) == {k for k, v in state.items() if last.get(k) != v}
        assert listing.vanished == {key_hash(key) for key in last.keys() - state.keys()}
        listing.accept()
        assert len(listings) == len(state)
        last = state


def test_long_listings_are_compared_in_chunks():
    """Nothing is lost at their borders."""
    many = {f"{i}.jpg": 0 for i in range(3 * CHUNK + 1)}
    listings = Listings()
    first = listings.compare(objects(many))
    assert len(list(first.changes())) == len(many)
    first.accept()
    changed = many | {"5.jpg": 1, f"{2 * CHUNK}.jpg": 1}
    assert sorted(listings.compare(objects(changed)).changes()) == ["2048.jpg", "5.jpg"]


def test_a_listing_that_breaks_off_changes_nothing():
    """The next one is compared with the last whole one."""

    def broken() -> Iterator[ObjectInfo]:
        yield from objects({"a": 1})
        raise TransientError("slow down")

    listings = Listings()
    whole = listings.compare(objects({"a": 1, "b": 1}))
    list(whole.changes())
    whole.accept()
    with pytest.raises(TransientError):
        list(listings.compare(broken()).changes())
    assert list(listings.compare(objects({"a": 1, "b": 1})).changes()) == []
