"""Records in packs below loose ones: what they show is what one plain store would show."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import settings as effort
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from bucketlens.catalog.packs import PackedStore, Packs, PackWriter, compact, merge_small, purge
from bucketlens.catalog.packs.compacting import sweep
from bucketlens.catalog.packs.manifest import MANIFEST, Standing
from bucketlens.errors import ConfigError, InputError, MissingError
from bucketlens.pipeline.packing import NewRow
from bucketlens.stores import ConflictError, Store, open_store

NAMES = ("a.json", "b/c.json", "b/d.json", "z.json", "é.json")
numbers = count()


def opened(name: str) -> PackedStore:
    """The records of one collection in memory, as a process would open them."""
    private = open_store(f"memory://{name}")
    return PackedStore(open_store(f"memory://{name}/metadata"), Packs(private, wanted=True))


def write(store: PackedStore, *rows: tuple[str, bytes, str | None]) -> list[str | None]:
    """Write one pack."""
    return PackWriter(store.packs, lambda: 7.0).write([NewRow(*row) for row in rows])


@pytest.fixture
def store() -> PackedStore:
    """An empty one of each test's own."""
    return opened(f"packs{next(numbers)}")


def shown(store: Store) -> dict[str, bytes]:
    """All that a listing shows, read."""
    return {info.key: store.get(info.key).data for info in store.list()}


class Both(RuleBasedStateMachine):
    """The view, opened by two processes, beside a plain store that is told the same."""

    etags = Bundle("etags")

    @initialize()
    def begin(self) -> None:
        """Both are empty."""
        name = f"both{next(numbers)}"
        self.views = [opened(name), opened(name)]
        self.plain = open_store(f"memory://plain{next(numbers)}")
        self.data = count()

    def etag_of(self, store: Store, name: str) -> str | None:
        """What stands."""
        try:
            return store.head(name).etag
        except MissingError:
            return None

    @rule(
        name=st.sampled_from(NAMES),
        how=st.sampled_from(["any", "absent", "match", "old"]),
        which=st.integers(0, 1),
    )
    def put(self, name: str, how: str, which: int) -> None:
        """A put succeeds in both or in neither."""
        data = b"%d" % next(self.data)
        done = []
        for store in (self.views[which], self.plain):
            etag = self.etag_of(store, name)
            condition: dict[str, object] = {}
            if how == "absent":
                condition = {"if_absent": True}
            elif how != "any":
                condition = {"if_match": etag if how == "match" and etag else "other"}
            try:
                store.put(name, data, **condition)  # type: ignore[arg-type]
                done.append(True)
            except ConflictError:
                done.append(False)
        assert done[0] == done[1]

    @rule(name=st.sampled_from(NAMES), which=st.integers(0, 1))
    def delete(self, name: str, which: int) -> None:
        """Gone in both."""
        self.views[which].delete(name)
        self.plain.delete(name)

    @rule(
        names=st.sets(st.sampled_from(NAMES), min_size=1),
        which=st.integers(0, 1),
        right=st.booleans(),
    )
    def write_pack(self, names: set[str], which: int, right: bool) -> None:  # noqa: FBT001
        """A pack takes what may go there, and each row only over what it was made from."""
        view = self.views[which]
        rows = []
        for name in sorted(filter(view.takes, names)):
            etag = self.etag_of(view, name)
            rows.append((name, b"%d" % next(self.data), etag if right else "other"))
        for row, etag in zip(rows, write(view, *rows), strict=True):
            assert (etag is not None) == right
            if etag is not None:
                self.plain.put(row[0], row[1])
                assert view.head(row[0]).etag == etag

    @rule(which=st.integers(0, 1), rows=st.integers(1, 4))
    def compact(self, which: int, rows: int) -> None:
        """Nothing changes, not even an etag."""
        view = self.views[which]
        before = {info.key: info.etag for info in view.list()}
        compact(view, rows=rows, size=10_000, now=0.0)
        assert {info.key: info.etag for info in view.list()} == before
        assert not list(view.loose.list())

    @rule(which=st.integers(0, 1))
    def merge(self, which: int) -> None:
        """As little."""
        view = self.views[which]
        before = {info.key: info.etag for info in view.list()}
        merge_small(view.packs, rows=100, size=10_000)
        assert {info.key: info.etag for info in view.list()} == before

    @rule(names=st.sets(st.sampled_from(NAMES)), which=st.integers(0, 1))
    def purge(self, names: set[str], which: int) -> None:
        """What stands loose or is gone loses only what lay below."""
        purge(self.views[which], names)

    @invariant()
    def the_same(self) -> None:
        """Listings, bytes and facts."""
        expected = shown(self.plain)
        for view in self.views:
            assert shown(view) == expected
            assert [info.key for info in view.list()] == sorted(expected)
            assert {i.key for i in view.list("b/")} == {n for n in expected if n.startswith("b/")}
            for name in NAMES:
                if name in expected:
                    assert view.head(name) == view.get(name).info
                else:
                    with pytest.raises(MissingError):
                        view.head(name)


TestBoth = Both.TestCase
TestBoth.settings = effort(max_examples=20, stateful_step_count=12, deadline=None)


def test_a_row_of_two_writers_is_that_of_the_first(store: PackedStore):
    """The other is told so, and its other rows stand."""
    assert write(store, ("a.json", b"1", None)) != [None]
    other = opened(store.location.split("/")[2])
    etags = write(other, ("a.json", b"2", None), ("b.json", b"3", None))
    assert etags[0] is None
    assert etags[1] is not None
    assert shown(store) == {"a.json": b"1", "b.json": b"3"}


