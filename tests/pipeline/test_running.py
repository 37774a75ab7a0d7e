"""Many keys at once: nothing lost, nothing doubled, one bad input never stops the rest."""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.laboratory import BLUE, GREEN, RED, Lab, new_lab

from bucketlens.errors import ConfigError, TransientError
from bucketlens.pipeline.labelling import Loaded
from bucketlens.pipeline.running import Engine
from bucketlens.pipeline.stages import ByteBudget
from bucketlens.records import LabelRecord, Tombstone, canonical
from bucketlens.types import ObjectInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bucketlens.pipeline.plans import Settled
    from bucketlens.stores import Blob
    from bucketlens.types import DecodedImage, Scores


def run(lab: Lab, objects: Iterator[ObjectInfo] | None = None) -> list[Settled]:
    """Settle a whole listing; what was reported."""
    told: list[Settled] = []
    labeler = lab.labeler()
    settler = lab.settler()
    engine = Engine(settler, labeler, lab.settings, told.append, retry_delays=())
    engine.run(objects if objects is not None else lab.source.list())
    return told


def test_every_key_is_settled_once(lab: Lab):
    """As many reports as objects, each labelled."""
    for i in range(300):
        lab.source.put(f"{i:04}.jpg", [RED, GREEN, BLUE][i % 3])
    told = run(lab)
    assert sorted(settled.key for settled in told) == [f"{i:04}.jpg" for i in range(300)]
    assert {settled.outcome.value for settled in told} == {"labelled"}
    assert Counter(page.split()[0] for page in lab.pages.pages.values()) == {
        "Red": 100,
        "Green": 100,
        "Blue": 100,
    }


def test_a_second_run_does_nothing(lab: Lab):
    """All is unchanged, and no record is written."""
    for i in range(50):
        lab.source.put(f"{i}.jpg", RED)
    run(lab)
    before = {info.key: info.etag for info in lab.records.list()}
    assert {settled.outcome.value for settled in run(lab)} == {"unchanged"}
    assert {info.key: info.etag for info in lab.records.list()} == before


def test_bad_images_are_failures_among_good_ones(lab: Lab):
    """Each damaged one is reported with its reason, the others are labelled."""
    for i in range(60):
        lab.source.put(f"{i}.jpg", b"broken" if i % 10 == 0 else RED)
    told = run(lab)
    failed = [settled for settled in told if settled.failure]
    assert len(failed) == 6
    assert all(settled.failure and settled.failure[0] == "unsupported" for settled in failed)
    assert sum(settled.outcome.value == "labelled" for settled in told) == 54
    assert all(settled.known for settled in run(lab) if settled.failure)


def test_a_bug_in_scoring_one_picture_stops_no_other(lab: Lab):
    """A batch that fails is scored one by one; only the one to blame is reported as a bug."""
    for i in range(24):
        lab.source.put(f"{i:02}.jpg", BLUE if i == 7 else RED)
    score = lab.scorer.score

    def faulty(images: Sequence[DecodedImage]) -> list[Scores]:
        if any(image.pixels[0, 0, 2] > 128 for image in images):
            raise RuntimeError("can't stand blue")
        return score(images)

    lab.scorer.score = faulty  # type: ignore[method-assign]
    told = run(lab)
    bugs = [settled for settled in told if settled.bug]
    assert [settled.key for settled in bugs] == ["07.jpg"]
    assert sum(settled.outcome.value == "labelled" for settled in told) == 23


def test_throttling_is_not_the_images_failure(lab: Lab):
    """A store that is busy gives a transient failure and no failure record."""
    lab.source.put("a.jpg", RED)
    lab.source.put("b.jpg", RED)
    get = lab.source.get

    def throttled(key: str, *, max_bytes: int | None = None) -> Blob:
        if key == "a.jpg":
            raise TransientError("slow down")
        return get(key, max_bytes=max_bytes)

    lab.source.get = throttled  # type: ignore[method-assign]
    told = {settled.key: settled for settled in run(lab)}
    assert told["a.jpg"].failure == ("transient", "slow down", None)
    assert told["a.jpg"].bug is None
    assert told["b.jpg"].outcome.value == "labelled"
    assert [info.key for info in lab.records.list()] == ["b.jpg.json"]


def engine_of(lab: Lab, report: Callable[[Settled], None]) -> Engine:
    """An engine over the lab that does not wait before it tries again."""
    return Engine(lab.settler(), lab.labeler(), lab.settings, report, retry_delays=(0.0, 0.0))


