"""One key: every way that source and record can differ, and every race that can be lost."""

from __future__ import annotations

import json

import pytest
from tests.laboratory import BLUE, GREEN, RED, ColorView, Lab

from bucketlens.errors import TransientError
from bucketlens.names import output_name
from bucketlens.records import FailureRecord, LabelRecord, Tombstone
from bucketlens.settings import Settings
from bucketlens.stores import Blob


def labels_of(lab: Lab, key: str) -> list[str]:
    """Names of the labels in the record."""
    record = lab.record(key)
    assert isinstance(record, LabelRecord)
    return [label.name for label in record.labels]


def test_a_new_image_gets_record_and_page(lab: Lab):
    """What arrives is labelled, recorded and shown."""
    lab.source.put("a.jpg", RED)
    assert lab.settle("a.jpg") == "labelled"
    assert labels_of(lab, "a.jpg") == ["Red"]
    assert lab.pages.pages["a.jpg"].startswith("Red ")


def test_a_repeated_event_does_no_work(lab: Lab):
    """The second settling reads and writes nothing but the record."""
    lab.source.put("a.jpg", RED)
    lab.settle("a.jpg")
    before = lab.records.head("a.jpg.json").etag, lab.pages.writes, lab.scorer.scored
    assert lab.settle("a.jpg") == "unchanged"
    assert (lab.records.head("a.jpg.json").etag, lab.pages.writes, lab.scorer.scored) == before


def test_an_overwritten_image_is_labelled_again(lab: Lab):
    """The record follows the newest version."""
    lab.source.put("a.jpg", RED)
    lab.settle("a.jpg")
    lab.source.put("a.jpg", BLUE)
    assert lab.settle("a.jpg") == "labelled"
    assert labels_of(lab, "a.jpg") == ["Blue"]


def test_the_same_bytes_under_a_new_version_need_no_model(lab: Lab):
    """A touched or copied file keeps its scores."""
    lab.source.put("a.jpg", RED)
    lab.settle("a.jpg")
    first = lab.record("a.jpg")
    lab.source.put("a.jpg", RED)
    assert lab.settle("a.jpg") == "labelled"
    assert lab.scorer.scored == 1
    second = lab.record("a.jpg")
    assert isinstance(first, LabelRecord)
    assert isinstance(second, LabelRecord)
    assert first.observed.etag != second.observed.etag
    assert lab.settle("a.jpg") == "unchanged"


def test_a_removed_image_leaves_a_tombstone_and_no_page(lab: Lab):
    """What is gone is not shown, and the index can learn that it went."""
    lab.source.put("a.jpg", RED)
    lab.settle("a.jpg")
    lab.source.delete("a.jpg")
    assert lab.settle("a.jpg") == "removed"
    assert isinstance(lab.record("a.jpg"), Tombstone)
    assert not lab.pages.pages
    assert lab.settle("a.jpg") == "unchanged"


def test_an_image_that_comes_back_is_labelled_over_its_tombstone(lab: Lab):
    """A tombstone is no end."""
    lab.source.put("a.jpg", RED)
    lab.settle("a.jpg")
    lab.source.delete("a.jpg")
    lab.settle("a.jpg")
    lab.source.put("a.jpg", GREEN)
    assert lab.settle("a.jpg") == "labelled"
    assert labels_of(lab, "a.jpg") == ["Green"]


def test_an_event_for_an_object_that_is_gone_again_is_no_error(lab: Lab):
    """Nothing was there, nothing is written."""
    assert lab.settle("never.jpg") == "unchanged"
    assert list(lab.records.list()) == []


def test_a_damaged_image_leaves_a_failure_that_says_why(lab: Lab):
    """A failure is recorded once, and known afterwards."""
    lab.source.put("a.jpg", RED[:100])
    assert lab.settle("a.jpg") == "failed"
    record = lab.record("a.jpg")
    assert isinstance(record, FailureRecord)
    assert record.failure.error == "damaged"
    etag = lab.records.head("a.jpg.json").etag
    assert lab.settle("a.jpg") == "failed"
    assert lab.records.head("a.jpg.json").etag == etag


