"""What every store does, the same tests for all of them."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from bucketlens.errors import InputError, MissingError, TooLargeError
from bucketlens.stores.base import ConflictError

if TYPE_CHECKING:
    from bucketlens.stores.base import Store

AWKWARD_KEYS = (
    *("space in name.jpg", " lead.jpg", "trail.jpg ", "plus+.jpg", "percent%2F.jpg", "100%.jpg"),
    *("nfc-\u00fc.jpg", "nfd-u\u0308.jpg", "写真/犬🐶.jpg", "line\nbreak.jpg", "tab\t.jpg"),
    *("quote'\".jpg", "<b>&amp;.jpg", "back\\slash.jpg", "a#b?c=d&e.jpg", "[x]{y}^`|~.jpg"),
    *("-dash.jpg", "*.jpg", "$HOME.jpg", "colon:.jpg", "\x01\x1f.jpg", "out#9", "no-suffix"),
    *("/lead.jpg", "in//double.jpg", "../up.jpg", "a/../b.jpg", "a/./b.jpg", "trip/"),
    *("case/IMG.JPG", "case/img.jpg", "dir.json/a.jpg", "nul\0.jpg"),
    "/".join(["d" * 99] * 9),
)


def listed(store: Store, prefix: str = "") -> list[str]:
    """The keys of a listing, sorted."""
    return sorted(info.key for info in store.list(prefix))


def test_what_was_put_is_there(store: Store) -> None:
    """Get, head and list agree on the bytes and facts of an object."""
    before = time.time()
    etag = store.put("a/b.jpg", b"hello", content_type="image/jpeg", cache_control="no-cache")
    blob = store.get("a/b.jpg")
    assert blob.data == b"hello"
    assert blob.info == store.head("a/b.jpg")
    assert (blob.info.key, blob.info.etag, blob.info.size) == ("a/b.jpg", etag, 5)
    assert before - 10 <= blob.info.modified <= time.time() + 10
    (found,) = store.list()
    assert (found.key, found.etag, found.size) == ("a/b.jpg", etag, 5)
    assert abs(found.modified - blob.info.modified) <= 1


def test_what_is_not_there_is_missing(store: Store) -> None:
    """Get and head of no object say so; deleting none is fine."""
    store.put("a.jpg", b"")
    for key in ("b.jpg", "a", "a.jpg/b", "a/b/c.jpg"):
        with pytest.raises(MissingError, match="no object"):
            store.get(key)
        with pytest.raises(MissingError, match="no object"):
            store.head(key)
        store.delete(key)


def test_an_empty_object_is_an_object(store: Store) -> None:
    """Zero bytes are content like any other."""
    store.put("empty", b"")
    assert store.get("empty").data == b""
    assert [info.size for info in store.list()] == [0]


def test_a_deleted_object_is_gone(store: Store) -> None:
    """Delete removes the object from every view, and its neighbours stay."""
    store.put("a/b/c.jpg", b"1")
    store.put("a/d.jpg", b"2")
    store.delete("a/b/c.jpg")
    with pytest.raises(MissingError):
        store.head("a/b/c.jpg")
    assert [info.key for info in store.list()] == ["a/d.jpg"]


def test_too_many_bytes_are_not_read(store: Store) -> None:
    """A limit refuses larger objects by name of its setting, and lets equal ones pass."""
    store.put("big", b"x" * 1000)
    assert store.get("big", max_bytes=1000).data == b"x" * 1000
    with pytest.raises(TooLargeError, match="1,000 bytes") as caught:
        store.get("big", max_bytes=999)
    assert caught.value.setting == "max_bytes"


def test_create_only_refuses_what_is_there(store: Store) -> None:
    """A create-only put of an existing key changes nothing."""
    store.put("a", b"first", if_absent=True)
    with pytest.raises(ConflictError):
        store.put("a", b"second", if_absent=True)
    assert store.get("a").data == b"first"


def test_one_of_many_creators_wins(store: Store) -> None:
    """Of threads that create the same key at once, exactly one succeeds and its bytes stand."""
    gate = threading.Barrier(8)

    def create(number: int) -> int | None:
        gate.wait()
        try:
            store.put("contested", b"%d" % number, if_absent=True)
        except ConflictError:
            return None
        return number

    for _ in range(5):
        with ThreadPoolExecutor(8) as pool:
            winners = [n for n in pool.map(create, range(8)) if n is not None]
        assert len(winners) == 1
        assert store.get("contested").data == b"%d" % winners[0]
        store.delete("contested")


def test_update_needs_the_etag_that_was_read(store: Store) -> None:
    """An update passes with the current etag only, and gives a new one."""
    first = store.put("a", b"1")
    second = store.put("a", b"2", if_match=first)
    assert second != first
    with pytest.raises(ConflictError):
        store.put("a", b"3", if_match=first)
    store.delete("a")
    with pytest.raises(ConflictError):
        store.put("a", b"4", if_match=second)
    with pytest.raises(MissingError):
        store.get("a")


def test_no_update_is_lost(store: Store) -> None:
    """Threads that count up one number by compare-and-swap lose none."""
    store.put("counter", b"0")

    def count(times: int) -> None:
        while times:
            blob = store.get("counter")
            try:
                store.put("counter", b"%d" % (int(blob.data) + 1), if_match=blob.info.etag)
            except ConflictError:
                continue
            times -= 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, [10] * 4))
    assert store.get("counter").data == b"40"


def test_quick_rewrites_of_one_size_have_etags_of_their_own(store: Store) -> None:
    """Different bytes never share an etag, however fast they follow each other."""
    etags = {store.put("a", b"%04d" % number) for number in range(50)}
    assert len(etags) == 50


def test_readers_see_old_or_new_never_half(store: Store) -> None:
    """While an object is replaced again and again, each read is one whole version with its etag."""
    contents = {bytes([letter]) * 100_000 for letter in b"abc"}
    etags: dict[str, bytes] = {}
    done = threading.Event()
    seen = []

    def read() -> None:
        while not done.is_set():
            seen.append(store.get("a"))

    for content in contents:
        etags[store.put("a", content)] = content
    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        while len(seen) < 40 and not any(reader.done() for reader in readers):
            for content in contents:
                etags[store.put("a", content)] = content
        done.set()
        for reader in readers:
            reader.result()
    assert all(etags[blob.info.etag] == blob.data for blob in seen)
    assert all(blob.info.size == 100_000 for blob in seen)


def test_a_prefix_is_of_the_key_not_of_folders(store: Store) -> None:
    """A listing takes the keys that begin with the text; their order is the store's affair."""
    keys = ["a", "a-b", "a.jpg", "a/1", "a/b/2", "a/bc", "ab/3", "b/a/4", "写/5"]
    for key in reversed(keys):
        if key != "a":
            store.put(key, b"")
    keys.remove("a")
    assert listed(store) == keys
    assert listed(store, "a/b") == ["a/b/2", "a/bc"]
    assert listed(store, "a/") == ["a/1", "a/b/2", "a/bc"]
    assert listed(store, "写") == ["写/5"]
    assert list(store.list("zzz/")) == []
    assert list(store.list("b/a/4/x")) == []