def test_a_pack_of_which_every_row_lost_is_not_written(store: PackedStore):
    """No manifest names it, and none is put."""
    write(store, ("a.json", b"1", None))
    before = store.packs.standing(now=True)
    assert write(store, ("a.json", b"2", None)) == [None]
    assert store.packs.standing(now=True) == before


def test_what_is_forgotten_is_in_no_file(store: PackedStore):
    """A purge leaves neither the name nor the bytes, nor the old files, at once."""
    write(store, ("kept.json", b"kept" * 9, None), ("secret.json", b"hidden" * 9, None))
    store.put("secret.json", b"tombstone", if_match=store.head("secret.json").etag)
    purge(store, {"secret.json", "kept.json"})
    store.delete("secret.json")
    assert shown(store) == {"kept.json": b"kept" * 9}
    private = store.packs.private
    names = [info.key for info in private.list()]
    assert len([name for name in names if name.endswith(".parquet")]) == 2
    assert "metadata/secret.json" not in names
    for name in names:
        assert b"secret" not in private.get(name).data, name


def test_old_files_stay_for_a_day(store: PackedStore):
    """A reader that began before a compaction reads on."""
    write(store, ("a.json", b"1", None))
    reader = opened(store.location.split("/")[2])
    found = reader.packs.find("a.json")
    assert found is not None
    compact(store, rows=10, size=1000, now=1e6)
    assert reader.packs.row("a.json", found).data == b"1"
    assert sweep(store.packs, 1e6 + 2 * 3600) == 0
    assert sweep(store.packs, 1e6 + 30 * 3600) == 2
    assert shown(opened(store.location.split("/")[2])) == {"a.json": b"1"}


def test_small_packs_become_few(store: PackedStore):
    """As many short runs leave them; rows that others replaced go."""
    for number in range(20):
        write(store, (f"{number:02}.json", b"%d" % number, None))
    write(store, ("03.json", b"new", store.head("03.json").etag))
    before = shown(store)
    merge_small(store.packs, rows=100, size=10_000)
    (pack,) = store.packs.standing().manifest.packs
    assert pack.rows == 20
    assert shown(store) == before
    assert before["03.json"] == b"new"


def test_thousands_of_rows_are_read_by_groups(store: PackedStore):
    """First, last and all between, in one pack of several groups."""
    rows = [(f"{number:05}.json", b"%d" % number, None) for number in range(5000)]
    assert None not in write(store, *rows)
    assert store.get("00000.json").data == b"0"
    assert store.get("04999.json").data == b"4999"
    assert store.get("02048.json").data == b"2048"
    assert sum(1 for _ in store.list()) == 5000


def test_a_reader_that_a_purge_overtakes_reads_the_newer_state(store: PackedStore):
    """Old files go at once then, and a state that was read before names them still."""
    write(store, ("a.json", b"1", None), ("b.json", b"2", None))
    reader = opened(store.location.split("/")[2])
    reader.packs._fresh = 3600.0  # as over a network, where a state is taken for current a while
    assert reader.packs.standing().etag is not None
    store.delete("a.json")
    purge(store, {"a.json"})
    assert reader.get("b.json").data == b"2"
    assert [info.key for info in reader.list()] == ["b.json"]


def test_a_missing_file_is_told_with_what_to_do(store: PackedStore):
    """Its records are not taken for gone: all of their images would be labelled again."""
    write(store, ("a.json", b"1", None))
    private = store.packs.private
    for info in private.list("packs/records"):
        private.delete(info.key)
    with pytest.raises(ConfigError, match="holds 1 records and is missing"):
        opened(store.location.split("/")[2]).get("a.json")


def test_a_damaged_manifest_is_told_with_what_to_do(store: PackedStore):
    """Nor are records taken for gone then."""
    write(store, ("a.json", b"1", None))
    store.packs.private.put(MANIFEST, b"{")
    with pytest.raises(ConfigError, match="damaged"):
        opened(store.location.split("/")[2]).get("a.json")


def test_who_did_not_ask_for_packs_finds_them_all_the_same():
    """Settings of a call may say otherwise than those of the run that wrote them."""
    name = f"packs{next(numbers)}"
    write(opened(name), ("a.json", b"1", None))
    private = open_store(f"memory://{name}")
    plain = PackedStore(open_store(f"memory://{name}/metadata"), Packs(private, wanted=False))
    assert shown(plain) == {"a.json": b"1"}
    with pytest.raises(ConflictError):
        plain.put("a.json", b"2", if_absent=True)


def test_no_record_is_what_stands_for_a_gone_one(store: PackedStore):
    """The bytes of the mark can't be put."""
    with pytest.raises(InputError):
        store.put("a.json", b'{"kind":"void"}')


def test_without_packs_the_loose_store_is_asked_once_more_only(store: PackedStore):
    """A listing is streamed, and a hundred new records cost one look for packs."""

    class Counted(Packs):
        asked = 0

        def _etag(self) -> str | None:
            self.asked += 1
            return super()._etag()

        def _read(self) -> Standing:
            self.asked += 1
            return super()._read()

    packs = Counted(store.packs.private, wanted=False)
    plain = PackedStore(store.loose, packs)
    for number in range(100):
        plain.put(f"{number}.json", b"1", if_absent=True)
    assert packs.asked == 1
    assert len(shown(plain)) == 100
