"""Records written by the thousand are those that are written one by one."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from tests.laboratory import BLUE, GREEN, RED, ColorScorer, ColorView, Lab, PageLog

from bucketlens.catalog.packs import PackedStore, Packs, PackWriter
from bucketlens.errors import TransientError
from bucketlens.names import output_name
from bucketlens.pipeline.helping import Post, serve
from bucketlens.pipeline.packing import NewRow, Packer
from bucketlens.pipeline.recording import Recorder
from bucketlens.pipeline.running import Engine
from bucketlens.pipeline.settling import Settler
from bucketlens.pipeline.spreading import Helpers, Spread
from bucketlens.records import Tombstone, canonical, decode_record
from bucketlens.settings import Settings
from bucketlens.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from bucketlens.pipeline.plans import Settled


@dataclass
class PackLab(Lab):
    """A collection whose records go into packs."""

    most: int = 10
    before_write: Callable[[], None] = lambda: None

    @property
    def packed(self) -> PackedStore:
        """The records."""
        assert isinstance(self.records, PackedStore)
        return self.records

    def packer(self) -> Packer:
        """Writes packs of a few records."""
        writer = PackWriter(self.packed.packs, lambda: 7.0)

        def write(rows: Sequence[NewRow]) -> list[str | None]:
            self.before_write()
            return writer.write(rows)

        return Packer(self.packed.takes, write, self.most, size=1_000_000, seconds=60.0)

    def packing_settler(self, view: ColorView | None = None) -> Settler:
        """What settles keys of this collection."""
        recorder = Recorder(self.records, None, edits=self.edits, packer=self.packer())
        return Settler(self.source, recorder, self.labeler(view=view), lambda: 1_700_000_000.0)

    def run(self, view: ColorView | None = None) -> Counter[str]:
        """Settle all; how many keys had which outcome."""
        told: list[Settled] = []
        settler = self.packing_settler(view)
        engine = Engine(
            settler, self.labeler(view=view), self.settings, told.append, retry_delays=(0.0,)
        )
        engine.run(self.source.list())
        return Counter(settled.outcome.value for settled in told)

    @property
    def loose(self) -> list[str]:
        """Names of records with a file of their own."""
        return [info.key for info in self.packed.list_loose()]


@pytest.fixture
def lab(tmp_path: Path) -> PackLab:
    """A fresh collection in folders, where other processes see it too."""
    (tmp_path / "source").mkdir()
    private = open_store(str(tmp_path))
    (tmp_path / "metadata").mkdir()
    records = PackedStore(open_store(str(tmp_path / "metadata")), Packs(private, wanted=True))
    source = open_store(str(tmp_path / "source"))
    return PackLab(source, records, private, PageLog(), ColorScorer(), Settings(pages=False))


def fill(lab: Lab, count: int) -> None:
    """Red and green pictures, and one that is none."""
    for i in range(count):
        lab.source.put(f"{i:02}.jpg", b"broken" if i == 7 else [RED, GREEN][i % 2])


def contents(lab: Lab) -> dict[str, bytes]:
    """What stands, but for times."""
    names = [info.key for info in lab.records.list()]
    return {name: canonical(decode_record(lab.records.get(name).data)) for name in names}


def test_packs_hold_what_files_would(lab: PackLab, tmp_path: Path):
    """Labels and failures, each told of once; a second run changes nothing."""
    fill(lab, 35)
    assert lab.run() == {"labelled": 34, "failed": 1}
    assert lab.loose == []
    assert [pack.rows for pack in lab.packed.packs.standing().manifest.packs] == [10, 10, 10, 5]
    assert lab.run() == {"unchanged": 34, "failed": 1}
    plain = open_store(str(tmp_path / "plain"))
    settler = Settler(lab.source, Recorder(plain, None), lab.labeler(), lambda: 0.0)
    Engine(settler, lab.labeler(), lab.settings, lambda _: None).run(lab.source.list())
    found = {info.key: canonical(decode_record(plain.get(info.key).data)) for info in plain.list()}
    assert contents(lab) == found


def test_what_changes_is_packed_again_and_the_newest_holds(lab: PackLab):
    """Other pixels and a repaired failure replace rows; what was put alone stays alone."""
    fill(lab, 12)
    lab.run()
    lab.source.put("00.jpg", BLUE)
    lab.source.put("07.jpg", BLUE)
    assert lab.run() == {"labelled": 2, "unchanged": 10}
    assert lab.loose == []
    assert lab.record("00.jpg").labels[0].name == "Blue"  # type: ignore[union-attr]
    standing = lab.packing_settler().inspect("01.jpg")
    assert standing.standing.etag is not None
    assert lab.run(ColorView("view-2", "!")) == {"relabelled": 12}  # from scores, each alone
    assert len(lab.loose) == 12
    lab.source.put("02.jpg", BLUE)
    assert lab.run(ColorView("view-2", "!"))["labelled"] == 1
    assert lab.record("02.jpg").labels[0].name == "Blue!"  # type: ignore[union-attr]


def test_a_source_that_changes_before_its_pack_is_written_is_settled_again(lab: PackLab):
    """One is overwritten and one removed after they were labelled: neither old record holds."""
    fill(lab, 6)

    def disturb() -> None:
        lab.before_write = lambda: None
        lab.source.put("00.jpg", BLUE)
        lab.source.delete("01.jpg")

    lab.before_write = disturb
    assert lab.run() == {"labelled": 5, "removed": 1}
    assert lab.record("00.jpg").labels[0].name == "Blue"  # type: ignore[union-attr]
    assert isinstance(lab.record("01.jpg"), Tombstone)


def test_of_two_runs_the_second_finds_the_records_of_the_first(lab: PackLab):
    """It loses its rows, settles those keys again, and reports them as what they are."""
    fill(lab, 9)
    first: list[Counter[str]] = []

    def other() -> None:
        lab.before_write = lambda: None
        first.append(lab.run())

    lab.before_write = other
    second = lab.run()
    assert first == [{"labelled": 8, "failed": 1}]
    assert second["failed"] == 1
    assert second.total() == 9
    assert len(contents(lab)) == 9


def test_a_record_that_others_put_meanwhile_wins(lab: PackLab):
    """An event's record stands loose over the pack that is written after it."""
    fill(lab, 5)

    def event() -> None:
        lab.before_write = lambda: None
        lab.source.put("00.jpg", BLUE)
        lab.settle("00.jpg")

    lab.before_write = event
    lab.run()
    assert lab.loose == ["00.jpg.json"]
    assert lab.record("00.jpg").labels[0].name == "Blue"  # type: ignore[union-attr]