def test_awkward_keys_are_held_exactly_or_refused(
    store: Store, refuses: frozenset[str], alters: frozenset[str]
) -> None:
    """Each odd key reads back as itself and is listed, or its put says why not."""
    refused = set()
    for key in set(AWKWARD_KEYS) - alters:
        try:
            store.put(key, key.encode())
        except InputError:
            refused.add(key)
    held = set(AWKWARD_KEYS) - refused - alters
    assert refused == refuses
    assert {info.key for info in store.list()} == held
    for key in held:
        blob = store.get(key)
        assert (blob.data, blob.info.key) == (key.encode(), key)
        assert store.head(key) == blob.info
        store.put(key, b"again", if_match=blob.info.etag)
    for key in refused:
        with pytest.raises(MissingError):
            store.get(key)
        store.delete(key)
    for key in held:
        store.delete(key)
    assert list(store.list()) == []


def test_thousands_of_keys_are_listed_by_pages(store: Store, refuses: frozenset[str]) -> None:
    """More keys than a page holds are all listed once, with odd ones among them."""
    odd = [f"many/{key}" for key in ("line\nbreak.jpg", "percent%2F.jpg") if key not in refuses]
    keys = sorted([f"many/{number % 7}/{number:05d}.json" for number in range(10_050)] + odd)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: store.put(key, b""), keys))
    assert listed(store, "many/") == keys
    assert listed(store, "many/3/") == [key for key in keys if key.startswith("many/3/")]


def test_a_url_says_where_the_object_is(store: Store) -> None:
    """The URL of an object begins with a scheme and holds its name."""
    url = store.url("trip/a.jpg")
    assert "://" in url
    assert url.endswith("trip/a.jpg")
