"""Many keys in several processes: as in one, whatever becomes of the processes."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import threading
import warnings
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.laboratory import BLUE, GREEN, RED, ColorScorer, Lab, PageLog

from bucketlens.errors import ConfigError, TransientError
from bucketlens.pipeline.helping import Post, Unchanged, looked_through, serve
from bucketlens.pipeline.plans import key_of_item
from bucketlens.pipeline.recording import Recorder
from bucketlens.pipeline.running import Engine
from bucketlens.pipeline.settling import Settler
from bucketlens.pipeline.spreading import Helpers, Spread
from bucketlens.records import canonical, decode_record
from bucketlens.settings import Settings
from bucketlens.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from bucketlens.pipeline.plans import Item, Settled
    from bucketlens.stores import Blob
    from bucketlens.types import DecodedImage, ObjectInfo, Scores

DONE = {"labelled", "redrawn"}
"""What becomes of keys where a process goes down: its last report may be lost with it."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="these helpers are forks")


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A fresh collection in folders, where other processes see it too."""
    (tmp_path / "source").mkdir()
    source, records, private = (
        open_store(str(tmp_path / name)) for name in ("source", "metadata", ".")
    )
    return Lab(source, records, private, PageLog(), ColorScorer(), Settings(pages=False))


def fill(lab: Lab, count: int, odd: bytes = BLUE) -> None:
    """Red and green pictures; ``07.jpg`` is odd."""
    for i in range(count):
        lab.source.put(f"{i:02}.jpg", odd if i == 7 else [RED, GREEN][i % 2])


def settler(lab: Lab) -> Settler:
    """What settles keys without pages, whose log would be each process's own."""
    return Settler(lab.source, Recorder(lab.records, None), lab.labeler(), lambda: 0.0)


