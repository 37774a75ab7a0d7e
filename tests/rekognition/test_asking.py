"""Rekognition as the model of a collection: paid once, kept, and never more than is allowed."""

from __future__ import annotations

import io
import json
import threading
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from PIL import Image
from tests.laboratory import photo
from tests.rekognition.double import Refused

from bucketlens.assembly import current_fingerprints, open_pass
from bucketlens.errors import ConfigError
from bucketlens.models.rekognition import connect
from bucketlens.pipeline import asking
from bucketlens.pipeline.asking import Origin, RekognitionScorer
from bucketlens.pipeline.engaging import engage_rekognition
from bucketlens.pipeline.passing import Pass, Tally
from bucketlens.pipeline.scoring import ImageFile
from bucketlens.pipeline.surveying import survey
from bucketlens.records import FailureRecord, LabelRecord, decode_record
from bucketlens.settings import Settings
from bucketlens.stores import RetryPolicy, Store, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rekognition.double import Double

    from bucketlens.types import ObjectInfo, Scores

SETTINGS = Settings(classifier="rekognition", rekognition_rate=10_000.0, pages=False, workers=2)
PHOTO = photo((200, 60, 60), (320, 240))
_names = count()


@pytest.fixture
def place() -> str:
    """A fresh collection in memory, its source in ``in``."""
    return f"memory://asking{next(_names)}"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch):
    """Tries follow each other without the pauses that a busy service needs."""
    policy = RetryPolicy(attempts=4, first_pause=0.001, longest_pause=0.002)
    monkeypatch.setattr(asking, "RETRY", policy)


def work(place: str, **changed: object) -> Pass:
    """A pass over the collection."""
    settings = msgspec.structs.replace(SETTINGS, **changed)
    return replace(open_pass(f"{place}/in", f"{place}/out", settings), retry_delays=(0.0,))


def run(place: str, **changed: object) -> Tally:
    """Run a pass to its end."""
    tally = Tally()
    work(place, **changed).run(tally, stop=threading.Event())
    return tally


def record(place: str, key: str) -> LabelRecord | FailureRecord:
    """The record of a key."""
    data = open_store(f"{place}/out/metadata").get(f"{key}.json").data
    found = decode_record(data)
    assert isinstance(found, LabelRecord | FailureRecord)
    return found


def spent(place: str) -> dict[str, Any]:
    """This month's ledger."""
    store = open_store(f"{place}/out")
    (info,) = [info for info in store.list("state/") if "spend" in info.key]
    found: dict[str, Any] = json.loads(store.get(info.key).data)
    return found


def source(place: str, **files: bytes) -> Store:
    """The source, with files in it."""
    store = open_store(f"{place}/in")
    for name, data in files.items():
        store.put(f"{name}.jpg", data)
    return store


def test_records_have_the_labels_of_the_reply(double: Double, place: str):
    """Labels, image properties, version and the whole reply; the file went as it is."""
    source(place, a=PHOTO)
    assert run(place).outcomes.total() == 1
    found = record(place, "a.jpg")
    assert isinstance(found, LabelRecord)
    assert [label.name for label in found.labels] == ["Dog", "Golden Retriever", "Grass", "Plant"]
    assert found.label_model_version == "3.0"
    assert found.image_properties
    assert found.models[0].name == "rekognition"
    assert found.scores.reply
    assert found.scores.reply.labels[-1].name == "Bench"
    (request,) = double.requests
    assert request["Image"]["Bytes"] == PHOTO
    assert request["MinConfidence"] == 30.0
    assert spent(place) | {"month": ""} == {"month": "", "reserved": 1750, "calls": 1}


def test_the_same_picture_under_two_keys_is_paid_for_once(double: Double, place: str):
    """Within a batch, in a later run, and after its records are lost."""
    source(place, **{f"copy{i}": PHOTO for i in range(6)})
    run(place)
    assert len(double.requests) == 1
    source(place, late=PHOTO, other=photo((9, 99, 200), (320, 240)))
    run(place)
    assert len(double.requests) == 2
    records = open_store(f"{place}/out/metadata")
    for info in list(records.list()):
        records.delete(info.key)
    run(place)
    assert len(double.requests) == 2
    assert spent(place)["calls"] == 2


