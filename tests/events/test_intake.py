"""From notifications to keys of one source."""

from __future__ import annotations

import json

import pytest

from bucketlens.errors import ConfigError
from bucketlens.events import Intake, KeyFilter, SourcePlace, source_place
from bucketlens.types import ObjectEvent


def records(*names: str, bucket: str = "photos", sequencers: tuple[str, ...] = ()) -> str:
    """One notification with several records."""
    return json.dumps(
        {
            "Records": [
                {
                    "eventName": "ObjectCreated:Put",
                    "s3": {
                        "bucket": {"name": bucket},
                        "object": {"key": name, "sequencer": sequencers[i] if sequencers else None},
                    },
                }
                for i, name in enumerate(names)
            ]
        }
    )


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("s3://photos", SourcePlace("photos")),
        ("s3://photos/", SourcePlace("photos")),
        ("s3://photos/up/loads", SourcePlace("photos", "up/loads/")),
        ("s3://photos/up/loads/", SourcePlace("photos", "up/loads/")),
        ("memory://lab/in", SourcePlace("lab", "in/")),
    ],
)
def test_a_source_has_a_bucket_and_a_prefix(location: str, place: SourcePlace):
    """The prefix ends in a slash, so that `uploads2/` is no part of `uploads`."""
    assert source_place(location) == place


@pytest.mark.parametrize("location", ["/srv/photos", "photos", "file:///srv/photos", "C:\\photos"])
def test_a_folder_has_no_notifications(location: str):
    """The operator is told so."""
    with pytest.raises(ConfigError, match="not in a bucket"):
        source_place(location)


def test_events_of_a_folder_name_its_path():
    """Such events are ours alone: a test's, a watcher's."""
    place = SourcePlace.of("/srv/photos")
    assert place == SourcePlace("/srv/photos")
    event = ObjectEvent(store="/srv/photos", key="trip/a.jpg", kind="created")
    assert place.key_of(event) == "trip/a.jpg"


def test_a_folder_marker_of_unknown_size_is_no_image():
    """Deletions say no size; without suffixes nothing else tells a marker from an image."""
    intake = Intake(SourcePlace("photos"), KeyFilter(suffixes=()))
    marker = ObjectEvent(store="photos", key="trip/", kind="removed")
    assert intake.key_of(marker) is None
    sized = ObjectEvent(store="photos", key="trip/", kind="created", size=7)
    assert intake.key_of(sized) == "trip/"


@pytest.mark.parametrize(
    ("bucket", "key", "found"),
    [
        ("photos", "uploads/a.jpg", "a.jpg"),
        ("photos", "uploads//a.jpg", "/a.jpg"),
        ("photos", "uploads/", None),
        ("photos", "uploads2/a.jpg", None),
        ("photos", "a.jpg", None),
        ("other", "uploads/a.jpg", None),
    ],
)
def test_the_prefix_is_taken_off_once(bucket: str, key: str, found: str | None):
    """Keys elsewhere are none of the source's."""
    event = ObjectEvent(store=bucket, key=key, kind="created")
    assert SourcePlace("photos", "uploads/").key_of(event) == found


def test_only_wanted_keys_are_asked_for():
    """Own outputs, other suffixes and other buckets are counted and left alone."""
    intake = Intake(SourcePlace("photos", "in/"), KeyFilter(own_outputs=("out",)))
    asked = intake.read(
        records("in/a.jpg", "in/notes.txt", "in/out/site/thumbs/a.jpg.jpg", "b.jpg")
    )
    assert asked.keys == {"a.jpg": None}
    assert asked.elsewhere == 3


def test_a_key_is_named_once_with_its_newest_sequencer():
    """Sequencers of different lengths compare as S3 says."""
    intake = Intake(SourcePlace("photos"), KeyFilter())
    asked = intake.read(records("a.jpg", "a.jpg", "a.jpg", sequencers=("0A", "0B1", "0AFF")))
    assert asked.keys == {"a.jpg": "0B1"}


def test_damaged_parts_are_told_apart():
    """A test event is no damage, a record without a key is."""
    intake = Intake(SourcePlace("photos"), KeyFilter())
    assert not intake.read(json.dumps({"Event": "s3:TestEvent"})).damaged
    mixed = json.loads(records("a.jpg"))
    mixed["Records"].append({"eventName": "ObjectCreated:Put", "s3": {}})
    asked = intake.read(mixed)
    assert asked.keys == {"a.jpg": None}
    assert len(asked.damaged) == 1