def test_a_failure_is_tried_again_when_its_limit_changes(lab: Lab):
    """A larger limit reads what was refused before."""
    small = Settings(max_pixels=100)
    lab.source.put("a.jpg", RED)
    assert lab.settle("a.jpg", settings=small) == "failed"
    record = lab.record("a.jpg")
    assert isinstance(record, FailureRecord)
    assert record.failure.setting == "max_pixels"
    assert lab.settle("a.jpg") == "labelled"


def test_an_object_over_the_byte_limit_is_never_read(lab: Lab):
    """The size is checked before the bytes are taken."""
    lab.source.put("a.jpg", RED)
    outcome = lab.settler().settle("a.jpg", max_bytes=len(RED) - 1)
    assert outcome.value == "failed"
    record = lab.record("a.jpg")
    assert isinstance(record, FailureRecord)
    assert record.failure.setting == "max_bytes"
    assert record.source.sha256 is None


def test_a_good_image_that_becomes_bad_loses_its_page(lab: Lab):
    """A failure shows nothing of the version before."""
    lab.source.put("a.jpg", RED)
    lab.settle("a.jpg")
    lab.source.put("a.jpg", b"no image")
    assert lab.settle("a.jpg") == "failed"
    assert not lab.pages.pages


@pytest.mark.parametrize("damage", [b"", b"{", b'{"kind": "labels"}', b"\xff\xfe"])
def test_a_damaged_record_counts_as_stale(lab: Lab, damage: bytes):
    """A record that can't be read is made anew, over what stands there."""
    lab.source.put("a.jpg", RED)
    lab.records.put("a.jpg.json", damage)
    assert lab.settle("a.jpg") == "labelled"
    assert labels_of(lab, "a.jpg") == ["Red"]


@pytest.mark.parametrize("member", ["scores", "Labels", "ImageProperties"])
def test_damage_where_nobody_looks_is_found_by_whoever_does(lab: Lab, member: str):
    """A pass with nothing to do does not read all of a record; one that needs it scores again."""
    lab.source.put("a.jpg", RED)
    lab.settle("a.jpg")
    document = json.loads(lab.records.get("a.jpg.json").data) | {member: "nonsense"}
    lab.records.put("a.jpg.json", json.dumps(document).encode())
    assert lab.settle("a.jpg") == "unchanged"
    assert lab.settle("a.jpg", view=ColorView("view-2", suffix="dish")) == "labelled"
    assert labels_of(lab, "a.jpg") == ["Reddish"]
    assert lab.scorer.scored == 2


def test_other_settings_make_labels_again_without_the_image(lab: Lab):
    """A stale view costs no model and no read of the source."""
    lab.source.put("a.jpg", RED)
    lab.settle("a.jpg")
    outcome = lab.settle("a.jpg", view=ColorView("view-2", suffix="dish"))
    assert outcome == "relabelled"
    assert labels_of(lab, "a.jpg") == ["Reddish"]
    assert lab.scorer.scored == 1
    assert lab.pages.pages["a.jpg"].startswith("Reddish ")


def test_another_model_reads_the_image_again(lab: Lab):
    """A stale score fingerprint asks for the model."""
    lab.source.put("a.jpg", RED)
    lab.settle("a.jpg")
    lab.scorer.fingerprint = "scores-2"
    assert lab.settle("a.jpg") == "labelled"
    assert lab.scorer.scored == 2


def test_a_version_that_comes_while_the_model_runs_wins(lab: Lab):
    """Step 3: the source is asked again, and the newer version labelled."""
    lab.source.put("a.jpg", RED)

    def overwrite() -> None:
        lab.scorer.before = lambda: None
        lab.source.put("a.jpg", BLUE)

    lab.scorer.before = overwrite
    assert lab.settle("a.jpg") == "labelled"
    assert labels_of(lab, "a.jpg") == ["Blue"]
    assert lab.pages.pages["a.jpg"].startswith("Blue ")


def test_an_image_removed_while_the_model_runs_leaves_nothing(lab: Lab):
    """Neither a label record nor a page of an image that is gone."""
    lab.source.put("a.jpg", RED)

    def remove() -> None:
        lab.scorer.before = lambda: None
        lab.source.delete("a.jpg")

    lab.scorer.before = remove
    lab.settle("a.jpg")
    assert isinstance(lab.record("a.jpg"), Tombstone)
    assert not lab.pages.pages


