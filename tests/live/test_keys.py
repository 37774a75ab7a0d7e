"""Keys that were asked for are settled, tried again when that may help, and told of once."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from tests.laboratory import BLUE, GREEN, RED, Lab, new_lab
from tests.live.waiting import wait_until

from bucketlens.errors import BucketlensError, ConfigError, MissingError, TransientError
from bucketlens.live import keys as keys_module
from bucketlens.live.guarding import ALWAYS, RemovalGuard
from bucketlens.live.keys import LiveKeys
from bucketlens.live.measures import NoMeasures
from bucketlens.live.settling import LiveSettler
from bucketlens.live.timing import StageTimes
from bucketlens.pipeline.recording import Recorder
from bucketlens.records import LabelRecord, Tombstone

if TYPE_CHECKING:
    from bucketlens.stores import Blob


class Numbers(NoMeasures):
    """Keeps what was told."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.outcomes: Counter[str] = Counter()
        self.stages: Counter[str] = Counter()

    def settled(self, outcome: str) -> None:
        """Count it."""
        self.outcomes[outcome] += 1

    def stage(self, stage: str, seconds: float) -> None:
        """Count it."""
        assert seconds >= 0
        self.stages[stage] += 1


@dataclass
class After:
    """Keeps what follows from keys."""

    changes: Counter[str] = field(default_factory=Counter)
    is_idle: bool = True
    losses: int = 0
    troubles: list[str | None] = field(default_factory=list)

    def changed(self, key: str) -> None:
        """Count it."""
        self.changes[key] += 1

    def idle(self, *, idle: bool) -> None:
        """Keep it."""
        self.is_idle = idle

    def lost(self) -> None:
        """Count it."""
        self.losses += 1

    def trouble(self, exc: ConfigError | None) -> None:
        """Keep it."""
        self.troubles.append(None if exc is None else exc.message)


class Stumbling:
    """A source that fails some times before it works."""

    def __init__(self, lab: Lab, *errors: BucketlensError) -> None:
        """Fail with each of these once."""
        self._store = lab.source
        self._errors = list(errors)

    def get(self, key: str, *, max_bytes: int | None = None) -> Blob:
        """Fail, as long as there is anything to fail with."""
        if self._errors:
            raise self._errors.pop(0)
        return self._store.get(key, max_bytes=max_bytes)

    def __getattr__(self, name: str) -> object:
        """All else is the store's own."""
        return getattr(self._store, name)


@dataclass
class Bench:
    """Keys of one small collection."""

    lab: Lab
    work: LiveKeys
    after: After
    numbers: Numbers


def bench(
    lab: Lab, *errors: BucketlensError, threads: int = 4, guard: RemovalGuard | None = None
) -> Bench:
    """What is tested."""
    times, after, numbers = StageTimes(), After(), Numbers()
    source = Stumbling(lab, *errors)
    recorder = Recorder(lab.records, lab.pages)
    settler = LiveSettler(source, recorder, lab.labeler(), times, guard)  # type: ignore[arg-type]
    work = LiveKeys(
        settler, times, max_bytes=1_000_000, threads=threads, measures=numbers, after=after
    )
    work._retries._pause_after = lambda tries: 0.01 * tries
    return Bench(lab, work, after, numbers)


def held(lab: Lab) -> threading.Event:
    """Let no image be scored until this is set."""
    go = threading.Event()

    def wait() -> None:
        assert go.wait(30)

    lab.scorer.before = wait
    return go


@pytest.fixture
def lab() -> Lab:
    """A collection of three photos."""
    lab = new_lab()
    for key, data in (("a.jpg", RED), ("b.jpg", GREEN), ("c.jpg", BLUE)):
        lab.source.put(key, data)
    return lab


def test_keys_become_records_and_pages_and_are_told_of_once(lab: Lab):
    """With a time for each stage; one that is asked for again has nothing to do."""
    found = bench(lab)
    for _ in range(2):
        for future in [found.work.submit(key) for key in ("a.jpg", "b.jpg", "gone.jpg")]:
            future.result(30)
    found.work.stop()
    found.work.close()
    assert isinstance(lab.record("a.jpg"), LabelRecord)
    assert set(lab.pages.pages) == {"a.jpg", "b.jpg"}
    assert found.after.changes == {"a.jpg": 1, "b.jpg": 1}
    assert found.numbers.outcomes == found.work.outcomes == {"labelled": 2, "unchanged": 4}
    assert found.numbers.stages["whole"] == found.numbers.stages["reading"] == 6
    assert found.numbers.stages["writing"] == 6
    assert found.after.is_idle


