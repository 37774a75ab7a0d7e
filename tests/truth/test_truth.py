"""The by-eye truth is complete, sound, of the photos that it names, and in step with the labels."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

HERE = Path(__file__).parent
NAME_PATTERN = r"^[A-Z0-9i][A-Za-z0-9'\-& ]{1,49}$"
"""Title Case, as labels are; the i is for iPod."""

Name = Annotated[str, Meta(pattern=NAME_PATTERN)]


class TruthPhoto(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is in one photo, as README.md beside this file describes it."""

    set: Literal["named_photos", "camera_large", "coco_val2017", "examples"]
    file: str
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    present: Annotated[tuple[Name, ...], Meta(min_length=1)]
    acceptable: tuple[Name, ...]
    silly: Annotated[tuple[Name, ...], Meta(min_length=5)]


def read(file: str) -> list[TruthPhoto]:
    """The photos of a truth file, checked against the schema."""
    return msgspec.json.decode((HERE / file).read_bytes(), type=list[TruthPhoto])


EVERYDAY = read("everyday.json")
EXAMPLES = read("examples.json")
BOTH = [pytest.param(EVERYDAY, id="everyday"), pytest.param(EXAMPLES, id="examples")]


def sha256(path: Path) -> str:
    """The hash of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("photos", BOTH)
def test_each_photo_is_there_once_and_in_order(photos: list[TruthPhoto]):
    """The list is sorted by set and file, so that a second entry of a photo can't hide."""
    keys = [(photo.set, photo.file) for photo in photos]
    assert keys == sorted(set(keys))
    assert len({photo.sha256 for photo in photos}) == len(photos)


@pytest.mark.parametrize("photos", BOTH)
def test_no_name_is_said_twice_of_a_photo(photos: list[TruthPhoto]):
    """Within a photo a name stands in one list only, once, whatever its case."""
    for photo in photos:
        names = [n.lower() for n in (*photo.present, *photo.acceptable, *photo.silly)]
        assert len(names) == len(set(names)), photo.file


def test_names_agree_with_the_taxonomy(root: Path):
    """No name is an alias of a label, and nothing that follows from the truth is called silly."""
    tool = root / "tools" / "truth" / "check_truth.py"
    if not tool.is_file():
        pytest.skip("the tools are not part of the source archive")
    run = subprocess.run(
        [sys.executable, str(tool)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(root / "src")},
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_example_has_a_truth_and_a_credit(root: Path):
    """The examples are those of the truth file, unchanged, and each is named in CREDITS.md."""
    folder = root / "examples" / "photos"
    photos = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    credited = (folder / "CREDITS.md").read_text(encoding="utf-8")
    assert photos - {"CREDITS.md"} == {photo.file for photo in EXAMPLES}
    for photo in EXAMPLES:
        assert sha256(folder / photo.file) == photo.sha256, photo.file
        assert re.search(rf"^\| `{re.escape(photo.file)}` \|", credited, re.MULTILINE), photo.file


def test_the_everyday_photos_are_those_of_the_rule(shared_data: Path):
    """All named and camera photos, and of COCO each second by name until fifty, unchanged."""
    expected: dict[tuple[str, str], str] = {}
    for photo_set in ("named_photos", "camera_large", "coco_val2017"):
        lines = (shared_data / photo_set / "manifest.jsonl").read_text(encoding="utf-8")
        entries = sorted(map(json.loads, lines.splitlines()), key=lambda entry: entry["file"])
        chosen = entries[::2][:50] if photo_set == "coco_val2017" else entries
        expected |= {(photo_set, entry["file"]): entry["sha256"] for entry in chosen}
    assert {(photo.set, photo.file): photo.sha256 for photo in EVERYDAY} == expected
    for photo in EVERYDAY:
        assert sha256(shared_data / photo.set / photo.file) == photo.sha256, photo.file
