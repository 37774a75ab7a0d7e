"""Manifests are read as they are published, and mistakes are named where they stand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bucketlens.errors import ConfigError
from bucketlens.evaluation.manifest import read_manifest

Writer = Callable[..., Path]

KINDS = {
    "imagenet_val_full": ("classes", 25),
    "imagenet_val_227": ("classes", 600),
    "nips2017_ccby": ("classes", 200),
    "coco_val2017": ("objects", 120),
    "voc2012_100": ("objects", 15),
    "caltech101": ("names", 101),
    "flowers5": ("names", 150),
    "named_photos": ("names", 20),
}


@pytest.mark.parametrize("name", KINDS)
def test_published_sets_are_read(shared_data: Path, name: str):
    """Each set of photos is known in its own way and completely."""
    manifest = read_manifest(shared_data / name / "manifest.jsonl")
    assert (manifest.kind, len(manifest.photos)) == KINDS[name]
    assert manifest.name == name


def test_a_truth_of_several_sets_finds_their_folders(shared_data: Path, root: Path):
    """The everyday truth names a set and a file in it, below the folder of sets."""
    manifest = read_manifest(root / "tests" / "truth" / "everyday.json", photos=[shared_data])
    assert manifest.kind == "everyday"
    assert {photo.row.set for photo in manifest.photos} >= {"camera_large", "named_photos"}


def test_a_set_may_itself_be_the_folder_that_is_named(root: Path):
    """The truth of the examples is scored with the folder of the examples."""
    truth, photos = root / "tests" / "truth" / "examples.json", root / "examples" / "photos"
    assert all(photo.path.is_file() for photo in read_manifest(truth, photos=[photos]).photos)


def test_the_simplest_manifest_has_files_and_labels(manifest_of: Writer):
    """Whoever tags photos needs two fields; a folder stands for the manifest in it."""
    path = manifest_of({"file": "a.jpg", "labels": ["cat"]}, "", {"file": "b.jpg", "labels": []})
    manifest = read_manifest(path.parent)
    assert manifest.kind == "names"
    assert [photo.row.labels for photo in manifest.photos] == [("cat",), ()]


def test_a_limit_takes_the_first_photos(manifest_of: Writer):
    """A quick look needs no other manifest."""
    path = manifest_of(*({"file": f"{i}.jpg", "labels": ["cat"]} for i in range(5)))
    assert len(read_manifest(path, limit=2).photos) == 2


def test_all_mistakes_are_named_with_their_lines(manifest_of: Writer):
    """One message tells what is wrong with which lines."""
    path = manifest_of(
        {"file": "a.jpg", "labels": ["cat"]},
        "{not json",
        {"file": "b.jpg", "labels": "cat"},
        {"file": "c.jpg", "label": "cat"},
        {"file": "d.jpg", "boxes": []},
        {"file": "a.jpg", "labels": ["dog"]},
        '{"file": "gone.jpg", "labels": ["dog"]}',
    )
    with pytest.raises(ConfigError) as told:
        read_manifest(path)
    for part in (
        "line 2: JSON is malformed",
        "line 3: Expected `array | null`, got `str` - at `$.labels`",
        "line 4: nothing is known of c.jpg",
        "line 5: its truth is of objects, that of the rows before of names",
        "line 1: a.jpg is named 2 times",
        "line 7: there is no file",
    ):
        assert part in told.value.message


def test_many_mistakes_are_counted(manifest_of: Writer):
    """A thousand equal mistakes make no message of a thousand lines."""
    path = manifest_of(*({"file": f"{i}.jpg"} for i in range(30)))
    with pytest.raises(ConfigError, match="and 20 more"):
        read_manifest(path)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"file": "a.jpg", "boxes": [{"label": "cat"}]}, "bbox_xywh"),
        ({"file": "a.jpg", "class_index": -1}, "class_index"),
        ({"file": "a.jpg", "boxes": [], "boxes_complete": False}, "not complete"),
        ({"file": "", "labels": []}, "file"),
    ],
)
def test_values_out_of_range_are_refused(manifest_of: Writer, row: dict[str, object], told: str):
    """A row that could not be measured by is refused before any photo is looked at."""
    path = manifest_of(json.dumps(row))
    with pytest.raises(ConfigError, match=told):
        read_manifest(path)


@pytest.mark.parametrize("text", ["", "[]", "[1,"])
def test_files_without_photos_are_refused(tmp_path: Path, text: str):
    """An empty manifest is a mistake and no perfect score."""
    path = tmp_path / "photos.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"photos\.json"):
        read_manifest(path)


def test_a_manifest_that_is_not_there_is_named(tmp_path: Path):
    """The message says which file was looked for."""
    with pytest.raises(ConfigError, match=r"gone\.jsonl can't be read"):
        read_manifest(tmp_path / "gone.jsonl")