def test_what_may_work_later_is_tried_again(lab: Lab):
    """Without being asked for again; whoever asked first was told of the failure."""
    found = bench(lab, TransientError("slow down"), TransientError("slow down"))
    with pytest.raises(TransientError):
        found.work.submit("a.jpg").result(30)
    assert found.work.busy("a.jpg")
    wait_until(lambda: found.work.outcomes["labelled"])
    wait_until(lambda: not found.work.busy("a.jpg"))
    assert found.work.outcomes == {"retried": 2, "labelled": 1}
    assert isinstance(lab.record("a.jpg"), LabelRecord)


def test_what_never_works_is_left_to_reconciling(lab: Lab):
    """After some tries."""
    found = bench(lab, *[TransientError("slow down")] * 20)
    found.work.hear("a.jpg")
    wait_until(lambda: found.after.losses)
    assert not found.work.busy("a.jpg") or not found.work.retrying


def test_what_an_operator_must_change_is_trouble_until_it_works(lab: Lab):
    """A full disk stops nobody's server, and is over when there is room again."""
    found = bench(lab, ConfigError("the disk is full"))
    found.work.hear("a.jpg")
    wait_until(lambda: found.work.outcomes["labelled"])
    assert found.after.troubles == ["the disk is full", None]


def test_a_bug_is_told_and_ends_nothing(lab: Lab, caplog: pytest.LogCaptureFixture):
    """The next key is settled."""
    found = bench(lab, ZeroDivisionError("ours"))  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError):
        found.work.submit("a.jpg").result(30)
    found.work.submit("b.jpg").result(30)
    assert found.numbers.outcomes == {"bug": 1, "labelled": 1}
    assert "ZeroDivisionError" in caplog.text


def test_removals_stay_within_bounds(lab: Lab):
    """When everything seems to go at once, most records stay, and reconciling is asked to look."""
    held: list[None] = []
    guard = RemovalGuard(20.0, lambda: 50, lambda: held.append(None))
    found = bench(lab, guard=guard)
    keys = [f"{i}.jpg" for i in range(50)]
    for key in keys:
        lab.source.put(key, RED)
    for future in [found.work.submit(key) for key in keys]:
        future.result(30)
    for key in keys:
        lab.source.delete(key)
    failures = [found.work.submit(key).exception(30) for key in keys]
    assert sum(failure is None for failure in failures) == ALWAYS
    assert held
    left = sum(not isinstance(lab.record(key), Tombstone) for key in keys)
    assert left == 50 - ALWAYS


def test_too_many_keys_are_left_to_reconciling(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    """Whoever asks is turned away; what was heard is not lost, since reconciling looks."""
    monkeypatch.setattr(keys_module, "MOST_WAITING", 2)
    found = bench(lab, threads=1)
    go = held(lab)
    first = found.work.submit("a.jpg")
    wait_until(lambda: found.work.in_hand)
    found.work.hear("b.jpg")
    found.work.hear("c.jpg")
    with pytest.raises(TransientError):
        found.work.submit("d.jpg")
    found.work.hear("e.jpg")
    assert found.after.losses == 2
    go.set()
    first.result(30)
    wait_until(lambda: found.work.outcomes["labelled"] == 3)


def test_after_a_stop_nothing_new_is_begun(lab: Lab):
    """What is in hand is finished, what waits is left to the next start."""
    found = bench(lab, threads=1)
    go = held(lab)
    first, second = found.work.submit("a.jpg"), found.work.submit("b.jpg")
    wait_until(lambda: found.work.in_hand)
    found.work.stop()
    with pytest.raises(TransientError):
        found.work.submit("c.jpg")
    go.set()
    found.work.close()
    assert first.result().value == "labelled"
    assert isinstance(second.exception(), TransientError)
    with pytest.raises(MissingError):
        lab.record("b.jpg")
