"""Where a worker labels: one engine for chunks that come and go."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, cast

import pytest
from tests.cluster.crashing import collecting
from tests.laboratory import GREEN, RED, Lab, PageLog, new_lab

from bucketlens.assembly import Collecting
from bucketlens.catalog.packs import PackedStore, Packs, PackWriter
from bucketlens.cluster.bench import Bench, Done
from bucketlens.errors import ConfigError, TransientError
from bucketlens.events import KeyFilter
from bucketlens.pipeline.packing import NewRow, Packer
from bucketlens.pipeline.recording import Recorder
from bucketlens.pipeline.settling import Settler
from bucketlens.stores import STRAIN, Strain, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bucketlens.assembly import Collection
    from bucketlens.types import ObjectInfo


@pytest.fixture
def lab() -> Lab:
    """A collection of forty pictures in memory."""
    lab = new_lab()
    for i in range(40):
        lab.source.put(f"{i:02}.jpg", [RED, GREEN][i % 2])
    return lab


def bench(lab: Lab, opening: Callable[[], Collecting] | None = None, idle: float = 60.0) -> Bench:
    """A bench of one thread."""
    return Bench(
        opening or (lambda: collecting(lab)), lab.settings, threads=1, where="here", idle=idle
    )


def chunks(lab: Lab) -> list[list[ObjectInfo]]:
    """All pictures in chunks of ten."""
    infos = list(lab.source.list())
    return [infos[i : i + 10] for i in range(0, len(infos), 10)]


def left_free() -> None:
    """Nobody waits for another chunk."""


def test_each_chunk_gets_its_own_reports(lab: Lab):
    """Though one engine works on all of them at once."""
    opened = []

    def opening() -> Collecting:
        opened.append(1)
        return collecting(lab)

    work = bench(lab, opening)
    parts = chunks(lab)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda part: work.settle(part, left_free), parts))
    for part, result in zip(parts, done, strict=True):
        assert {s.key for s in result.settled} == {info.key for info in part}
        assert {s.outcome.value for s in result.settled} == {"labelled"}
    assert len(opened) == 1
    work.stop()


def test_another_chunk_may_come_when_one_is_nearly_done(lab: Lab):
    """Not before, or a worker would hoard; and not only after, or it would pause."""
    going = threading.Semaphore(0)
    lab.scorer.before = lambda: (going.acquire(), None)[1]
    work = bench(lab)
    asked = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(work.settle, chunks(lab)[0], asked.set)
        going.release(5)
        assert not asked.wait(0.3)
        going.release(1)
        assert asked.wait(60)
        assert not result.done()
        going.release(4)
        assert len(result.result().settled) == 10
    work.stop()


def test_a_key_that_is_there_twice_is_told_of_twice(lab: Lab):
    """As a list of keys may name it."""
    info = lab.source.head("03.jpg")
    done = bench(lab).settle([info, info], left_free)
    assert [settled.key for settled in done.settled] == ["03.jpg", "03.jpg"]


def test_what_nobody_can_go_on_with_is_told_with_each_chunk(lab: Lab):
    """Where it can't even be opened, and by which worker."""

    def opening() -> Collecting:
        raise ConfigError("the model is gone", setting="classifier")

    done = bench(lab, opening).settle(chunks(lab)[0], left_free)
    assert not done.settled
    assert done.halted is not None
    assert str(done.halted.error()) == "here: the model is gone"


def test_what_may_work_later_is_tried_with_the_next_chunk(lab: Lab):
    """A store that was away for a while."""
    tries = []

    def opening() -> Collecting:
        tries.append(1)
        if len(tries) == 1:
            raise TransientError("slow down")
        return collecting(lab)

    work = bench(lab, opening)
    part = chunks(lab)[0]
    assert work.settle(part, left_free) == Done(away="slow down")
    assert len(work.settle(part, left_free).settled) == 10


def test_an_engine_without_work_ends_and_another_begins(lab: Lab):
    """The memory of its models is given back meanwhile."""
    opened = []

    def opening() -> Collecting:
        opened.append(threading.current_thread())
        return collecting(lab)

    work = bench(lab, opening, idle=0.0)
    for part in chunks(lab)[:2]:
        assert len(work.settle(part, left_free).settled) == 10
        opened[-1].join(60)
        assert not opened[-1].is_alive()
    assert len(opened) == 2


def test_a_stop_leaves_what_was_not_begun(lab: Lab):
    """What was begun is told of; a chunk that comes later is not begun at all."""
    work = bench(lab)
    lab.scorer.before = work.stop
    done = work.settle(chunks(lab)[0], left_free)
    assert len(done.settled) < 40
    assert {f"{s.key}.json" for s in done.settled} == {info.key for info in lab.records.list()}
    assert work.settle(chunks(lab)[1], left_free) == Done()


def test_what_stores_cost_in_patience_is_told_once(lab: Lab):
    """With the chunk that ends next."""
    work = bench(lab)
    lab.scorer.before = lambda: STRAIN.add(Strain(retries=1))
    first, second = (work.settle(part, left_free) for part in chunks(lab)[:2])
    assert first.strain + second.strain == Strain(retries=20)
    work.stop()


