"""The index function: what the records say is what the site shows."""

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest
from tests.aws.invoking import Emitted, FakeContext, Places, s3_record

from bucketlens.aws.changes import Changes
from bucketlens.aws.indexing import _notification
from bucketlens.aws.invocation import Deadline
from bucketlens.errors import TransientError
from bucketlens.events import Intake, KeyFilter, SourcePlace
from bucketlens.queues import Message

if TYPE_CHECKING:
    from bucketlens.aws.indexing import IndexFunction
    from bucketlens.aws.labelling import LabelFunction

SCHEDULED = {"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}


def attach(index: "IndexFunction", places: Places, queue: "Queue") -> None:
    """Have the function drain this queue, where it would open one of SQS."""
    index.__dict__["_changes"] = Changes(queue, places.records.location, lambda *_: None)


def build(environ: dict[str, str]) -> "IndexFunction":
    """The index function of an environment."""
    from bucketlens.aws.indexing import build_index_function  # noqa: PLC0415

    return build_index_function(environ, began=time.perf_counter())


def test_the_index_follows_the_records(
    places: Places, function: "LabelFunction", photo: bytes, emitted: Emitted
):
    """A new image is shown after the next call, one that went is not, and its tombstone goes."""
    index = build(dict(places.environ))
    event = {"Records": [s3_record(places.bucket, f"{places.prefix}dog one.jpg")]}
    places.put("dog one.jpg", photo)
    function(event, FakeContext())
    assert index(SCHEDULED, FakeContext()) == {"tombstones_dropped": 0}
    assert b"dog%20one.jpg" in places.site.get("index.html").data

    places.source.delete("dog one.jpg")
    function(event, FakeContext())
    assert places.names() == {"dog one.jpg.json"}
    assert index(SCHEDULED, FakeContext()) == {"tombstones_dropped": 1}
    assert places.names() == set()
    assert b"dog%20one.jpg" not in places.site.get("index.html").data
    assert any("IndexTime" in line for line in emitted())


class Queue:
    """A queue of changes in memory."""

    def __init__(self, *bodies: object) -> None:
        """With these messages."""
        self.messages = [
            Message(str(number), str(number), json.dumps(body))
            for number, body in enumerate(bodies)
        ]

    def receive(self, most: int, *, wait: float, hidden: float) -> list[Message]:
        """Some of them, each once."""
        del wait, hidden
        given, self.messages = self.messages[:most], self.messages[most:]
        self.given = [*getattr(self, "given", []), *given]
        return given

    def delete_all(self, messages: Sequence[Message]) -> None:
        """They are done with."""
        self.given = [message for message in self.given if message not in messages]


def changed(places: Places, *names: str) -> list[dict[str, Any]]:
    """What the bucket of the records tells of its records."""
    bucket, _, prefix = places.records.location.partition("://")[2].partition("/")
    return [{"Records": [s3_record(bucket, f"{prefix}/{name}")]} for name in names]


def watch_renewals(
    monkeypatch: pytest.MonkeyPatch, *, ended: BaseException | None = None
) -> list[frozenset[str] | None]:
    """The keys of each renewal that is asked for, None for all; which ends so, if it does."""
    looked: list[frozenset[str] | None] = []

    def renew(_records: object, _index: object, keys: frozenset[str] | None) -> list[str]:
        looked.append(keys)
        if keys is None and ended is not None:
            raise ended
        return []

    monkeypatch.setattr("bucketlens.aws.indexing.renew_index", renew)
    return looked


@pytest.fixture
def index(places: Places) -> "IndexFunction":
    """An index function whose containers are young, and which nobody told of changes yet."""
    return build(dict(places.environ))


@pytest.mark.parametrize("places", ["memory"], indirect=True)
def test_a_change_that_is_told_again_changes_nothing(
    places: Places, index: "IndexFunction", function: "LabelFunction", photo: bytes
):
    """Told three times, out of order, or of records that are gone: the same index."""
    places.put("a.jpg", photo)
    function({"Records": [s3_record(places.bucket, f"{places.prefix}a.jpg")]}, FakeContext())
    told = changed(places, "a.jpg.json", "never.jpg.json", "a.jpg.json", "a.jpg.json")
    queue = Queue(*told, {"no": "event"})
    attach(index, places, queue)
    assert index(SCHEDULED, FakeContext()) == {"tombstones_dropped": 0, "changed": 2}
    assert queue.given == []
    before = places.site.head("index.html")
    queue.messages = Queue(*told).messages
    assert index(SCHEDULED, FakeContext())["changed"] == 2
    assert places.site.head("index.html").etag == before.etag


@pytest.mark.parametrize("places", ["memory"], indirect=True)
def test_where_nothing_changed_nothing_is_looked_at(
    places: Places, index: "IndexFunction", monkeypatch: pytest.MonkeyPatch
):
    """But for the first call of all, and once a day, since events may be lost."""
    attach(index, places, Queue())
    looked = watch_renewals(monkeypatch)
    now = 1000.0
    monkeypatch.setattr(index, "_clock", lambda: now)
    for _ in range(3):
        assert index(SCHEDULED, FakeContext())["changed"] == 0
    assert looked == [None]
    other = build(dict(places.environ))
    attach(other, places, Queue())
    monkeypatch.setattr(other, "_clock", lambda: now)
    other(SCHEDULED, FakeContext())
    assert looked == [None]
    now += 25 * 3600
    index(SCHEDULED, FakeContext())
    assert looked == [None, None]


@pytest.mark.parametrize("places", ["memory"], indirect=True)
def test_changes_are_shown_before_all_is_looked_at(
    places: Places, index: "IndexFunction", monkeypatch: pytest.MonkeyPatch
):
    """And a look that is ended half-way holds up no later change."""

    class Ended(BaseException):
        """The function's time was over."""

    queue = Queue(*changed(places, "a.jpg.json"))
    attach(index, places, queue)
    looked = watch_renewals(monkeypatch, ended=Ended())
    with pytest.raises(Ended):
        index(SCHEDULED, FakeContext())
    assert looked == [frozenset({"a.jpg"}), None]
    assert queue.given == []
    young = build(dict(places.environ))
    attach(young, places, Queue(*changed(places, "b.jpg.json")))
    assert young(SCHEDULED, FakeContext())["changed"] == 1
    assert looked[2:] == [frozenset({"b.jpg"})]


@pytest.mark.parametrize("places", ["memory"], indirect=True)
def test_a_look_that_fails_is_begun_again(
    places: Places, index: "IndexFunction", monkeypatch: pytest.MonkeyPatch
):
    """A store that is away is no reason to wait for a day."""
    attach(index, places, Queue())
    looked = watch_renewals(monkeypatch, ended=TransientError("away"))
    for _ in range(2):
        with pytest.raises(TransientError):
            index(SCHEDULED, FakeContext())
    assert looked == [None, None]


@pytest.mark.parametrize("places", ["memory"], indirect=True)
def test_what_the_index_does_not_show_comes_again(
    places: Places, index: "IndexFunction", monkeypatch: pytest.MonkeyPatch
):
    """A renewal that fails leaves its messages in the queue."""
    queue = Queue(*changed(places, "a.jpg.json"))
    attach(index, places, queue)

    def renew(*_: object) -> list[str]:
        raise TransientError("away")

    monkeypatch.setattr("bucketlens.aws.indexing.renew_index", renew)
    with pytest.raises(TransientError):
        index(SCHEDULED, FakeContext())
    assert len(queue.given) == 1


@pytest.mark.parametrize("places", ["memory"], indirect=True)
def test_draining_leaves_time_for_the_index(places: Places):
    """A queue that never ends is left after a quarter of the time."""

    class Endless(Queue):
        def receive(self, most: int, *, wait: float, hidden: float) -> list[Message]:
            del wait, hidden
            time.sleep(0.05)
            bodies = changed(places, *(f"{number}.jpg.json" for number in range(most)))
            return [Message("m", "r", json.dumps(body)) for body in bodies]

    changes = Changes(Endless(), places.records.location, lambda *_: None)
    context = FakeContext(4000)
    taken = changes.take(Deadline(context))
    assert taken.keys == {f"{number}.jpg" for number in range(10)}
    assert context.get_remaining_time_in_millis() > 2000


def test_a_look_is_asked_for_in_words_that_the_label_function_knows():
    """Any key comes out of the notification as it went in."""
    intake = Intake(SourcePlace.of("s3://photos/in"), KeyFilter())
    for key in ("a.jpg", "trip 1/a+b ü%2F.jpg", "/double.jpg", "写真/🐶.JPG"):
        asked = intake.read(_notification("s3://photos/in/", key))
        assert asked.keys == {key: None}


@pytest.mark.parametrize("places", ["memory"], indirect=True)
def test_without_pages_only_the_catalog_is_renewed(
    places: Places, function: "LabelFunction", photo: bytes
):
    """Images are in the catalog, and nothing is written into the site."""
    environ = dict(places.environ) | {"BUCKETLENS_PAGES": "false"}
    index = build(environ)
    places.put("a.jpg", photo)
    function({"Records": [s3_record(places.bucket, f"{places.prefix}a.jpg")]}, FakeContext())
    before = list(places.site.list())
    assert index(SCHEDULED, FakeContext()) == {"tombstones_dropped": 0}
    assert index._collection.catalog.snapshot().labelled == 1
    assert list(places.site.list()) == before
