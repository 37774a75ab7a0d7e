"""The site's index as files: what an update writes, what is left, and what several at once do."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.site.sites import Site

from bucketlens.site.pieces import SiteIndex
from bucketlens.site.pieces.encoding import (
    Form,
    decode_positions,
    decode_varints,
    encode_positions,
    encode_varints,
)
from bucketlens.site.pieces.grouping import group
from bucketlens.site.pieces.leaving import gone_of, ids_of
from bucketlens.site.pieces.manifest import PATH
from bucketlens.site.pieces.sweeping import DAY, WEEK
from bucketlens.site.pieces.wrapping import FOLDER, wrap_packed
from bucketlens.stores import ConflictError, open_store
from bucketlens.stores.memory import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path


def live_ids(site: Site) -> list[int]:
    """The ids that the segments of the manifest stand for, all together."""
    found: list[int] = []
    for segment in site.manifest.segments:
        ids = ids_of(site.store, segment)
        found += np.delete(ids, gone_of(site.store, segment)).tolist()
    return sorted(found)


@given(st.lists(st.integers(0, 1 << 34)))
def test_varints_come_back(values: list[int]):
    """Numbers of up to 35 bits are the same after they were written and read."""
    data, lengths = encode_varints(np.array(values, np.int64))
    assert decode_varints(data).tolist() == values
    assert len(data) == sum(lengths)


@settings(max_examples=300)
@given(
    st.sets(st.integers(0, 3000)),
    st.sets(st.integers(0, 300)),
    st.sampled_from([1, 2, 50]),
)
def test_positions_come_back(single: set[int], runs: set[int], spread: int):
    """Sorted positions are the same after they were written and read, in whatever form."""
    positions = sorted(single | {n * spread + k for n in runs for k in range(spread // 2 + 1)})
    assert decode_positions(encode_positions(np.array(positions, int))).tolist() == positions


@pytest.mark.parametrize(
    ("positions", "form", "size"),
    [
        (range(0, 100_000, 1000), Form.GAPS, 200),
        (range(0, 8000, 3), Form.BITMAP, 1001),
        (range(5, 100_000), Form.RUNS, 5),
        ([], Form.GAPS, 1),
    ],
)
def test_the_shortest_form_is_chosen(positions: range, form: Form, size: int):
    """Few positions are gaps, many a bitmap, and neighbours runs."""
    encoded = encode_positions(np.array(positions, int))
    assert encoded[0] == form
    assert len(encoded) == pytest.approx(size, abs=2)


@given(st.lists(st.integers(1, 300)), st.integers(1, 500))
def test_lists_are_put_together_without_a_gap(counts: list[int], most: int):
    """Every list stands in one piece, in order, and only a long one alone exceeds a piece."""
    groups = group(counts, most)
    assert [n for one in groups for n in range(one.first, one.end)] == list(range(len(counts)))
    for one in groups:
        assert one.end - one.first == 1 or sum(counts[one.first : one.end]) <= most


def test_nothing_is_written_when_nothing_has_changed():
    """A second update to the same state of the catalog reads one file and writes none."""
    site = Site(MemoryStore(), 30)
    snapshot = site.catalog.snapshot()
    assert site.index.update(snapshot).pieces == 4
    before = {name: site.store.head(FOLDER + name).etag for name in site.names()}
    assert site.index.update(snapshot).pieces == 0
    assert {name: site.store.head(FOLDER + name).etag for name in site.names()} == before


def test_an_older_state_does_not_replace_a_newer_one():
    """An indexer that comes late with an old state of the catalog leaves the index as it is."""
    site = Site(MemoryStore(), 30)
    old = site.catalog.snapshot()
    site.add(5)
    site.update()
    site.index.update(old)
    assert live_ids(site) == list(range(1, 36))


def test_the_same_catalog_gives_the_same_bytes():
    """Two sites of one state of a catalog are the same, file by file."""
    site = Site(MemoryStore(), 700)
    snapshot = site.update()
    other = MemoryStore()
    SiteIndex(other, clock=lambda: site.now).update(snapshot)
    mine = {name: site.store.get(FOLDER + name).data for name in site.names()}
    assert mine == {name: other.get(FOLDER + name).data for name in site.names()}


def test_a_small_update_writes_little():
    """A hundred new images beside 6,000 cost a few files, none of the many that stand."""
    site = Site(MemoryStore(), 6000)
    site.update()
    whole = sum(len(site.store.get(FOLDER + name).data) for name in site.names())
    before = set(site.names())
    site.add(100)
    site.update()
    assert site.last is not None
    assert not site.last.full
    assert site.last.pieces == 1 + len(set(site.names()) - before)
    assert site.last.pieces <= 4
    assert site.last.written < 0.05 * whole


def test_segments_stay_few_and_images_are_seldom_written_again():
    """After forty updates there are a handful of segments, each image written a few times."""
    site = Site(MemoryStore())
    written = 0
    for _ in range(40):
        site.add(60)
        site.update()
        assert site.last is not None
        written += site.last.images
        assert len(site.manifest.segments) <= 6
    assert live_ids(site) == list(range(1, 2401))
    assert written < 8 * 2400


def test_any_changes_leave_each_image_in_one_segment():
    """However images come, change and go, the segments together hold exactly those that stand."""
    site = Site(MemoryStore(), 900, seed=11)
    for _ in range(15):
        site.add(site.chance.choice([0, 1, 40, 700]))
        there = len(site.catalog.images)
        site.change(
            min(there, site.chance.choice([0, 3, 200])),
            min(there, site.chance.choice([0, 2, there // 3])),
        )
        snapshot = site.update()
        assert live_ids(site) == sorted(snapshot.shown)
        assert sum(one.live for one in site.manifest.segments) == len(snapshot.shown)


def test_the_name_of_a_removed_image_leaves_with_the_next_update():
    """No file that the manifest leads to names it any more, and after a day none at all."""
    site = Site(MemoryStore(), 1200)
    site.update()
    site.add(20)
    site.update()
    keys = [site.catalog.images[number].key.encode() for number in (100, 1000, 1210)]
    held = b"".join(site.texts().values())
    assert all(key in held for key in keys)
    for number in (100, 1000, 1210):
        site.catalog.remove(number)
    site.update()
    manifest = site.manifest
    patched = {name for one in manifest.segments for name in one.patches.values()}
    assert patched
    site.now += 1.01 * DAY
    site.update()
    held = b"".join(site.texts().values())
    assert not any(key in held for key in keys)
    assert live_ids(site) == sorted(site.catalog.images)


def test_what_was_merged_stays_for_a_day():
    """Files that the manifest no longer names are there for pages that are open, then go."""
    site = Site(MemoryStore(), 300)
    site.update()
    old = set(site.names())
    site.add(300)
    site.update()
    assert old <= set(site.names())
    site.now += 0.9 * DAY
    site.update()
    assert old <= set(site.names())
    site.now += 0.2 * DAY
    site.update()
    left = old & set(site.names())
    assert left == {"manifest.js"}
    assert live_ids(site) == list(range(1, 601))


def test_what_a_killed_indexer_left_is_swept():
    """Files that no manifest ever named go a week later; young ones stay."""
    site = Site(MemoryStore(), 30)
    site.now = time.time()
    site.update()
    piece = wrap_packed("00000000deadbeef/p0", b"half a segment")
    site.store.put(piece.path, piece.data)
    site.now += 0.5 * DAY
    site.update()
    assert piece.path in {FOLDER + name for name in site.names()}
    site.now += 1.1 * WEEK
    site.update()
    assert piece.path not in {FOLDER + name for name in site.names()}
    assert live_ids(site) == list(range(1, 31))


@pytest.mark.parametrize("damage", ["gone", "cut", "manifest"])
def test_a_damaged_index_is_built_anew(damage: str):
    """Whatever file an update needs and can't read, it makes all of them again."""
    site = Site(MemoryStore(), 700)
    site.update()
    head = f"{FOLDER}{site.manifest.segments[0].name}/head.js"
    if damage == "gone":
        site.store.delete(head)
    elif damage == "cut":
        site.store.put(head, site.store.get(head).data[:-40])
    else:
        site.store.put(PATH, b"bucketlens.piece(")
    site.change(5, 5)
    snapshot = site.update()
    assert site.last is not None
    assert site.last.full
    assert live_ids(site) == sorted(snapshot.shown)