def test_a_lost_race_leaves_the_winners_record_and_pages_that_agree(lab: Lab):
    """Another worker that labels a newer version in between keeps its record and its page."""
    lab.source.put("a.jpg", RED)
    other = lab.settler()

    def race() -> None:
        lab.scorer.before = lambda: None
        lab.source.put("a.jpg", GREEN)
        other.settle("a.jpg", lab.settings.max_bytes)

    lab.scorer.before = race
    assert lab.settle("a.jpg") == "redrawn"
    assert labels_of(lab, "a.jpg") == ["Green"]
    assert lab.pages.pages["a.jpg"].startswith("Green ")


def test_a_key_that_never_rests_is_left_to_a_later_pass(lab: Lab):
    """After several rounds it is no failure of the image, but something to try again."""
    lab.source.put("a.jpg", RED)
    rounds = iter([BLUE, GREEN] * 50)

    def overwrite() -> None:
        lab.source.put("a.jpg", next(rounds))

    lab.scorer.before = overwrite
    with pytest.raises(TransientError, match="changed"):
        lab.settle("a.jpg")


def test_keys_that_are_awkward_settle_like_others(lab: Lab):
    """Spaces, percent signs, newlines, unicode and a name like a record's."""
    keys = [
        "a b+c%2F.jpg",
        "x\ny.jpg",
        "Größe/ñ.jpg",
        "a.jpg.json/b.jpg",
        "a.jpg",
        "CON.jpg",
        "/l.jpg",
    ]
    for key in keys:
        lab.source.put(key, RED)
    for key in keys:
        assert lab.settle(key) == "labelled"
    names = {info.key for info in lab.records.list()}
    assert names == {output_name(key, ".json") for key in keys}
    assert isinstance(lab.records.get("a.jpg.json"), Blob)


def test_a_file_name_that_is_not_utf8_keeps_its_key(lab: Lab):
    """The record is JSON all the same, and gives the key back whole."""
    key = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    lab.source.put(key, RED)
    assert lab.settle(key) == "labelled"
    assert lab.record(key).source.key == key
    assert lab.settle(key) == "unchanged"


def test_an_image_that_is_not_published_has_a_record_and_no_page(lab: Lab):
    """It is labelled, and nothing of it is written that others may see."""
    lab.pages.hidden = frozenset({"a.jpg"})
    lab.source.put("a.jpg", RED)
    assert lab.settle("a.jpg") == "labelled"
    assert labels_of(lab, "a.jpg") == ["Red"]
    record = lab.record("a.jpg")
    assert isinstance(record, LabelRecord)
    assert (record.observed.page, record.observed.pictures) == (None, None)
    assert (lab.pages.pages, lab.pages.pictures) == ({}, set())
    assert lab.settle("a.jpg") == "unchanged"


def test_what_is_published_no_more_leaves_the_site_and_may_come_back(lab: Lab):
    """Page and pictures go without a look at the image, and are made again when they are wanted."""
    lab.source.put("a.jpg", RED)
    lab.settle("a.jpg")
    lab.pages.hidden = frozenset({"a.jpg"})
    assert lab.settle("a.jpg") == "redrawn"
    assert (lab.pages.pages, lab.pages.pictures) == ({}, set())
    assert lab.settle("a.jpg") == "unchanged"
    lab.pages.hidden = frozenset()
    assert lab.settle("a.jpg") == "redrawn"
    assert lab.pages.pictures == set(lab.pages.pages) == {"a.jpg"}
    assert lab.scorer.scored == 1


def test_new_labels_of_an_image_that_is_not_published_stay_private(lab: Lab):
    """Relabelling puts the record again and writes no page."""
    lab.pages.hidden = frozenset({"a.jpg"})
    lab.source.put("a.jpg", RED)
    lab.settle("a.jpg")
    assert lab.settle("a.jpg", view=ColorView("view-2", suffix=" again")) == "relabelled"
    assert labels_of(lab, "a.jpg") != ["Red"]
    assert lab.pages.pages == {}
