"""Two processes settle the same image, and one of them is killed.

The one stops at its n-th request to a store, the other does all that it has to do, the first goes
on for m more requests and ends. Whatever stands then, no record may vouch for a file that is
another's: one more pass, which believes what records say, must leave what a quiet one leaves.
"""

# ruff: noqa: ANN401 - requests are passed through

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from tests.laboratory import BLUE, GREEN, RED, ColorScorer
from tests.pipeline.test_recording import (
    FIRST_LOOK,
    FIRST_VIEW,
    KEY,
    SPOILT,
    Crash,
    World,
    overwrite,
    quiet_state,
    remove,
    settle_with,
)

from bucketlens.assembly import SitePages
from bucketlens.pipeline.labelling import Labeler
from bucketlens.pipeline.recording import Recorder
from bucketlens.pipeline.settling import Settler
from bucketlens.pipeline.verifying import differences, repair
from bucketlens.records import LabelRecord
from bucketlens.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bucketlens.settings import Settings
    from bucketlens.stores import Store


@dataclass
class Interrupted:
    """A process that is stopped at one request and ends at a later one.

    Attributes:
        stop_at: Number of the request before which the other one works.
        end_at: Number of the request that is not made any more.
        meanwhile: What the other one does.
    """

    stop_at: int
    end_at: int
    meanwhile: Callable[[], None]
    requests: int = 0
    stopped: bool = field(default=False)

    def tick(self) -> None:
        """Before each request."""
        number = self.requests
        self.requests += 1
        if number == self.stop_at:
            self.stopped = True
            self.meanwhile()
        if number == self.end_at:
            raise Crash


class Watched:
    """A store that tells of each request before it is made."""

    def __init__(self, store: Store, tick: Callable[[], None]) -> None:
        """Tick before each."""
        self._store = store
        self._tick = tick

    def __getattr__(self, name: str) -> Any:
        """A verb of the store."""
        verb = getattr(self._store, name)
        if name not in {"get", "head", "put", "delete"}:
            return verb

        def watched(*arguments: Any, **options: Any) -> Any:
            self._tick()
            return verb(*arguments, **options)

        return watched


def settle_interrupted(world: World, process: Interrupted, settings: Settings) -> None:
    """One process settles the image and is interrupted."""
    records: Any = Watched(open_store(f"{world.name}/out/metadata"), process.tick)
    site: Any = Watched(open_store(f"{world.name}/out/site"), process.tick)
    recorder = Recorder(records, SitePages(site, settings))
    labeler = Labeler(settings, ColorScorer(), FIRST_VIEW, lambda: 1.0)
    with suppress(Crash):
        Settler(world.source, recorder, labeler, lambda: 1.0).settle(KEY, settings.max_bytes)


def verify(world: World) -> None:
    """What reconciling does with the files of the site."""
    pages = SitePages(open_store(f"{world.name}/out/site"), FIRST_LOOK)
    recorder = world.recorder(FIRST_LOOK)
    labeler = Labeler(FIRST_LOOK, ColorScorer(), FIRST_VIEW, lambda: 1.0)
    settler = Settler(world.source, recorder, labeler, lambda: 1.0)

    def labelled() -> Iterator[str]:
        if isinstance(recorder.read(KEY).record, LabelRecord):
            yield KEY

    repair(differences(labelled, pages), settler, FIRST_LOOK.max_bytes, threading.Event())


def races(
    start: bytes | None, mine: bytes | None, other: Callable[[World], None]
) -> Iterator[World]:
    """The world after each way in which the two can meet."""
    for stop_at in count():
        stopped = False
        for more in range(12):
            world = World()
            if start is not None:
                world.source.put(KEY, start)
                world.settle()
            if mine is None:
                world.source.delete(KEY)
            else:
                world.source.put(KEY, mine)
            process = Interrupted(stop_at, stop_at + more, partial(other, world))
            settle_interrupted(world, process, FIRST_LOOK)
            stopped = process.stopped
            if not stopped:
                break
            yield world
        if not stopped:
            return


WRITERS: dict[str, Callable[[World], None]] = {
    "another version": overwrite(GREEN),
    "other thumbnails": settle_with(thumbnail_size=64),
    "another title": settle_with(title="Other"),
}
REMOVERS: dict[str, Callable[[World], None]] = {"spoilt": overwrite(SPOILT), "removed": remove}


@pytest.mark.parametrize("start", [RED, SPOILT, None], ids=["image", "failure", "nothing"])
@pytest.mark.parametrize("other", WRITERS)
def test_a_killed_loser_leaves_no_file_of_its_own_under_a_winners_record(
    other: str, start: bytes | None
):
    """Both write; the loser may end at any request after the winner is done."""
    met = 0
    for world in races(start, BLUE, WRITERS[other]):
        met += 1
        world.settle()
        assert world.state() == quiet_state(world.source)
    assert met > 50


@pytest.mark.parametrize("start", [RED, None], ids=["image", "nothing"])
@pytest.mark.parametrize("other", REMOVERS)
def test_what_a_killed_loser_writes_after_a_removal_is_found_by_looking(
    other: str, start: bytes | None
):
    """A file that is gone can't be told from one that never was, so a late put may succeed."""
    for world in races(start, BLUE, REMOVERS[other]):
        world.settle()
        verify(world)
        assert world.state() == quiet_state(world.source)


@pytest.mark.parametrize("mine", [SPOILT, None], ids=["spoilt", "removed"])
def test_what_a_killed_loser_removes_is_found_by_looking(mine: bytes | None):
    """Nor can a removal be put on a condition."""
    missing = 0
    for world in races(RED, mine, overwrite(GREEN)):
        world.settle()
        missing += world.state().keys() != quiet_state(world.source).keys()
        verify(world)
        assert world.state() == quiet_state(world.source)
    assert missing  # else there would be no need to look
