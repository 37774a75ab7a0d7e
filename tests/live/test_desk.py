"""Who waits for an answer goes first, and nobody waits for ever."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from tests.laboratory import RED, Lab, new_lab

from bucketlens.errors import TransientError
from bucketlens.live.desk import Desk, Lane, Ticket
from bucketlens.live.measures import NoMeasures
from bucketlens.pipeline.labelling import Labeler, Labelled, Loaded
from bucketlens.types import ObjectInfo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketlens.pipeline.labelling import Result


class Sizes(NoMeasures):
    """Keeps the sizes of batches."""

    def __init__(self) -> None:
        """Begin with none."""
        self.batches: list[int] = []

    def batch(self, size: int) -> None:
        """Keep it."""
        self.batches.append(size)


class Gate:
    """Holds the only thread of a desk until it is opened, and sees who is labelled in turn."""

    def __init__(self, lab: Lab) -> None:
        """Shut."""
        self.open = threading.Event()
        self.order: list[str] = []
        self.labeler = lab.labeler()
        lab.scorer.before = lambda: None

    def lane(self, name: str, **changed: float) -> Lane:
        """A lane whose images pass the gate."""
        gate = self

        class Watched(Labeler):
            def label(self, images: Sequence[Loaded]) -> list[Result]:
                assert gate.open.wait(30)
                gate.order += [image.info.key for image in images]
                return gate.labeler.label(images)

        base = self.labeler
        watched = Watched(base.settings, base.scorer, base.view, lambda: 0.0)
        settings: dict[str, float] = {"grace": 0.0, "batch": 8} | changed
        return Lane(name, watched, **settings)  # type: ignore[arg-type]


@pytest.fixture
def gate() -> Gate:
    """A shut gate."""
    return Gate(new_lab())


def image(key: str, data: bytes = RED) -> Loaded:
    """An image that waits."""
    return Loaded(ObjectInfo(key=key, etag="1", size=len(data), modified=0.0), data)


def hold(desk: Desk, gate: Gate, lane: str) -> Ticket:
    """Have the only thread stand at the gate with an image."""
    ticket = desk.put(lane, image("first"))
    while not ticket.result.running():
        pass
    assert not gate.open.is_set()
    return ticket


def test_who_asks_goes_before_the_backlog(gate: Gate):
    """Although the backlog was there first, as long as its grace lasts."""
    lanes = [gate.lane("request"), gate.lane("backlog", grace=3600.0, batch=1)]
    desk = Desk(lanes, 1, NoMeasures())
    hold(desk, gate, "backlog")
    for key in ("old 1", "old 2"):
        desk.put("backlog", image(key))
    desk.put("request", image("asked"))
    gate.open.set()
    assert desk.close()
    assert gate.order == ["first", "asked", "old 1", "old 2"]


def test_the_backlog_is_not_starved(gate: Gate):
    """Whoever has waited longer than the grace goes before those who came later."""
    lanes = [gate.lane("request", batch=1), gate.lane("backlog", grace=0.0, batch=1)]
    desk = Desk(lanes, 1, NoMeasures())
    hold(desk, gate, "request")
    desk.put("request", image("asked 1"))
    desk.put("backlog", image("old"))
    desk.put("request", image("asked 2"))
    gate.open.set()
    assert desk.close()
    assert gate.order == ["first", "asked 1", "old", "asked 2"]


def test_what_waits_is_labelled_together_and_shared_by_the_threads(gate: Gate):
    """Six that wait for two threads make batches of three, two and one."""
    sizes = Sizes()
    desk = Desk([gate.lane("request")], 2, sizes)
    hold(desk, gate, "request")
    hold(desk, gate, "request")
    tickets = [desk.put("request", image(f"{i}")) for i in range(6)]
    gate.open.set()
    assert desk.close()
    assert sum(sizes.batches) == 8
    assert sizes.batches[:3] == [1, 1, 3]
    assert all(isinstance(ticket.result.result(), Labelled) for ticket in tickets)


def test_too_many_bytes_are_turned_away(gate: Gate):
    """Of the lane that is bounded; one image alone is always taken."""
    lanes = [gate.lane("heavy", room_bytes=10), gate.lane("free")]
    desk = Desk(lanes, 1, NoMeasures())
    hold(desk, gate, "free")
    for lane in ("heavy", "free", "free"):
        desk.put(lane, image("waits"))
    with pytest.raises(TransientError, match="bytes"):
        desk.put("heavy", image("too many"))
    gate.open.set()
    assert desk.close()
    assert gate.order == ["first", *["waits"] * 3]


def test_who_gave_up_is_passed_over(gate: Gate):
    """A request that was cancelled while it waited costs nothing."""
    desk = Desk([gate.lane("request", batch=1)], 1, NoMeasures())
    hold(desk, gate, "request")
    gone, stays = desk.put("request", image("gone")), desk.put("request", image("stays"))
    assert gone.result.cancel()
    gate.open.set()
    assert desk.close()
    assert gate.order == ["first", "stays"]
    assert isinstance(stays.result.result(), Labelled)


def test_a_desk_that_closes_finishes_what_waits_and_takes_no_more(gate: Gate):
    """And says so when it can't finish in time."""
    desk = Desk([gate.lane("request")], 1, NoMeasures())
    hold(desk, gate, "request")
    waits = desk.put("request", image("waits"))
    assert not desk.close(0.01)
    with pytest.raises(TransientError):
        desk.put("request", image("late"))
    gate.open.set()
    assert desk.close()
    assert isinstance(waits.result.result(), Labelled)


def test_a_bug_in_labelling_is_told_to_who_waits(gate: Gate):
    """The thread lives on, and the next image is labelled."""
    lane = gate.lane("request")
    broken = Lane("broken", _Broken(lane.labeler), grace=0.0, batch=8)
    desk = Desk([lane, broken], 1, NoMeasures())
    gate.open.set()
    assert isinstance(desk.put("broken", image("a")).result.result(30), ZeroDivisionError)
    assert isinstance(desk.put("request", image("b")).result.result(30), Labelled)
    assert desk.close()


class _Broken(Labeler):
    def __init__(self, base: Labeler) -> None:
        super().__init__(base.settings, base.scorer, base.view, lambda: 0.0)

    def label(self, images: Sequence[Loaded]) -> list[Result]:
        raise ZeroDivisionError(len(images))
