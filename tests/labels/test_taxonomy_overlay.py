"""The script that builds the label graph reads outlines and tells which rules are broken."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

TOOLS = Path(__file__).parents[2] / "tools/taxonomy"
CATEGORIES = ["Animals and Pets"]
OUTLINE = """\
# Dogs.
Animal | in Animals and Pets
  Dog | coco:dog | also Pet | aka Puppy, Pooch
    Beagle | n02088364 | min 70
  Pet

under Animal
  Cat | hidden | wn cat.1 | unlike
"""


@pytest.fixture
def overlay(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module that reads outlines; its folder is on the path for the test."""
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("overlay")


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module that knows the rules; its folder is on the path for the test."""
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("rules")


def write(folder: Path, text: str) -> Path:
    """A folder with one outline."""
    (folder / "animals.tree").write_text(text, encoding="utf-8")
    return folder


def test_an_outline_gives_an_entry_a_line(tmp_path: Path, overlay: ModuleType):
    """Parents come from the indent or from an ``under`` line, all else from the fields."""
    entries = {e.name: e for e in overlay.read_overlay(write(tmp_path, OUTLINE))}
    assert {name: e.parent for name, e in entries.items()} == {
        "Animal": None,
        "Dog": "Animal",
        "Beagle": "Dog",
        "Pet": "Animal",
        "Cat": "Animal",
    }
    assert entries["Dog"].sources == ("coco:dog",)
    assert entries["Dog"].also == ("Pet",)
    assert entries["Dog"].aliases == ("Puppy", "Pooch")
    assert entries["Beagle"].min_confidence == 70.0
    assert entries["Cat"].hidden
    assert entries["Cat"].unlike
    assert entries["Beagle"].place == "animals.tree:4"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Animal\n   Dog\n", "animals.tree:2: indent by 2 spaces"),
        ("Animal\n    Dog\n", "animals.tree:2: indent by 2 spaces"),
        ("Animal | alias Beast\n", "animals.tree:1: Animal has the unknown field alias"),
        ("Animal | aka A | aka B\n", "animals.tree:1: Animal has two fields 'aka'"),
        ("Animal | n123\n", "animals.tree:1: Animal has the unknown field n123"),
        ("Animal | n02088364, n1\n", "animals.tree:1: n1 is no source id"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(
    tmp_path: Path, overlay: ModuleType, text: str, message: str
):
    """The message says which file, which line and what is wrong."""
    with pytest.raises(overlay.OverlayError) as error:
        overlay.read_overlay(write(tmp_path, text))
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Animal | in Beasts\n", "unknown category 'Beasts'"),
        ("Animal\n", "a root and has no category"),
        ("animal | in Animals and Pets\n", "'animal' is not in title case"),
        ("Black & Tan | in Animals and Pets\n", "can't hold 'Black & Tan'"),
        ("Pet | in Animals and Pets\n  Dog | aka pet\n", "'pet' is taken by animals.tree:1"),
        ("Pet | in Animals and Pets\n  Dog | also Friend\n", "parent 'Friend', which is no label"),
        ("Pet | in Animals and Pets | also Pet\n", "Pet is above itself"),
        ("Pet | in Animals and Pets\n  Dog | also Pet\n", "Dog has a parent twice"),
        ("Pet | in Animals and Pets | coco:pet\n", "coco:pet is no class of the models"),
        ("Pet | in Animals and Pets\n", "coco:dog belongs to 0 labels"),
    ],
)
def test_each_broken_rule_is_told(
    tmp_path: Path, overlay: ModuleType, rules: ModuleType, text: str, message: str
):
    """Nothing is built from an overlay that breaks a rule, and the message says which."""
    entries = overlay.read_overlay(write(tmp_path, text))
    messages = rules.broken_rules(entries, CATEGORIES, ["coco:dog"])
    assert any(message in told for told in messages), messages


def test_an_overlay_without_fault_breaks_no_rule(
    tmp_path: Path, overlay: ModuleType, rules: ModuleType
):
    """The example of these tests is fine."""
    entries = overlay.read_overlay(write(tmp_path, OUTLINE))
    assert rules.broken_rules(entries, CATEGORIES, ["coco:dog", "n02088364"]) == []