def test_another_lineage_of_the_catalog_is_another_index():
    """Where ids were given anew nothing of the old index is kept."""
    site = Site(MemoryStore(), 40)
    site.update()
    site.catalog.lineage = "fedcba9876543210"
    site.update()
    assert site.last is not None
    assert site.last.full
    assert site.manifest.lineage == site.catalog.lineage
    assert len(site.manifest.segments) == 1


def test_only_what_is_published_is_in_the_index():
    """A filter on keys holds for rows, lists and counts; failures are counted without a name."""
    site = Site(MemoryStore(), 40)
    site.catalog.add(site.image()._replace(key="trip 1/broken.jpg", failure="damaged"))
    site.catalog.add(site.image()._replace(key="trip 1/no page.jpg", page=False))
    snapshot = site.update(publishes=lambda key: key.startswith("trip 1/"))
    shown = [n for n, one in snapshot.shown.items() if one.key.startswith("trip 1/")]
    assert live_ids(site) == shown
    overview = msgspec.json.decode(site.text(f"{site.manifest.overview}.js"))
    assert overview["total"] == len(shown) == 6
    assert overview["failures"] == [["damaged", 1]]
    held = b"".join(site.texts().values())
    assert b"trip 2/" not in held
    assert b"broken" not in held
    assert b"no page" not in held


