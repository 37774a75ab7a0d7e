"""What becomes of messages: deleted when settled, back when not, whatever the order."""

from __future__ import annotations

import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.laboratory import BLUE, GREEN, RED, Lab, new_lab
from tests.worker.payloads import ROUTES
from tests.worker.queues import MemoryQueue

from bucketlens.errors import ConfigError, TransientError
from bucketlens.events import Intake, KeyFilter, source_place
from bucketlens.names import output_name
from bucketlens.pipeline.plans import Outcome
from bucketlens.records import FailureRecord, LabelRecord, Tombstone, canonical
from bucketlens.stores import ForbiddenError
from bucketlens.worker import Done, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def worker_of(
    lab: Lab,
    queue: MemoryQueue,
    *,
    settle: Callable[[str, str | None], Outcome] | None = None,
    renew: Callable[[frozenset[str] | None], Iterable[str]] | None = None,
) -> Worker:
    """A worker on the lab's source."""
    settler = lab.settler()

    def settle_key(key: str, sequencer: str | None) -> Outcome:
        return settler.settle(key, lab.settings.max_bytes, sequencer=sequencer)

    intake = Intake(source_place(lab.source.location), KeyFilter(own_outputs=("out",)))
    return Worker(queue, intake, settle or settle_key, threads=4, renew=renew)


def drain(worker: Worker) -> Done:
    """Work until the queue is empty."""
    return worker.run(threading.Event(), once=True)


def tell(lab: Lab, queue: MemoryQueue, *keys: str, kind: str = "created") -> None:
    """Send one plain notification for each key."""
    for key in keys:
        queue.send(ROUTES[0](*place_of(lab, key), kind, "0A"))


def place_of(lab: Lab, key: str) -> tuple[str, str]:
    """Bucket and whole key."""
    place = source_place(lab.source.location)
    return place.bucket, place.prefix + key


@pytest.fixture
def lab() -> Lab:
    """A fresh collection in memory."""
    return new_lab()


def test_a_settled_message_is_deleted(lab: Lab):
    """The record stands, the queue is empty."""
    queue = MemoryQueue()
    lab.source.put("a.jpg", RED)
    tell(lab, queue, "a.jpg")
    done = drain(worker_of(lab, queue))
    assert (done.deleted, done.returned, len(queue)) == (1, 0, 0)
    assert done.outcomes == {Outcome.LABELLED: 1}
    assert isinstance(lab.record("a.jpg"), LabelRecord)


def test_at_its_end_a_worker_gives_back_what_it_holds(lab: Lab):
    """Once, after the last key, whether it ends well or not."""
    held = ["a block of calls"]
    intake = Intake(source_place(lab.source.location), KeyFilter())

    def refuse(key: str, _: str | None) -> Outcome:
        raise ConfigError(f"no right to read {key}")

    queue = MemoryQueue()
    tell(lab, queue, "a.jpg")
    worker = Worker(queue, intake, refuse, threads=1, release=held.clear)
    with pytest.raises(ConfigError):
        drain(worker)
    assert not held


def test_a_removal_leaves_a_tombstone_with_its_sequencer(lab: Lab):
    """The sequencer of the event stands in it."""
    queue = MemoryQueue()
    lab.source.put("a.jpg", RED)
    lab.settle("a.jpg")
    lab.source.delete("a.jpg")
    tell(lab, queue, "a.jpg", kind="removed")
    drain(worker_of(lab, queue))
    record = lab.record("a.jpg")
    assert isinstance(record, Tombstone)
    assert record.sequencer == "0A"


def test_a_bad_image_is_settled(lab: Lab):
    """Its failure record stands and its message is deleted."""
    queue = MemoryQueue()
    lab.source.put("a.jpg", b"broken")
    tell(lab, queue, "a.jpg")
    done = drain(worker_of(lab, queue))
    assert (done.deleted, done.outcomes[Outcome.FAILED]) == (1, 1)
    assert isinstance(lab.record("a.jpg"), FailureRecord)


def test_an_image_without_even_a_record_is_settled(lab: Lab):
    """What can never work is not tried for ever."""
    queue = MemoryQueue()
    tell(lab, queue, "a.jpg")

    def refuse(key: str, _: str | None) -> Outcome:
        raise ForbiddenError(f"{key} may not be read")

    done = drain(worker_of(lab, queue, settle=refuse))
    assert (done.deleted, done.outcomes[Outcome.FAILED], len(queue)) == (1, 1, 0)


