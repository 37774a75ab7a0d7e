"""Settings beside a collection: added to what people wrote, never over it."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketlens.errors import ConfigError
from bucketlens.pipeline.keeping import (
    OF_COLLECTION,
    LastSettings,
    differences,
    keep_settings,
    last_settings,
    of_collection,
    read_settings,
    remember_settings,
    with_values,
)
from bucketlens.settings import FIELDS, Settings, SettingsText, load_settings
from bucketlens.stores import open_store

WRITTEN = """\
# my thresholds
min_confidence = 60  # after long thought
title = "Holidays"

[label_thresholds]
Dog = 80
"""

NOT_KEPT = {
    *("include", "exclude", "suffixes", "hidden", "max_delete_percent", "index_seconds"),
    *("provider", "workers", "batch_size", "fsync"),
    *("watch", "poll_seconds", "reconcile_seconds", "queue_url", "max_waiting"),
    *("host", "port", "public_url", "credentials", "tls_certificate", "tls_key"),
    *("strict", "buckets", "uploads", "upload_folder", "uploads_per_minute"),
    *("most_requests", "most_request_bytes", "receive_seconds", "log_format"),
}
"""Beside these, nothing that says how stores and services are reached or paid."""

plain = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def test_every_setting_is_of_the_collection_or_of_one_call():
    """Whoever adds a setting decides; what reaches or pays for things is never kept."""
    ways = ("s3_", "store_", "rekognition_", "pack_", "price_")
    reached = {name for name in FIELDS if name.startswith(ways)}
    others = set(FIELDS) - set(OF_COLLECTION)
    assert others == NOT_KEPT | (reached - {"rekognition_min_confidence"})


def test_a_value_is_added_and_the_rest_stays_as_it_was_written():
    """Comments, order and tables are people's own."""
    changed = with_values(WRITTEN, {"max_labels": 5, "title": 'A "b"'})
    assert tomllib.loads(changed) == {
        **tomllib.loads(WRITTEN),
        "max_labels": 5,
        "title": 'A "b"',
    }
    assert "# my thresholds\nmin_confidence = 60  # after long thought\n" in changed


def test_values_that_stand_there_already_change_nothing():
    """Not even a byte."""
    assert (
        with_values(WRITTEN, {"min_confidence": 60.0, "label_thresholds": {"Dog": 80}}) == WRITTEN
    )


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (WRITTEN, {"label_thresholds": {"Cat": 5}}),
        ('exclude_labels = [\n  "Dog",\n]\n', {"exclude_labels": ["Cat"]}),
        ('title = """\nlong\n"""\n', {"title": "short"}),
    ],
)
def test_what_takes_several_lines_is_left_to_people(text: str, values: dict[str, Any]):
    """The message says what to write."""
    with pytest.raises(ConfigError, match="write there yourself"):
        with_values(text, values)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "min_confidence": st.floats(0, 100),
            "max_labels": st.integers(0, 1000),
            "pages": st.booleans(),
            "title": plain,
            "exclude_labels": st.lists(plain, max_size=3),
            "display_names": st.dictionaries(plain, plain, max_size=3),
        },
    )
)
def test_any_values_are_read_back_as_they_were(values: dict[str, Any]):
    """Quotes, control characters and names of any kind survive."""
    assert tomllib.loads(with_values("", values)) == values
    assert tomllib.loads(with_values(with_values("", {"title": "x"}), values)) == {
        "title": "x",
        **values,
    }


def test_kept_settings_are_those_of_the_next_call():
    """What was kept is read as a settings file, and kept once."""
    private = open_store("memory://kept/out")
    assert read_settings(private) is None
    assert keep_settings(private, {"min_confidence": 70.0})
    assert not keep_settings(private, {"min_confidence": 70.0})
    text = read_settings(private)
    assert text is not None
    resolved = load_settings(collection=SettingsText("OUT/bucketlens.toml", text))
    assert resolved.settings.min_confidence == 70.0


def test_the_next_call_knows_what_differs():
    """Only settings that define the collection, and a damaged memory is none."""
    private = open_store("memory://remembered/out")
    assert last_settings(private) is None
    before = LastSettings(settings=of_collection(Settings()), scores="s", view="v")
    remember_settings(private, before)
    assert last_settings(private) == before
    changed = of_collection(Settings(min_confidence=70, workers=3, exclude_labels=("Dog",)))
    now = LastSettings(settings=changed, scores="s", view="w")
    assert list(differences(before, now)) == [
        ("min_confidence", 55.0, 70.0),
        ("exclude_labels", [], ["Dog"]),
    ]
    private.put("state/settings.json", b"{")
    assert last_settings(private) is None