def test_several_at_once_do_no_harm(tmp_path: Path):
    """Indexers with different states, at the same time, leave the newest one whole."""
    site = Site(open_store(str(tmp_path)), 600)
    site.update()
    snapshots = []
    for _ in range(6):
        site.add(50)
        site.change(10, 5)
        snapshots.append(site.catalog.snapshot())
    with ThreadPoolExecutor(6) as threads:
        done = [
            threads.submit(SiteIndex(open_store(str(tmp_path))).update, snapshot)
            for snapshot in snapshots
        ]
        for one in done:
            one.result()
    assert site.manifest.change == snapshots[-1].change
    assert live_ids(site) == sorted(snapshots[-1].shown)


class Overtaken(MemoryStore):
    """A store in which another indexer comes first, once."""

    def __init__(self) -> None:
        """Nothing has happened yet."""
        super().__init__()
        self.others = 0

    def put(self, key: str, data: bytes, **conditions: object) -> str:
        """Lose the first race for the manifest."""
        if key == PATH and self.others == 0:
            self.others = 1
            raise ConflictError("another one came first")
        return super().put(key, data, **conditions)  # type: ignore[arg-type]


def test_who_loses_a_race_looks_again():
    """A manifest that was replaced meanwhile is read again, and the update made on top of it."""
    site = Site(Overtaken(), 40)
    site.update()
    assert live_ids(site) == list(range(1, 41))


def test_a_state_that_comes_back_is_whole():
    """Images that leave and come back as they were make the same files, which are not swept."""
    site = Site(MemoryStore(), 700)
    first = site.update()
    taken = {number: site.catalog.images[number] for number in (5, 300)}
    for number in taken:
        site.catalog.remove(number)
    site.update()
    for number, image in taken.items():
        site.catalog.replace(number, image)
        del site.catalog.removed[number]
    site.change(0, 0)
    for number in site.catalog.images:
        site.catalog.changed[number] = site.catalog.change
    site.update()
    for _ in range(2):
        site.now += 1.1 * DAY
        site.update()
    assert live_ids(site) == sorted(first.shown)
    (segment,) = site.manifest.segments
    assert not segment.patches
    shards = {name for name in site.names() if "r" in name.partition("/")[2][:1]}
    assert shards == {f"{segment.name}/r{n}.js" for n in range(11)}
    assert not [name for name in site.names() if name.startswith(("r.", "g."))]