def test_a_second_run_asks_nothing(double: Double, place: str):
    """What stands is right, and the status agrees."""
    source(place, a=PHOTO)
    run(place)
    assert {outcome.value for outcome in run(place).outcomes} == {"unchanged"}
    assert len(double.requests) == 1
    found = survey(open_store(f"{place}/out/metadata"), current_fingerprints(SETTINGS))
    assert not found.stale


def test_new_thresholds_cost_nothing(double: Double, place: str):
    """The view is made again from the kept reply; another question is asked again."""
    source(place, a=PHOTO)
    run(place)
    run(place, min_confidence=30.0)
    found = record(place, "a.jpg")
    assert isinstance(found, LabelRecord)
    assert found.labels[-1].name == "Bench"
    assert len(double.requests) == 1
    run(place, rekognition_min_confidence=10.0)
    assert len(double.requests) == 2


def test_throttling_is_waited_out_and_not_paid(double: Double, place: str):
    """The image is labelled in the end, and only the call that was carried out is counted."""
    source(place, a=PHOTO)
    double.faults += [Refused("ThrottlingException"), Refused("SlowDown", 503)]
    run(place)
    assert isinstance(record(place, "a.jpg"), LabelRecord)
    assert spent(place)["calls"] == 1


def test_server_errors_are_tried_again_and_not_paid(double: Double, place: str):
    """The service says itself that it did nothing; its bad day must not eat the month's money."""
    source(place, a=PHOTO)
    double.faults += [Refused("InternalServerError", 500), Refused("", 503)]
    run(place)
    assert isinstance(record(place, "a.jpg"), LabelRecord)
    assert spent(place)["calls"] == 1


def test_lost_answers_are_paid(double: Double, place: str):
    """Nobody knows whether the call was carried out, so that it counts."""
    source(place, a=PHOTO)
    lost = iter([True])

    def hang_up() -> None:
        if next(lost, False):
            raise ConnectionAbortedError

    double.before = hang_up
    run(place)
    assert isinstance(record(place, "a.jpg"), LabelRecord)
    assert spent(place)["calls"] == 2


def test_lasting_throttling_is_no_image_s_failure(double: Double, place: str):
    """The run ends with what may work later, and writes no failure."""
    source(place, a=PHOTO)
    double.faults += [Refused("ProvisionedThroughputExceededException") for _ in range(40)]
    tally = run(place)
    assert tally.errors == {"transient": 1}
    assert not list(open_store(f"{place}/out/metadata").list())


def test_a_lost_right_stops_the_run(double: Double, place: str):
    """A million images would only be refused a million times."""
    source(place, **{f"a{i}": photo((i, 9, 9), (320, 240)) for i in range(150)})
    double.faults += [Refused("AccessDeniedException") for _ in range(200)]
    with pytest.raises(ConfigError, match="AccessDenied"):
        run(place)
    assert spent(place)["calls"] == 0
    assert len(double.faults) > 100


def test_the_limit_stops_the_run_and_keeps_what_is_done(double: Double, place: str):
    """Exactly as many calls as there is money for; the next run goes on from there."""
    source(place, **{f"a{i}": photo((i * 8, 9, 9), (320, 240)) for i in range(30)})
    with pytest.raises(ConfigError, match="the limit of") as refusal:
        run(place, rekognition_monthly_limit=0.0175)
    assert refusal.value.setting == "rekognition_monthly_limit"
    assert len(double.requests) == 10
    assert len(list(open_store(f"{place}/out/metadata").list())) == 10
    run(place)
    assert len(double.requests) == 30
    assert spent(place)["calls"] == 30


def test_an_image_that_is_refused_is_a_failure_of_its_own(double: Double, place: str):
    """It is tried once more converted, recorded, not asked again, and others go on."""
    source(place, bad=PHOTO)
    double.faults += [Refused("InvalidImageFormatException") for _ in range(2)]
    assert run(place).errors == {"unsupported": 1}
    source(place, good=photo((1, 99, 9), (320, 240)))
    run(place)
    assert isinstance(record(place, "bad.jpg"), FailureRecord)
    assert isinstance(record(place, "good.jpg"), LabelRecord)
    assert len(double.requests) == 1


