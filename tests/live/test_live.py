"""The whole live side, with real models, in this process."""

from __future__ import annotations

import json
import logging
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.live.waiting import wait_until

from bucketlens.assembly import build_labeler
from bucketlens.assembly.cataloguing import CollectionIndex
from bucketlens.errors import ConfigError, DamagedError, TransientError, UnsupportedError
from bucketlens.events import EventParseError
from bucketlens.live import Live, open_live
from bucketlens.pipeline.labelling import Labelled, Loaded
from bucketlens.records import LabelRecord, Tombstone, decode_record
from bucketlens.settings import Settings
from bucketlens.stores import open_store
from bucketlens.types import ObjectInfo

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from bucketlens.catalog.pieces import Buried

QUICK: dict[str, Any] = {"detector": "none"}


@contextmanager
def running(source: str, out: str, **changed: Any) -> Iterator[Live]:  # noqa: ANN401
    """A live side that is stopped at the end."""
    live = open_live(source, out, Settings(**QUICK, **changed))
    live.start()
    try:
        yield live
    finally:
        assert live.stop(60.0)


@pytest.fixture
def photo(root: Path) -> Path:
    """An example photo."""
    return root / "examples" / "photos" / "zebra.jpg"


@pytest.fixture
def photos(tmp_path: Path, photo: Path) -> Path:
    """A folder with one photo."""
    folder = tmp_path / "photos"
    folder.mkdir()
    shutil.copy2(photo, folder / "old.jpg")
    return folder


def is_settled(live: Live) -> bool:
    """Whether nothing is to do any more, and the index shows it."""
    now = live.status()
    busy = now.waiting + now.in_hand + now.unsettled_files + now.reconciling
    return bool(now.reconciled) and not busy and now.index_lag == 0


def wait_until_settled(live: Live) -> None:
    """Wait for that."""
    wait_until(lambda: is_settled(live))


@pytest.mark.parametrize("watch", ["auto", "poll"])
def test_a_folder_labels_itself(photos: Path, tmp_path: Path, photo: Path, watch: str):
    """What was there, what comes, what is renamed and what goes; the index shows it."""
    out = tmp_path / "out"
    index = out / "site" / "index.html"
    with running(str(photos), str(out), watch=watch, poll_seconds=0.1) as live:
        wait_until_settled(live)
        assert "old.jpg" in index.read_text("utf-8")
        shutil.copy(photo, photos / "new.jpg")
        wait_until((out / "site" / "images" / "new.jpg.html").exists)
        (photos / "old.jpg").rename(photos / "renamed.jpg")
        wait_until(lambda: "renamed.jpg" in index.read_text("utf-8"))
        (photos / "new.jpg").unlink()
        wait_until(lambda: "new.jpg" not in index.read_text("utf-8"))
        wait_until_settled(live)
        assert live.status().watching == ("listings" if watch == "poll" else "events")
    records = open_store(str(out / "metadata"))
    kept = {i.key: decode_record(records.get(i.key).data) for i in records.list()}
    names = {name for name, record in kept.items() if not isinstance(record, Tombstone)}
    assert names == {"renamed.jpg.json"}
    record = kept["renamed.jpg.json"]
    assert isinstance(record, LabelRecord)
    assert "Zebra" in {label.name for label in record.labels}


def test_outputs_in_the_folder_set_off_no_work(photos: Path):
    """The site and its thumbnails lie among the photos, and nothing is made of them."""
    with running(str(photos), str(photos / "labels")) as live:
        wait_until_settled(live)
        shutil.copy(photos / "old.jpg", photos / "new.jpg")
        wait_until((photos / "labels/site/images/new.jpg.html").exists)
        wait_until_settled(live)
    names = {path.name for path in (photos / "labels" / "metadata").rglob("*.json")}
    assert names == {"old.jpg.json", "new.jpg.json"}
    assert live.status().outcomes["labelled"] == 2