def test_what_may_work_later_comes_back_after_a_growing_pause(lab: Lab):
    """Throttled twice and then settled: one record, one message deleted."""
    queue = MemoryQueue()
    lab.source.put("a.jpg", RED)
    tell(lab, queue, "a.jpg")
    settler, tries = lab.settler(), [0]

    def settle(key: str, sequencer: str | None) -> Outcome:
        tries[0] += 1
        if tries[0] < 3:
            raise TransientError("slow down")
        return settler.settle(key, lab.settings.max_bytes, sequencer=sequencer)

    done = drain(worker_of(lab, queue, settle=settle))
    assert (done.returned, done.deleted, len(queue)) == (2, 1, 0)
    assert 2.5 <= queue.pauses[0] <= 5.0 <= queue.pauses[1] <= 10.0


def test_a_message_waits_for_all_its_keys(lab: Lab):
    """One key of two may work later: the message comes back, the other key keeps its record."""
    queue = MemoryQueue(most_receptions=2)
    for key in ("a.jpg", "b.jpg"):
        lab.source.put(key, RED)
    records = [
        json.loads(ROUTES[0](*place_of(lab, k), "created", "0A")) for k in ("a.jpg", "b.jpg")
    ]
    queue.send(json.dumps({"Records": [entry for one in records for entry in one["Records"]]}))
    settler = lab.settler()

    def settle(key: str, sequencer: str | None) -> Outcome:
        if key == "b.jpg":
            raise TransientError("slow down")
        return settler.settle(key, lab.settings.max_bytes, sequencer=sequencer)

    done = drain(worker_of(lab, queue, settle=settle))
    assert (done.deleted, done.returned) == (0, 2)
    assert len(queue.dead) == 1
    assert [info.key for info in lab.records.list()] == ["a.jpg.json"]


@pytest.mark.parametrize("body", ["{no json", "[]x", '{"unknown": 1}', '"text"'])
def test_what_is_no_notification_ends_among_the_dead_letters(lab: Lab, body: str):
    """It is given back, never deleted, and stops nothing."""
    queue = MemoryQueue(most_receptions=3)
    queue.send(body)
    lab.source.put("a.jpg", RED)
    tell(lab, queue, "a.jpg")
    done = drain(worker_of(lab, queue))
    assert queue.dead == [body]
    assert (done.deleted, done.returned) == (1, 3)


def test_a_damaged_part_does_not_keep_the_others_from_being_settled(lab: Lab):
    """The good record is settled, the message goes to the dead letters."""
    queue = MemoryQueue(most_receptions=1)
    lab.source.put("a.jpg", RED)
    good = json.loads(ROUTES[0](*place_of(lab, "a.jpg"), "created", "0A"))["Records"][0]
    queue.send(json.dumps({"Records": [{"eventName": "s3:ObjectCreated:Put", "s3": {}}, good]}))
    drain(worker_of(lab, queue))
    assert isinstance(lab.record("a.jpg"), LabelRecord)
    assert len(queue.dead) == 1


def test_a_test_event_and_other_places_are_deleted_without_work(lab: Lab):
    """Nothing is asked of the stores for them."""
    queue = MemoryQueue()
    queue.send(json.dumps({"Event": "s3:TestEvent", "Bucket": "b"}))
    queue.send(ROUTES[0]("another-bucket", "in/a.jpg", "created", "0A"))
    queue.send(ROUTES[0](place_of(lab, "")[0], "elsewhere/a.jpg", "created", "0A"))
    tell(lab, queue, "notes.txt", "out/site/thumbs/a.jpg.jpg", "out/previews/a.jpg")
    done = drain(worker_of(lab, queue))
    assert (done.deleted, done.outcomes, len(queue)) == (6, {}, 0)


def test_a_bug_comes_back_and_stops_no_other(lab: Lab):
    """The message of the key that hits it goes to the dead letters with time."""
    queue = MemoryQueue(most_receptions=2)
    lab.source.put("good.jpg", RED)
    tell(lab, queue, "bad.jpg", "good.jpg")
    settler = lab.settler()

    def settle(key: str, sequencer: str | None) -> Outcome:
        if key == "bad.jpg":
            raise ZeroDivisionError
        return settler.settle(key, lab.settings.max_bytes, sequencer=sequencer)

    done = drain(worker_of(lab, queue, settle=settle))
    assert (done.deleted, done.returned, len(queue.dead)) == (1, 2, 1)


def test_what_the_operator_must_see_to_stops_the_worker(lab: Lab):
    """The error is raised, and every message is there for the next worker."""
    queue = MemoryQueue()
    tell(lab, queue, *[f"{i}.jpg" for i in range(40)])

    def refuse(key: str, _: str | None) -> Outcome:
        raise ConfigError(f"no right to write {key}")

    with pytest.raises(ConfigError, match="no right to write"):
        drain(worker_of(lab, queue, settle=refuse))
    assert len(queue) == 40
    assert len(queue.receive(40, wait=0, hidden=1)) == 40