def test_a_pack_that_can_not_be_written_now_is_tried_again(lab: PackLab):
    """Each of its keys is told of once, by the later try."""
    fill(lab, 8)

    def busy() -> None:
        lab.before_write = lambda: None
        raise TransientError("the store is busy")

    lab.before_write = busy
    assert lab.run() == {"labelled": 7, "failed": 1}
    assert len(contents(lab)) == 8


def test_a_removed_image_leaves_a_tombstone_then_nothing(lab: PackLab):
    """The row below does not come back, and neither does it stand in the way of a new image."""
    fill(lab, 3)
    lab.run()
    lab.source.delete("00.jpg")
    name = output_name("00.jpg", ".json")
    assert lab.packing_settler().settle("00.jpg", 1_000_000).value == "removed"
    assert isinstance(lab.record("00.jpg"), Tombstone)
    lab.records.delete(name)
    assert name not in contents(lab)
    lab.source.put("00.jpg", BLUE)
    assert lab.run() == {"labelled": 1, "unchanged": 2}
    assert lab.record("00.jpg").labels[0].name == "Blue"  # type: ignore[union-attr]


@pytest.mark.parametrize("limit", ["records", "size", "seconds"])
def test_what_waits_is_bounded(lab: PackLab, limit: str):
    """By number, by bytes, by time: each writes packs before the end."""
    fill(lab, 7)
    packer = lab.packer()
    bounds = {
        "records": Packer(packer.takes, packer.write, 1, 1_000_000, 60.0),
        "size": Packer(packer.takes, packer.write, 1000, 1, 60.0),
        "seconds": Packer(packer.takes, packer.write, 1000, 1_000_000, 0.0),
    }
    recorder = Recorder(lab.records, None, packer=bounds[limit])
    settler = Settler(lab.source, recorder, lab.labeler(), lambda: 0.0)
    Engine(settler, lab.labeler(), lab.settings, lambda _: None).run(lab.source.list())
    assert [pack.rows for pack in lab.packed.packs.standing().manifest.packs] == [1] * 7


def test_a_run_that_is_stopped_records_what_it_labelled(lab: PackLab):
    """What waits when somebody asks for an end is written, and told of."""
    fill(lab, 200)
    stop = threading.Event()
    told: list[Settled] = []
    lab.most = 1000
    lab.scorer.before = lambda: stop.set() if lab.scorer.scored > 4 else None
    settler = lab.packing_settler()
    Engine(settler, lab.labeler(), lab.settings, told.append, stop, ()).run(lab.source.list())
    assert 0 < len(told) < 200
    assert {output_name(settled.key, ".json") for settled in told} == set(contents(lab))


@pytest.mark.skipif(sys.platform != "linux", reason="these helpers are forks")
@pytest.mark.parametrize("downs", [0, 1])
def test_processes_write_packs_of_their_own(lab: PackLab, tmp_path: Path, downs: int):
    """More records wait than keys are handed out; what goes down with one is done again."""
    fill(lab, 60)
    lab.most = 25
    down = tmp_path / "down"

    def start(tasks: Connection) -> BaseProcess:
        def die() -> None:
            if downs and not down.exists():
                down.touch()
                os.kill(os.getpid(), signal.SIGKILL)

        lab.before_write = die
        process = multiprocessing.get_context("fork").Process(
            target=serve, args=(Post(tasks), lab.packing_settler(), lab.labeler(), lab.settings)
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            process.start()
        return process

    told: list[Settled] = []
    Spread(Helpers(2, start, least=1), told.append, retry_delays=(0.0,)).run(lab.source.list())
    assert Counter(settled.key for settled in told) == {f"{i:02}.jpg": 1 for i in range(60)}
    assert Counter(s.outcome.value for s in told) == {"labelled": 59, "failed": 1}
    assert down.exists() == bool(downs)
    lab.before_write = lambda: None
    assert lab.run() == {"unchanged": 59, "failed": 1}