def test_each_image_has_a_line_in_the_log(
    photos: Path, tmp_path: Path, photo: Path, caplog: pytest.LogCaptureFixture
):
    """With the time of each stage; what reconciling found says so."""
    caplog.set_level(logging.INFO, "bucketlens")
    with running(str(photos), str(tmp_path / "out")) as live:
        wait_until_settled(live)
        shutil.copy(photo, photos / "new.jpg")
        wait_until(lambda: live.status().outcomes.get("labelled") == 2)
    lines = {
        fields["key"]: fields
        for entry in caplog.records
        if entry.getMessage() == "labelled"
        for fields in [vars(entry)["fields"]]
    }
    assert lines["old.jpg"]["by"] == "reconcile"
    stages = {"waiting_ms", "reading_ms", "queueing_ms", "labelling_ms", "writing_ms"}
    assert lines["new.jpg"].keys() == {"key", "seconds"} | stages


def test_an_image_of_a_request_gets_the_labels_that_a_run_would_give(
    photos: Path, tmp_path: Path, photo: Path
):
    """Bit for bit, alone and among others; nothing of it is kept."""
    data = photo.read_bytes()
    info = ObjectInfo(key="x.jpg", etag="1", size=len(data), modified=0.0)
    (expected,) = build_labeler(Settings(**QUICK)).label([Loaded(info, data)])
    assert isinstance(expected, Labelled)
    with running(str(photos), str(tmp_path / "out"), watch="off") as live:
        records = [future.result(60) for future in [live.ask(data) for _ in range(20)]]
        plain = live.label_bytes(data, properties=False)
        wait_until_settled(live)
        assert live.status().watching == "nothing"
    assert {record.scores == expected.record.scores for record in records} == {True}
    assert {record.labels == expected.record.labels for record in records} == {True}
    assert plain.labels == expected.record.labels
    assert (plain.scores.tones, plain.image_properties) == (None, None)
    assert records[0].image_properties is not None
    assert [path.name for path in (tmp_path / "out" / "metadata").rglob("*.json")] == [
        "old.jpg.json"
    ]


def test_what_is_no_image_is_said_by_its_own_error(photos: Path, tmp_path: Path, photo: Path):
    """Whoever asked can be told what is wrong with it."""
    with running(str(photos), str(tmp_path / "out"), watch="off") as live:
        with pytest.raises(UnsupportedError):
            live.label_bytes(b"no image")
        with pytest.raises(DamagedError):
            live.label_bytes(photo.read_bytes()[:300])


def test_requests_beyond_the_bound_are_turned_away(photos: Path, tmp_path: Path, photo: Path):
    """At once, and all that were taken are answered; after the stop none is."""
    data = photo.read_bytes()
    taken: list[Future[LabelRecord]] = []
    refused: list[str | None] = []
    with running(str(photos), str(tmp_path / "out"), watch="off", max_waiting=5) as live:
        for _ in range(200):
            try:
                taken.append(live.ask(data))
            except TransientError as exc:
                refused.append(exc.setting)
        assert all(future.result(60).labels for future in taken)
    assert set(refused) == {"max_waiting"}
    with pytest.raises(TransientError):
        live.ask(data)
    with pytest.raises(TransientError):
        live.submit("old.jpg")


def notification(bucket: str, key: str, event: str = "ObjectCreated:Put") -> bytes:
    """What S3 posts."""
    return json.dumps(
        {
            "Records": [
                {
                    "eventSource": "aws:s3",
                    "eventName": event,
                    "s3": {"bucket": {"name": bucket}, "object": {"key": key, "sequencer": "01"}},
                }
            ]
        }
    ).encode()