def test_a_stop_gives_back_what_is_not_begun(lab: Lab):
    """What is settled is deleted; everything else is in the queue and free."""
    queue = MemoryQueue()
    keys = [f"{i}.jpg" for i in range(60)]
    for key in keys:
        lab.source.put(key, RED)
    tell(lab, queue, *keys)
    stop = threading.Event()
    lab.scorer.before = stop.set
    done = worker_of(lab, queue).run(stop)
    assert 1 <= done.deleted < 60
    assert len(queue) == 60 - done.deleted == len(queue.receive(60, wait=0, hidden=1))
    assert len(list(lab.records.list())) == done.deleted


def test_the_index_is_renewed_when_all_is_settled(lab: Lab):
    """Its last renewal saw every record."""
    queue = MemoryQueue()
    keys = [f"{i}.jpg" for i in range(20)]
    for key in keys:
        lab.source.put(key, RED)
    tell(lab, queue, *keys)
    seen: list[int] = []
    told: set[str] = set()

    def renew(changed: frozenset[str] | None) -> tuple[str, ...]:
        told.update(changed or ())
        seen.append(len(list(lab.records.list())))
        return ()

    drain(worker_of(lab, queue, renew=renew))
    assert seen[-1] == 20
    assert told <= set(keys)
    assert len(seen) < 20


def test_a_repeated_event_costs_one_head_and_one_get(lab: Lab, monkeypatch: pytest.MonkeyPatch):
    """The source is asked whether the image is the same, the record whether it holds."""
    queue = MemoryQueue()
    lab.source.put("a.jpg", RED)
    lab.settle("a.jpg")
    asked: list[str] = []
    for name, store in (("source", lab.source), ("records", lab.records)):
        for verb in ("head", "get", "put", "delete", "list"):
            real = getattr(store, verb)
            monkeypatch.setattr(store, verb, noted(asked, f"{name}.{verb}", real))
    tell(lab, queue, "a.jpg")
    done = drain(worker_of(lab, queue))
    assert done.outcomes == {Outcome.UNCHANGED: 1}
    assert asked == ["source.head", "records.get"]


def noted(asked: list[str], name: str, real: Callable[..., object]) -> Callable[..., object]:
    """A verb of a store that says when it is used, and not when it uses another itself."""

    def verb(*arguments: object, **more: object) -> object:
        before = len(asked)
        answer = real(*arguments, **more)
        asked[before:] = [name]
        return answer

    return verb


@pytest.mark.parametrize("seed", range(3))
def test_a_storm_of_notifications_ends_where_a_quiet_pass_does(seed: int):
    """2,000 changes of 200 keys, told by all senders, twice, shuffled, to three workers."""
    lab, queue = new_lab(), MemoryQueue(seed)
    chance = random.Random(seed)  # noqa: S311 - no secrets
    keys = [f"trip {i}/ä+{i}%2F.jpg" for i in range(200)]
    stop = threading.Event()
    workers = [worker_of(lab, queue) for _ in range(3)]
    threads = [threading.Thread(target=worker.run, args=[stop]) for worker in workers]
    for thread in threads:
        thread.start()
    for number in range(2000):
        key = chance.choice(keys)
        gone = chance.random() < 0.3
        if gone:
            lab.source.delete(key)
        else:
            lab.source.put(key, chance.choice([RED, GREEN, BLUE, b"broken"]))
        route = chance.choice(ROUTES)
        for _ in range(2):
            queue.send(
                route(*place_of(lab, key), "removed" if gone else "created", f"{number:08X}")
            )
    stop.set()
    for thread in threads:
        thread.join()
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(drain, [worker_of(lab, queue) for _ in range(3)]))
    assert len(queue) == 0

    quiet = replace(new_lab(), source=lab.source)
    for info in lab.source.list():
        quiet.settle(info.key)
    assert shown(lab) == shown(quiet)
    assert lab.pages.pages == quiet.pages.pages


def shown(lab: Lab) -> dict[str, bytes]:
    """What stands about images, by key; when and by which event are not compared."""
    records = {}
    for info in lab.source.list():
        name = output_name(info.key, ".json")
        records[name] = canonical(lab.record(info.key))
    others = {info.key for info in lab.records.list()} - set(records)
    gone = [lab.records.get(name).data for name in others]
    assert all(b'"tombstone"' in data for data in gone)
    return records
