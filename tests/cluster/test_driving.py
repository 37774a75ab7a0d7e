"""Keys on a cluster: each is told of once, whatever becomes of workers."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from tests.cluster.crashing import LabHolder, collecting, lab_in
from tests.laboratory import BLUE, GREEN, RED

from bucketlens.cluster.charging import Charge
from bucketlens.cluster.driving import Drive
from bucketlens.errors import ConfigError
from bucketlens.pipeline.plans import Outcome, Settled, Sought
from bucketlens.pipeline.running import Engine
from bucketlens.records import canonical, decode_record
from bucketlens.settings import Settings
from bucketlens.stores import STRAIN, Strain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tests.laboratory import Lab

    from bucketlens.cluster.deploying import Connection
    from bucketlens.pipeline.plans import Item

pytestmark = [
    pytest.mark.xdist_group("cluster"),
    # A connection to a worker that was killed, and its sockets, are Dask's to close.
    pytest.mark.filterwarnings("default"),
]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A fresh collection in folders."""
    return lab_in(tmp_path)


def fill(lab: Lab, count: int, odd: bytes = GREEN) -> None:
    """Red and green pictures; ``07.jpg`` is odd."""
    for i in range(count):
        lab.source.put(f"{i:02}.jpg", odd if i == 7 else [RED, GREEN][i % 2])


@contextmanager
def held(cluster: Connection, lab: Lab) -> Iterator[str]:
    """A run that the workers know; its name."""
    name = f"run-{lab.source.location}"
    source, settings = lab.source.location, Settings(pages=False)
    charge = Charge(name, source, source, settings, "", "", "", "", None, owned=True)
    holder = LabHolder(charge)
    cluster.client.register_plugin(holder)
    yield name
    cluster.client.unregister_worker_plugin(holder.name)


def condemn(key: str) -> Settled:
    """Without a record."""
    return Settled(key, Outcome.FAILED, ("crash", "given up", None))


def drive(
    cluster: Connection,
    lab: Lab,
    items: Iterable[Item] | None = None,
    *,
    report: Callable[[Settled], None] | None = None,
    stop: threading.Event | None = None,
) -> list[Settled]:
    """Settle these, or a whole listing; what was reported."""
    told: list[Settled] = []
    with held(cluster, lab) as run:
        work = Drive(
            cluster, run, report or told.append, stop or threading.Event(), condemn, lambda _: None
        )
        work.run(lab.source.list() if items is None else items, (0.0,))
    return told


def records(lab: Lab) -> dict[str, bytes]:
    """What stands, but for times."""
    names = [info.key for info in lab.records.list()]
    return {name: canonical(decode_record(lab.records.get(name).data)) for name in names}


def test_a_cluster_leaves_what_threads_leave(cluster: Connection, lab: Lab):
    """Each key is told of once, and the records are the same; a second run changes nothing."""
    fill(lab, 70, odd=b"broken")
    told = drive(cluster, lab)
    assert Counter(settled.key for settled in told) == {f"{i:02}.jpg": 1 for i in range(70)}
    assert [s.failure[0] for s in told if s.failure] == ["unsupported"]
    left = records(lab)
    assert Counter(s.outcome.value for s in drive(cluster, lab)) == {"unchanged": 69, "failed": 1}
    for name in left:
        lab.records.delete(name)
    opened = collecting(lab)
    Engine(opened.settler, opened.labeler, lab.settings, lambda _: None).run(lab.source.list())
    assert records(lab) == left


def test_named_keys_are_looked_up_by_the_workers(cluster: Connection, lab: Lab):
    """One that is not there, or is named twice, is told of as such."""
    fill(lab, 3)
    names = ("00.jpg", "none.jpg", "01.jpg", "00.jpg")
    told = drive(cluster, lab, [Sought(name) for name in names])
    assert sorted(s.key for s in told) == sorted(names)
    assert [s.failure[0] for s in told if s.failure] == ["missing"]
    assert set(records(lab)) == {"00.jpg.json", "01.jpg.json"}


def test_a_picture_that_ends_each_worker_is_given_up_and_stops_none(cluster: Connection, lab: Lab):
    """It is tried with others, apart, and alone."""
    fill(lab, 40, odd=BLUE)
    told = {settled.key: settled for settled in drive(cluster, lab)}
    assert len(told) == 40
    failed = told.pop("07.jpg")
    assert failed.failure == ("crash", "given up", None)
    assert {s.outcome.value for s in told.values()} <= {"labelled", "redrawn", "unchanged"}
    assert len(records(lab)) == 39


def test_a_worker_that_can_not_open_what_it_needs_is_tried_later(
    cluster: Connection, lab: Lab, tmp_path: Path
):
    """A store that is away for a moment costs no image; what it cost in patience is counted."""
    fill(lab, 20)
    before = STRAIN.now
    (tmp_path / "away").touch()
    told = drive(cluster, lab)
    assert Counter(s.outcome.value for s in told) == {"labelled": 20}
    assert STRAIN.now - before == Strain(retries=5, given_up=1)


def test_what_an_operator_must_change_stops_the_run(cluster: Connection, lab: Lab, tmp_path: Path):
    """With the message, the worker and the setting."""
    fill(lab, 80)
    (tmp_path / "full").touch()
    with pytest.raises(ConfigError, match=r"worker tls://.*: no space left") as caught:
        drive(cluster, lab)
    assert caught.value.setting == "out"
    assert not records(lab)


def test_a_listing_that_breaks_off_ends_the_run_with_its_error(cluster: Connection, lab: Lab):
    """What was sent by then has its records."""
    fill(lab, 40)

    def broken() -> Iterator[Item]:
        for info in lab.source.list():
            if info.key == "35.jpg":
                raise RuntimeError("the listing broke off")
            yield info

    told: list[Settled] = []
    with pytest.raises(RuntimeError, match="broke off"):
        drive(cluster, lab, broken(), report=told.append)
    assert {f"{settled.key}.json" for settled in told} == set(records(lab))


def test_stopping_finishes_what_is_in_flight(cluster: Connection, lab: Lab):
    """Everything that was begun has its record and is told of, the rest is left for later."""
    for i in range(400):
        lab.source.put(f"{i}.jpg", RED)
    stop = threading.Event()
    told: list[Settled] = []

    def report(settled: Settled) -> None:
        told.append(settled)
        if len(told) == 10:
            stop.set()

    drive(cluster, lab, report=report, stop=stop)
    assert 10 <= len(told) < 400
    assert {f"{settled.key}.json" for settled in told} == set(records(lab))
