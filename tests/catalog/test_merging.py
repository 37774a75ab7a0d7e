"""Segments stay few, and nothing is lost by it."""

import pytest
from tests.catalog.cabinets import Cabinet, ids, label, labelled, new_cabinet, told

from bucketlens.catalog import merging
from bucketlens.catalog.manifest import read_manifest


def grow(cabinet: Cabinet, updates: int, each: int) -> None:
    """Several updates, each of some images."""
    catalog = cabinet.catalog
    for update in range(updates):
        cabinet.put(
            *(labelled(f"{update}/{i}.jpg", label("Dog"), seed=update) for i in range(each))
        )
        catalog.refresh()


def test_many_small_updates_leave_few_files():
    """Their number grows with the logarithm of the updates; all rows stay."""
    cabinet = new_cabinet()
    cabinet.put(*(labelled(f"base/{i}.jpg", label("Cat")) for i in range(100)))
    cabinet.catalog.refresh()
    grow(cabinet, 40, 2)
    manifest = read_manifest(cabinet.private).manifest
    assert len(manifest.segments) <= 5
    assert len(manifest.scores) <= 5
    assert manifest.change == 41
    assert told(cabinet.catalog.snapshot()) == cabinet.truth()


def test_compacting_leaves_one_segment_and_drops_what_is_gone():
    """Ids stay, removed rows and their scores go, and a second time changes nothing."""
    cabinet = new_cabinet()
    grow(cabinet, 6, 4)
    for i in range(4):
        cabinet.remove(f"2/{i}.jpg")
    cabinet.put(labelled("3/1.jpg", label("Cat"), seed=77))
    cabinet.catalog.refresh()
    before = ids(cabinet.catalog.snapshot())
    cabinet.catalog.compact()
    manifest = read_manifest(cabinet.private).manifest
    assert len(manifest.segments) == 1
    assert sum(file.rows for file in manifest.scores) == 20
    assert sum(file.rows for file in manifest.segments[0].images) == 20
    snapshot = cabinet.catalog.snapshot()
    assert ids(snapshot) == before
    assert told(snapshot) == cabinet.truth()
    cabinet.catalog.compact()
    assert read_manifest(cabinet.private).manifest == manifest


def test_what_is_merged_with_older_segments_left_keeps_what_is_gone(
    monkeypatch: pytest.MonkeyPatch,
):
    """Rows of the oldest segment stay hidden after the newer ones are merged."""
    monkeypatch.setattr(merging, "LARGE", 20)
    cabinet = new_cabinet()
    cabinet.put(*(labelled(f"base/{i}.jpg", label("Dog"), seed=i) for i in range(30)))
    cabinet.catalog.refresh()
    for i in range(5):
        cabinet.remove(f"base/{i}.jpg")
        cabinet.put(labelled(f"base/{i + 10}.jpg", label("Cat"), seed=i))
        cabinet.catalog.refresh()
    manifest = read_manifest(cabinet.private).manifest
    assert 1 < len(manifest.segments) < 6
    assert told(cabinet.catalog.snapshot()) == cabinet.truth()


def test_too_many_segments_are_merged_into_one(monkeypatch: pytest.MonkeyPatch):
    """However large they are."""
    monkeypatch.setattr(merging, "MOST_SEGMENTS", 3)
    monkeypatch.setattr(merging, "FACTOR", 0)
    cabinet = new_cabinet()
    cabinet.put(*(labelled(f"base/{i}.jpg", label("Dog")) for i in range(9)))
    cabinet.catalog.refresh()
    counts = []
    for i in range(6):
        cabinet.put(labelled(f"{i}.jpg", label("Dog")))
        cabinet.catalog.refresh()
        counts.append(len(read_manifest(cabinet.private).manifest.segments))
    assert counts == [2, 3, 1, 2, 3, 1]
    assert told(cabinet.catalog.snapshot()) == cabinet.truth()


def test_scores_that_no_image_has_are_dropped_when_they_are_most(monkeypatch: pytest.MonkeyPatch):
    """An archive that is scored anew again and again does not grow without end."""
    monkeypatch.setattr(merging, "LARGE", 10)
    monkeypatch.setattr(merging, "FACTOR", 0)
    cabinet = new_cabinet()
    for seed in range(8):
        cabinet.put(*(labelled(f"{i}.jpg", label("Dog"), seed=seed) for i in range(10)))
        cabinet.catalog.refresh()
    kept = sum(file.rows for file in read_manifest(cabinet.private).manifest.scores)
    assert 10 <= kept <= 30
    assert told(cabinet.catalog.snapshot()) == cabinet.truth()