def helpers(lab: Lab, count: int = 2) -> Helpers:
    """Forks of this process."""

    def start(tasks: Connection) -> BaseProcess:
        process = multiprocessing.get_context("fork").Process(
            target=serve,
            args=(Post(tasks), settler(lab), lab.labeler(), lab.settings),
            kwargs={"looks": True},
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            process.start()
        return process

    return Helpers(count, start, least=1)


def run(lab: Lab, told: Callable[[Settled], None] | None = None) -> list[Settled]:
    """Settle a whole listing; what was reported."""
    reports: list[Settled] = []
    Spread(helpers(lab), told or reports.append, retry_delays=(0.0,)).run(lab.source.list())
    return reports


def records(lab: Lab) -> dict[str, bytes]:
    """What stands, but for times."""
    names = [info.key for info in lab.records.list()]
    return {name: canonical(decode_record(lab.records.get(name).data)) for name in names}


def test_processes_leave_what_threads_leave(lab: Lab):
    """Each key is told of once, and the records are the same; a second run changes nothing."""
    fill(lab, 50, odd=b"broken")
    told = run(lab)
    assert Counter(settled.key for settled in told) == {f"{i:02}.jpg": 1 for i in range(50)}
    assert [s.failure[0] for s in told if s.failure] == ["unsupported"]
    left = records(lab)
    assert Counter(s.outcome.value for s in run(lab)) == {"unchanged": 49, "failed": 1}
    for name in left:
        lab.records.delete(name)
    Engine(settler(lab), lab.labeler(), lab.settings, lambda _: None).run(lab.source.list())
    assert records(lab) == left


def test_what_is_settled_already_is_told_of_in_a_few_messages(lab: Lab):
    """Of a task the helper tells what has nothing to be done, and settles the rest."""
    fill(lab, 10, odd=b"broken")
    run(lab)
    lab.source.put("03.jpg", BLUE)
    lab.source.put("new.jpg", RED)
    task: list[Item] = [*lab.source.list(), "00.jpg"]
    ours, theirs = multiprocessing.Pipe()
    left = looked_through(Post(theirs), settler(lab), task)
    assert [key_of_item(item) for item in left] == ["03.jpg", "07.jpg", "new.jpg", "00.jpg"]
    told = ours.recv()
    assert isinstance(told, Unchanged)
    assert told.keys == tuple(f"{i:02}.jpg" for i in range(10) if i not in {0, 3, 7})
    assert not told.all


def test_among_many_that_are_settled_a_few_new_ones_are_labelled(lab: Lab):
    """Each is told of once, however many a helper is given at once by then."""
    fill(lab, 90)
    lab.source.delete("07.jpg")
    run(lab)
    for i in range(90, 400):
        lab.source.put(f"a{i}.jpg", RED)
        record = lab.records.get("00.jpg.json").data.replace(b'"00.jpg"', b'"a%d.jpg"' % i)
        etag = lab.source.head(f"a{i}.jpg").etag.encode()
        old = lab.source.head("00.jpg").etag.encode()
        lab.records.put(f"a{i}.jpg.json", record.replace(old, etag))
    for i in (95, 180, 260, 399):
        lab.source.put(f"a{i}.jpg", GREEN)
    told = run(lab)
    assert Counter(s.outcome.value for s in told) == {"unchanged": 395, "labelled": 4}
    assert len({s.key for s in told}) == len(told)


def test_what_the_end_needs_is_loaded_once_while_images_are_labelled(lab: Lab):
    """And not at all where nothing has changed: then there may be nothing to index."""
    fill(lab, 20)
    loaded: list[int] = []

    def pass_over() -> None:
        told: list[Settled] = []
        working = replace(helpers(lab), meanwhile=lambda: loaded.append(len(told)))
        Spread(working, told.append, retry_delays=()).run(lab.source.list())

    pass_over()
    assert loaded == [1]
    pass_over()
    assert loaded == [1]


def test_a_picture_that_brings_processes_down_is_a_bug_and_stops_no_other(lab: Lab):
    """As a decoder that crashes: it is tried alone once more, and all others are labelled."""
    fill(lab, 40)

    class Crashing(ColorScorer):
        def score(self, images: Sequence[DecodedImage]) -> list[Scores]:
            if any(image.pixels[0, 0, 2] > 128 for image in images):
                signal.raise_signal(signal.SIGKILL)
            return super().score(images)

    lab.scorer = Crashing()
    told = {settled.key: settled for settled in run(lab)}
    assert len(told) == 40
    failed = told.pop("07.jpg")
    assert failed.failure == (
        "bug",
        "the process that looked at it was ended by SIGKILL, perhaps since memory was short",
        None,
    )
    assert failed.bug is not None
    assert {settled.outcome.value for settled in told.values()} <= DONE
    assert len(records(lab)) == 39


def test_a_process_that_is_killed_takes_nothing_along(lab: Lab, tmp_path: Path):
    """As where memory is short for a moment: its keys are labelled by another one."""
    fill(lab, 40)

    def killed_once() -> None:
        try:
            (tmp_path / "killed").touch(exist_ok=False)
        except FileExistsError:
            return
        signal.raise_signal(signal.SIGKILL)

    lab.scorer.before = killed_once
    told = run(lab)
    assert len(told) == 40
    assert {settled.outcome.value for settled in told} <= DONE


def test_what_may_work_later_is_tried_again_at_the_end(lab: Lab, tmp_path: Path):
    """A store that was busy for a while has all images labelled, one that stays busy does not."""
    fill(lab, 20)
    get = lab.source.get

    def busy(key: str, *, max_bytes: int | None = None) -> Blob:
        marker = tmp_path / f"asked-{key}"
        if key == "07.jpg" or (key == "03.jpg" and not marker.exists()):
            marker.touch()
            raise TransientError("slow down")
        return get(key, max_bytes=max_bytes)

    lab.source.get = busy  # type: ignore[method-assign]
    told = {settled.key: settled for settled in run(lab)}
    assert told.pop("07.jpg").failure == ("transient", "slow down", None)
    assert {settled.outcome.value for settled in told.values()} == {"labelled"}
    assert len(told) == 19


def test_a_bug_is_told_with_its_traceback(lab: Lab):
    """Though the exception itself stayed in another process."""
    fill(lab, 10)

    def fail() -> None:
        raise RuntimeError("nobody thought of this")

    lab.scorer.before = fail
    told = run(lab)
    assert len(told) == 10
    assert all(settled.failure == ("bug", "nobody thought of this", None) for settled in told)
    assert all("in fail" in str(settled.bug) for settled in told)


def test_what_an_operator_must_change_stops_the_run(lab: Lab, tmp_path: Path):
    """With the message and the setting, as if no other process had met it."""
    fill(lab, 80)

    def full(*_arguments: object, **_options: object) -> str:
        raise ConfigError("no space left", setting="out")

    lab.records.put = full  # type: ignore[method-assign]
    with pytest.raises(ConfigError, match="no space left") as caught:
        run(lab)
    assert caught.value.setting == "out"
    assert not (tmp_path / "metadata").exists()


def test_a_listing_that_breaks_off_ends_the_run_with_its_error(lab: Lab):
    """What was begun by then has its records."""
    fill(lab, 40)

    def broken() -> Iterator[ObjectInfo]:
        for info in lab.source.list():
            if info.key == "30.jpg":
                raise TransientError("the listing broke off")
            yield info

    told: list[Settled] = []
    with pytest.raises(TransientError, match="broke off"):
        Spread(helpers(lab), told.append).run(broken())
    assert {f"{settled.key}.json" for settled in told} == set(records(lab))


def test_a_report_that_fails_ends_the_run_and_does_not_hang_it(lab: Lab):
    """As when the terminal that shows the progress is gone."""
    fill(lab, 60)

    def broken(_settled: Settled) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        run(lab, broken)
    assert len(records(lab)) < 60


def test_stopping_finishes_what_is_in_flight(lab: Lab):
    """Everything that was begun has its record and is told of, the rest is left for later."""
    fill(lab, 99)
    stop = threading.Event()
    told: list[Settled] = []

    def report(settled: Settled) -> None:
        told.append(settled)
        if len(told) == 10:
            stop.set()

    Spread(helpers(lab), report, stop).run(lab.source.list())
    assert 10 <= len(told) < 99
    assert {f"{settled.key}.json" for settled in told} == set(records(lab))