@pytest.fixture
def packed(lab: Lab, tmp_path: Path) -> Lab:
    """The same pictures, and records that go into packs."""
    (tmp_path / "metadata").mkdir()
    packs = Packs(open_store(str(tmp_path)), wanted=True)
    records = PackedStore(open_store(str(tmp_path / "metadata")), packs)
    return Lab(lab.source, records, lab.private, PageLog(), lab.scorer, lab.settings)


def packing(lab: Lab, most: int = 1000, before: Callable[[], None] = lambda: None) -> Collecting:
    """What an engine needs to write packs of so many records."""
    assert isinstance(lab.records, PackedStore)
    writer = PackWriter(lab.records.packs, lambda: 7.0)

    def write(given: Sequence[NewRow]) -> list[str | None]:
        before()
        return writer.write(given)

    packer = Packer(lab.records.takes, write, most, size=1_000_000, seconds=1000.0)
    labeler = lab.labeler()
    settler = Settler(lab.source, Recorder(lab.records, None, packer=packer), labeler, lambda: 0.0)
    nothing = cast("Collection", None)
    return Collecting(lab.source, nothing, KeyFilter(suffixes=()), labeler, settler, {})


def rows(lab: Lab) -> list[int]:
    """Of each pack."""
    assert isinstance(lab.records, PackedStore)
    return [pack.rows for pack in lab.records.packs.standing().manifest.packs]


def test_a_chunk_is_done_when_its_pack_stands(packed: Lab):
    """Each leaves one, though nothing else fills it."""
    work = bench(packed, lambda: packing(packed))
    for count, part in enumerate(chunks(packed), start=1):
        done = work.settle(part, left_free)
        assert Counter(s.outcome.value for s in done.settled) == {"labelled": 10}
        assert rows(packed) == [10] * count
    again = work.settle(chunks(packed)[0], left_free)
    assert {s.outcome.value for s in again.settled} == {"unchanged"}
    work.stop()


def test_a_pack_that_is_told_of_makes_no_other_one_due(packed: Lab):
    """What the next chunk has begun with meanwhile goes into that one's pack."""
    going, begun = threading.Semaphore(0), threading.Semaphore(0)

    def wait_turn() -> None:
        begun.release()
        going.acquire()

    packed.scorer.before = wait_turn

    def begin_next() -> None:
        going.release(1)
        time.sleep(0.3)  # so that it waits when the first pack is told of

    work = bench(packed, lambda: packing(packed, before=begin_next))
    asked = threading.Event()
    first, second = chunks(packed)[:2]
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(work.settle, first, asked.set)
        going.release(9)
        assert asked.wait(60)
        for _ in first:  # until the last is scored: readers may put one of the second before it
            assert begun.acquire(timeout=60)
        two = pool.submit(work.settle, second, left_free)
        time.sleep(0.3)  # so that it is read
        going.release(1)
        assert len(one.result(60).settled) == 10
        time.sleep(0.3)
        assert rows(packed) == [10]
        going.release(9)
        assert len(two.result(60).settled) == 10
    assert rows(packed) == [10, 10]
    work.stop()


def test_another_chunk_may_come_while_records_wait(packed: Lab):
    """A worker need not stand still until a pack is written; together they fill it."""
    going = threading.Semaphore(0)
    packed.scorer.before = lambda: (going.acquire(), None)[1]
    work = bench(packed, lambda: packing(packed))
    asked = threading.Event()
    first, second = chunks(packed)[:2]
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(work.settle, first, asked.set)
        going.release(9)
        assert asked.wait(60)
        assert rows(packed) == []
        two = pool.submit(work.settle, second, left_free)
        going.release(11)
        assert {s.key for s in one.result(60).settled} == {info.key for info in first}
        assert {s.key for s in two.result(60).settled} == {info.key for info in second}
    assert sum(rows(packed)) == 20
    work.stop()


@pytest.mark.parametrize("most", [1, 3, 1000])
def test_keys_that_come_twice_end_their_chunks(packed: Lab, most: int):
    """Whether the first record waits, or stands, when the second comes; and with one that fails."""
    packed.source.put("00.jpg", b"broken")
    work = bench(packed, lambda: packing(packed, most))
    infos = [packed.source.head(info.key) for info in chunks(packed)[0]]
    parts = [infos * 2, infos[:3] * 3, infos[:1], infos[5:]]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda part: work.settle(part, left_free), parts))
    for part, result in zip(parts, done, strict=True):
        expected = Counter(info.key for info in part)
        assert Counter(settled.key for settled in result.settled) == expected
    assert {info.key for info in packed.records.list()} == {f"{i.key}.json" for i in infos}
    work.stop()


def test_a_stop_packs_what_was_begun(packed: Lab):
    """What is told of stands, and nothing else does."""
    work = bench(packed, lambda: packing(packed))
    packed.scorer.before = work.stop
    done = work.settle(list(packed.source.list()), left_free)
    assert 0 < len(done.settled) < 40
    assert {f"{s.key}.json" for s in done.settled} == {i.key for i in packed.records.list()}