@pytest.mark.parametrize("watch", ["events", "poll"])
def test_a_bucket_is_labelled_by_notifications_or_listings(photo: Path, watch: str):
    """The key counts from the source; events of other places ask for nothing."""
    where = f"memory://live-{watch}"
    source, records = open_store(f"{where}/in"), open_store(f"{where}/out/metadata")
    source.put("old.jpg", photo.read_bytes())
    with running(f"{where}/in", f"{where}/out", watch=watch, poll_seconds=0.1) as live:
        wait_until_settled(live)
        source.put("trip/a b.jpg", photo.read_bytes())
        if watch == "events":
            bucket = where.removeprefix("memory://")
            assert live.accept(notification(bucket, "in/trip/a+b.jpg")) == 1
            assert live.accept(notification(bucket, "out/site/thumbs/x.jpg")) == 0
            assert live.accept(notification("another", "in/a.jpg")) == 0
            with pytest.raises(EventParseError):
                live.accept(b"nothing that anybody understands")
        wait_until(lambda: "trip/a b.jpg.json" in {info.key for info in records.list()})
        source.delete("trip/a b.jpg")
        if watch == "events":
            event = "ObjectRemoved:Delete"
            assert live.accept(notification(bucket, "in/trip/a+b.jpg", event)) == 1
        wait_until(lambda: live.status().outcomes.get("removed"))
    assert live.status().watching == ("notifications" if watch == "events" else "listings")


def test_a_folder_takes_no_notifications(photos: Path, tmp_path: Path):
    """Nobody could post any but by mistake."""
    with (
        running(str(photos), str(tmp_path / "out"), watch="off") as live,
        pytest.raises(ConfigError),
    ):
        live.accept(notification("photos", "a.jpg"))


def test_a_source_that_goes_takes_no_record_with_it(photos: Path, tmp_path: Path, photo: Path):
    """Its disk is pulled out: all records stay, the status says so; back again, work goes on."""
    for i in range(3):
        shutil.copy(photo, photos / f"{i}.jpg")
    metadata = tmp_path / "out" / "metadata"
    with running(str(photos), str(tmp_path / "out")) as live:
        wait_until_settled(live)
        before = {path.name: path.read_bytes() for path in metadata.rglob("*.json")}
        photos.rename(tmp_path / "aside")
        photos.mkdir()
        wait_until(lambda: live.status().watching == "nothing")
        for key in ("0.jpg", "old.jpg"):
            with pytest.raises(TransientError):
                live.submit(key).result(30)
        assert {path.name: path.read_bytes() for path in metadata.rglob("*.json")} == before
        photos.rmdir()
        (tmp_path / "aside").rename(photos)
        wait_until(lambda: live.status().watching == "events")
        shutil.copy(photo, photos / "after.jpg")
        wait_until((metadata / "after.jpg.json").exists)
    assert before.items() <= {p.name: p.read_bytes() for p in metadata.rglob("*.json")}.items()


def test_an_index_that_can_not_be_made_is_trouble_until_it_can(
    photos: Path, tmp_path: Path, photo: Path, monkeypatch: pytest.MonkeyPatch
):
    """A full disk, say: images are labelled all the same, and the index follows later."""
    monkeypatch.setattr("bucketlens.worker.index.FAILED_PAUSE", 0.1)
    full = True

    def refuse(self: CollectionIndex, keys: Collection[str] | None = None) -> Sequence[Buried]:
        if full:
            raise ConfigError("the disk is full")
        return whole(self, keys)

    whole = CollectionIndex.renew
    monkeypatch.setattr(CollectionIndex, "renew", refuse)
    with running(str(photos), str(tmp_path / "out"), reconcile_seconds=0.0) as live:
        wait_until(lambda: "disk is full" in (live.status().trouble or ""))
        shutil.copy(photo, photos / "new.jpg")
        wait_until(lambda: live.status().outcomes.get("labelled") == 2)
        full = False
        wait_until(lambda: live.status().index_lag == 0)
        assert "new.jpg" in (tmp_path / "out" / "site" / "index.html").read_text("utf-8")


def test_a_folder_that_is_not_there_is_the_operators_to_see_to(tmp_path: Path):
    """Before any model is asked anything."""
    with pytest.raises(ConfigError, match="does not exist"):
        open_live(str(tmp_path / "not"), str(tmp_path / "out"), Settings(**QUICK))


def test_a_folder_has_no_queue(photos: Path, tmp_path: Path):
    """The settings are wrong then, and the message says why."""
    settings = Settings(**QUICK, queue_url="https://sqs.eu-west-1.amazonaws.com/1/photos")
    with pytest.raises(ConfigError, match="bucket"):
        open_live(str(photos), str(tmp_path / "out"), settings)
