"""Each verb of a store, with each mishap on its way: what the caller sees, and what is done."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest
from tests.faults.conftest import BUCKET
from tests.faults.mishaps import ANY, OF_METHOD, Misfortune, Mishap, Request

from bucketlens.errors import BucketlensError, ConfigError, TransientError
from bucketlens.stores import (
    STRAIN,
    ConflictError,
    RetryPolicy,
    S3Options,
    StoreOptions,
    open_store,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.faults.proxy import Proxy

    from bucketlens.stores import Store

pytestmark = pytest.mark.xdist_group("faults")

DATA = bytes(range(256)) * 400

_numbers = count()


def new_keys() -> tuple[str, str]:
    """Two new ones: the first goes through obstore, the second through boto3."""
    number = next(_numbers)
    return f"{number}/plain.jpg", f"{number}/odd\tname.jpg"


@pytest.fixture(scope="module")
def store(listening: Proxy) -> Store:
    """A store that tries four times; one for all tests, since boto3 is slow to connect."""
    return opened(listening, attempts=4)


def opened(proxy: Proxy, *, attempts: int) -> Store:
    """A store through the proxy."""
    options = StoreOptions(
        s3=S3Options(endpoint=proxy.server.endpoint, region="us-east-1"),
        retry=RetryPolicy(attempts=attempts, first_pause=0.01),
    )
    return open_store(f"s3://{BUCKET}/verbs-{attempts}", options)


def once(mishap: Mishap, method: str) -> Misfortune:
    """It happens to the first request of this method, and then no more."""
    struck: list[Request] = []

    def first(request: Request) -> bool:
        if request.method != method or struck:
            return False
        struck.append(request)
        return True

    return Misfortune(share=1.0, only=frozenset({mishap}), where=first)


@pytest.mark.parametrize("mishap", OF_METHOD["GET"], ids=lambda m: m.name)
def test_a_read_gives_the_whole_object(proxy: Proxy, store: Store, mishap: Mishap):
    """A second try brings what the first one lost, and never half of it."""
    for key in new_keys():
        etag = store.put(key, DATA)
        proxy.misfortune = once(mishap, "GET")
        blob = store.get(key)
        assert (blob.data, blob.info.etag) == (DATA, etag)
        assert proxy.misfortune.count.total() == 1


@pytest.mark.parametrize("mishap", ANY, ids=lambda m: m.name)
def test_the_facts_of_an_object_are_told(proxy: Proxy, store: Store, mishap: Mishap):
    """An answer to a HEAD has no body that would say what went wrong."""
    for key in new_keys():
        etag = store.put(key, DATA)
        proxy.misfortune = once(mishap, "HEAD")
        assert store.head(key).etag == etag
        assert proxy.misfortune.count.total() == 1


@pytest.mark.parametrize("mishap", OF_METHOD["GET"], ids=lambda m: m.name)
def test_a_listing_shows_each_object_once(proxy: Proxy, store: Store, mishap: Mishap):
    """A page that did not arrive whole is asked for again."""
    keys = new_keys()
    for key in keys:
        store.put(key, b"x")
    proxy.misfortune = once(mishap, "GET")
    folder = keys[0].partition("/")[0]
    assert {info.key for info in store.list(f"{folder}/")} == set(keys)
    assert proxy.misfortune.count.total() == 1


def conditions(store: Store) -> Iterator[tuple[str, bool, str | None]]:
    """Keys with each condition that may be on a put: there must be none, or a certain one."""
    for absent in (False, True):
        for key in new_keys():
            yield key, absent, None
    for key in new_keys():
        yield key, False, store.put(key, b"before")


@pytest.mark.parametrize("mishap", [*OF_METHOD["PUT"], Mishap.RIVALS], ids=lambda m: m.name)
def test_a_put_is_done_once(proxy: Proxy, store: Store, mishap: Mishap):
    """Also where the first try was done and its answer was lost, so that the second meets 412."""
    for key, absent, before in conditions(store):
        conditional = absent or before is not None
        if mishap is Mishap.RIVALS and not conditional:
            continue
        proxy.misfortune = once(mishap, "PUT")
        lost = STRAIN.now.lost_answers
        etag = store.put(key, DATA, if_match=before, if_absent=absent)
        assert (store.get(key).data, store.head(key).etag) == (DATA, etag)
        assert proxy.misfortune.count.total() == 1
        was_lost = mishap in {Mishap.LOST, Mishap.DONE_AND_BROKEN} and conditional
        assert STRAIN.now.lost_answers - lost == was_lost


@pytest.mark.parametrize("mishap", ANY, ids=lambda m: m.name)
def test_a_delete_is_done(proxy: Proxy, store: Store, mishap: Mishap):
    """A second one finds nothing, and that is fine."""
    for key in new_keys():
        store.put(key, DATA)
        proxy.misfortune = once(mishap, "DELETE")
        store.delete(key)
        assert list(store.list(key)) == []


def test_a_put_that_nobody_beat_loses_if_the_store_says_so(proxy: Proxy, store: Store):
    """A 412 without a lost answer before it is another's."""
    key = new_keys()[0]
    proxy.misfortune = once(Mishap.BEATEN, "PUT")
    with pytest.raises(ConflictError):
        store.put(key, DATA, if_absent=True)
    assert list(store.list(key)) == []


@pytest.fixture(scope="module")
def impatient(listening: Proxy) -> Store:
    """A store that tries three times."""
    return opened(listening, attempts=3)


def calls(store: Store, mishap: Mishap) -> Iterator[Callable[[], object]]:
    """Those that a mishap can happen to, through both libraries."""
    for key in new_keys():
        yield lambda key=key: store.put(key, DATA)  # type: ignore[misc]
        if mishap is Mishap.GARBLED:  # only bodies can be
            continue
        yield lambda key=key: store.get(key)  # type: ignore[misc]
        yield lambda key=key: store.head(key)  # type: ignore[misc]
        yield lambda key=key: store.delete(key)  # type: ignore[misc]
    if mishap is not Mishap.GARBLED:
        yield lambda: list(store.list())


LASTING = [mishap for mishap in OF_METHOD["PUT"] if mishap is not Mishap.SLOW]


@pytest.mark.parametrize("mishap", LASTING, ids=lambda m: m.name)
def test_what_lasts_is_told_by_its_kind(proxy: Proxy, impatient: Store, mishap: Mishap):
    """What may work later is transient; a clock that stays wrong is the operator's to set."""
    proxy.misfortune = Misfortune(share=1.0, only=frozenset({mishap}))
    expected: type[BucketlensError] = TransientError
    if mishap is Mishap.SKEWED:
        expected = ConfigError
    for call in calls(impatient, mishap):
        before = STRAIN.now
        with pytest.raises(expected) as caught:
            call()
        assert "S3" in caught.value.message or "s3://" in caught.value.message
        cost = STRAIN.now - before
        assert (cost.retries, cost.given_up) == (2, 1)
        assert cost.throttled == (3 if mishap is Mishap.BUSY else 0)