def test_what_the_service_does_not_read_is_converted(double: Double, place: str):
    """A WebP file and a tiny JPEG arrive as JPEGs in range."""
    buffer = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(buffer, "WEBP")
    source(place, tiny=photo((9, 9, 99), (40, 30)), webp=buffer.getvalue())
    run(place)
    assert isinstance(record(place, "tiny.jpg"), LabelRecord)
    assert isinstance(record(place, "webp.jpg"), LabelRecord)
    assert len(double.requests) == 2


def test_without_an_out_there_must_be_a_place_for_the_ledger(double: Double, tmp_path: Path):
    """Single files are labelled too, if spending is counted somewhere."""
    arguments: dict[str, Any] = {"private": None, "source": None, "clock": lambda: 0.0}
    with pytest.raises(ConfigError, match="rekognition_state"):
        engage_rekognition(SETTINGS, **arguments)
    named = msgspec.structs.replace(SETTINGS, rekognition_state=str(tmp_path))
    scorer = engage_rekognition(named, **arguments)
    store = open_store(f"memory://single{next(_names)}")
    store.put("a.jpg", PHOTO)
    assert score(scorer, store, "a.jpg").reply
    scorer.close()
    assert (tmp_path / "state" / "spend-1970-01.json").is_file()
    assert len(double.requests) == 1


def score(scorer: RekognitionScorer, store: Store, key: str, **info: object) -> Scores:
    """The scores of one object."""
    blob = store.get(key)
    known: ObjectInfo = msgspec.structs.replace(blob.info, **info)
    decoded = work_image(blob.data)
    (found,) = scorer.score_files([ImageFile(known, blob.data, decoded)])
    if isinstance(found, Exception):
        raise found
    return found


def work_image(data: bytes) -> Any:  # noqa: ANN401
    """The file, decoded."""
    from bucketlens.imaging import Limits, decode  # noqa: PLC0415

    return decode(data, limits=Limits())


@pytest.fixture
def stored(double: Double, place: str) -> tuple[RekognitionScorer, Store]:
    """A scorer for which the source is a bucket that the service can read."""
    store = source(place, a=PHOTO)
    double.stored["photos", "uploads/a.jpg"] = PHOTO
    scorer = engage_rekognition(
        SETTINGS,
        private=open_store(f"{place}/out"),
        source=None,
        clock=lambda: 0.0,
        service=connect(),
    )
    scorer._origin = Origin("photos", "uploads/", store)
    return scorer, store


def test_an_object_in_reach_is_named_and_not_sent(
    double: Double, stored: tuple[RekognitionScorer, Store]
):
    """By bucket and key, with the version that was read where there is one."""
    score(*stored, "a.jpg", version="v7")
    assert double.requests[0]["Image"] == {
        "S3Object": {"Bucket": "photos", "Name": "uploads/a.jpg", "Version": "v7"}
    }


@pytest.mark.parametrize("version", [None, "null"])
def test_an_object_without_a_version_is_looked_at_again(
    double: Double, stored: tuple[RekognitionScorer, Store], version: str | None
):
    """If it changed under the service's hands, the reply is not kept under the old content."""
    scorer, store = stored

    def overwrite() -> None:
        store.put("a.jpg", PHOTO + b"\0")

    double.before = overwrite
    with pytest.raises(Exception, match="changed while"):
        score(scorer, store, "a.jpg", version=version)
    double.before = lambda: None
    double.stored["photos", "uploads/a.jpg"] = PHOTO
    store.put("a.jpg", PHOTO)
    assert score(scorer, store, "a.jpg", version=version).reply
    assert len(double.requests) == 2


def test_an_object_that_the_service_can_not_read_is_sent(
    double: Double, stored: tuple[RekognitionScorer, Store], caplog: pytest.LogCaptureFixture
):
    """Once its role may not read the bucket, bytes are sent from then on."""
    double.stored.clear()
    assert score(*stored, "a.jpg").reply
    assert "Bytes" in double.requests[0]["Image"]
    assert "sent with the calls" in caplog.text
