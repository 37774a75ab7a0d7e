"""The photo sets to measure by: all there, or a loud line at the end says that they are not."""

from pathlib import Path

import pytest

SETS = [
    "bad_inputs",
    "camera_large",
    "coco_val2017",
    "formats",
    "imagenet_val_227",
    "imagenet_val_full",
    "named_photos",
    "nips2017_ccby",
    "voc2012_100",
]


@pytest.mark.parametrize("name", SETS)
def test_every_photo_set_is_there(shared_data: Path, name: str):
    """A set that went missing is noticed here, not by a measure that quietly shrinks."""
    assert (shared_data / name / "manifest.jsonl").is_file()
    assert any((shared_data / name / "images").iterdir())
