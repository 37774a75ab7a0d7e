"""Where a worker labels: one engine for chunks that come and go."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from tests.cluster.crashing import collecting
from tests.laboratory import GREEN, RED, new_lab

from bucketlens.cluster.bench import Bench, Done
from bucketlens.errors import ConfigError, TransientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.laboratory import Lab

    from bucketlens.assembly import Collecting
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