def test_what_may_work_later_is_tried_again_at_the_end(lab: Lab):
    """A store that was busy for a while has all images labelled in the same run."""
    for i in range(20):
        lab.source.put(f"{i}.jpg", RED)
    get = lab.source.get
    refused = Counter[str]()

    def busy_at_first(key: str, *, max_bytes: int | None = None) -> Blob:
        refused[key] += 1
        if key in {"3.jpg", "7.jpg"} and refused[key] < 3:
            raise TransientError("slow down")
        return get(key, max_bytes=max_bytes)

    lab.source.get = busy_at_first  # type: ignore[method-assign]
    told: list[Settled] = []
    engine_of(lab, told.append).run(lab.source.list())
    assert Counter(settled.outcome.value for settled in told) == {"labelled": 20}


def test_what_an_operator_must_change_stops_the_run(lab: Lab):
    """A full disk is no failure of two thousand images, and none of them is scored in vain."""
    for i in range(2000):
        lab.source.put(f"{i}.jpg", RED)

    def full(*_arguments: object, **_options: object) -> str:
        raise ConfigError("no space left")

    lab.records.put = full  # type: ignore[method-assign]
    told: list[Settled] = []
    with pytest.raises(ConfigError, match="no space left"):
        engine_of(lab, told.append).run(lab.source.list())
    assert lab.scorer.scored < 500
    assert not told


def test_a_report_that_fails_ends_the_run_and_does_not_hang_it(lab: Lab):
    """As when the terminal that shows the progress is gone."""
    for i in range(500):
        lab.source.put(f"{i}.jpg", RED)

    def broken(_settled: Settled) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        engine_of(lab, broken).run(lab.source.list())


def test_stopping_finishes_what_is_in_flight(lab: Lab):
    """Everything that was begun has its record, and the rest is left for later."""
    for i in range(500):
        lab.source.put(f"{i:03}.jpg", RED)
    told: list[Settled] = []
    labeler = lab.labeler()
    engine = Engine(
        lab.settler(),
        labeler,
        lab.settings,
        told.append,
    )
    lab.scorer.before = lambda: engine.stop.set() if len(told) > 20 else None
    engine.run(lab.source.list())
    assert 20 < len(told) < 500
    assert {f"{s.key}.json" for s in told} == {info.key for info in lab.records.list()}


@pytest.mark.parametrize("seed", range(3))
def test_a_storm_of_events_ends_where_a_quiet_pass_does(lab: Lab, seed: int):
    """2,000 changes of 200 keys, told twice and shuffled to four workers at once."""
    chance = random.Random(seed)  # noqa: S311 - no secrets
    keys = [f"{i}.jpg" for i in range(200)]
    told: list[str] = []

    def change(key: str) -> None:
        if chance.random() < 0.3:
            lab.source.delete(key)
        else:
            lab.source.put(key, chance.choice([RED, GREEN, BLUE, b"broken"]))

    settler = lab.settler()
    lock = threading.Lock()
    done = threading.Event()

    def work() -> None:
        while not (done.is_set() and not told):
            with lock:
                key = told.pop(chance.randrange(len(told))) if told else None
            if key is None:
                continue
            try:
                settler.settle(key, lab.settings.max_bytes)
            except TransientError:
                with lock:
                    told.append(key)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for _ in range(2000):
        key = chance.choice(keys)
        change(key)
        with lock:
            told += [key, key]
    done.set()
    for worker in workers:
        worker.join()

    quiet = replace(new_lab(), source=lab.source)
    run(quiet)
    expected = {info.key: canonical(quiet.record(info.key[:-5])) for info in quiet.records.list()}
    stormy = {
        info.key: canonical(lab.record(info.key[:-5]))
        for info in lab.records.list()
        if not isinstance(lab.record(info.key[:-5]), Tombstone)
    }
    assert stormy == expected
    assert lab.pages.pages == quiet.pages.pages


def test_a_batch_and_a_single_image_give_the_same_record(lab: Lab):
    """The result of an image does not depend on its neighbours."""
    images = [
        Loaded(ObjectInfo(key=f"{i}", etag="e", size=len(data), modified=0.0), data)
        for i, data in enumerate([RED, GREEN, BLUE])
    ]
    together = lab.labeler().label(images)
    alone = [lab.labeler().label([image])[0] for image in images]
    for one, other in zip(together, alone, strict=True):
        assert not isinstance(one, Exception)
        assert not isinstance(other, Exception)
        assert isinstance(one.record, LabelRecord)  # type: ignore[union-attr]
        assert canonical(one.record) == canonical(other.record)  # type: ignore[union-attr]


def test_the_byte_budget_lets_a_large_object_pass_alone():
    """An object over the budget waits until nothing else is held, and then goes."""
    budget = ByteBudget(100)
    budget.take(60)
    passed = threading.Event()

    def large() -> None:
        budget.take(500)
        passed.set()

    thread = threading.Thread(target=large)
    thread.start()
    assert not passed.wait(0.05)
    budget.give(60)
    assert passed.wait(5)
    thread.join()
