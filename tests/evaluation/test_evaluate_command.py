"""``bucketlens evaluate`` from end to end: real photos, the packaged models, all outputs."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from bucketlens.cli import run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def photos(root: Path, tmp_path: Path) -> Path:
    """Two example photos and a manifest that a user would write."""
    examples = root / "examples" / "photos"
    for name in ("chelsea.png", "zebra.jpg"):
        shutil.copy(examples / name, tmp_path / name)
    rows = [
        {"file": "chelsea.png", "labels": ["cat"]},
        {"file": "zebra.jpg", "labels": ["zebra", "zorb"]},
    ]
    path = tmp_path / "mine.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_own_photos_are_measured(photos: Path, capsys: pytest.CaptureFixture[str]):
    """JSON goes to standard output, the table and what is unknown to standard error."""
    report = photos.parent / "report"
    assert run(["evaluate", str(photos), "--json", "--report", str(report)]) == 0
    told = capsys.readouterr()
    (measured,) = json.loads(told.out)["sets"]
    assert (measured["name"], measured["kind"], measured["photos"]) == ("mine", "names", 2)
    assert measured["labels"]["coverage"] == {"part": 2, "whole": 2, "value": 1.0}
    assert measured["unknown"] == {"zorb": 1}
    assert "coverage" in told.err
    assert "not in the taxonomy: zorb" in told.err
    assert (report / "index.html").is_file()


def test_the_truth_of_the_examples_is_measured(root: Path, capsys: pytest.CaptureFixture[str]):
    """The format of the everyday truth is read, and most of what is shown there is right."""
    truth, folder = root / "tests" / "truth" / "examples.json", root / "examples" / "photos"
    assert run(["evaluate", str(truth), "--photos", str(folder), "--json"]) == 0
    (measured,) = json.loads(capsys.readouterr().out)["sets"]
    labels = measured["labels"]
    assert labels["photos"] == 11
    assert labels["right"] > 3 * labels["wrong"]


def test_boxes_are_measured(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A manifest with boxes gives an average precision, whatever threshold labels have."""
    shutil.copy(root / "examples" / "photos" / "zebra.jpg", tmp_path / "zebra.jpg")
    boxes = [{"label": "zebra", "bbox_xywh": [0, 0, 20, 20]}]
    path = tmp_path / "boxed.jsonl"
    path.write_text(json.dumps({"file": "zebra.jpg", "boxes": boxes}), encoding="utf-8")
    assert run(["evaluate", str(path), "--min-confidence", "100", "--json"]) == 0
    (measured,) = json.loads(capsys.readouterr().out)["sets"]
    assert measured["boxes"]["objects"] == 1
    assert measured["boxes"]["ap"] == 0.0
    assert measured["labels"]["recall"] == {"part": 0, "whole": 1, "value": 0.0}


def test_photos_that_fail_are_named_and_counted(photos: Path, capsys: pytest.CaptureFixture[str]):
    """A damaged photo does not stop the rest, and the exit status says that something failed."""
    (photos.parent / "zebra.jpg").write_bytes(b"\xff\xd8\xff no photo")
    assert run(["evaluate", str(photos), "--json"]) == 1
    told = capsys.readouterr()
    (measured,) = json.loads(told.out)["sets"]
    assert [failure["file"] for failure in measured["failures"]] == ["zebra.jpg"]
    assert "zebra.jpg" in told.err


def test_a_photo_with_another_content_is_not_measured(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """What is known is known of one picture; another one under its name is a failure."""
    shutil.copy(root / "examples" / "photos" / "zebra.jpg", tmp_path / "zebra.jpg")
    row = {"file": "zebra.jpg", "labels": ["zebra"], "sha256": "0" * 64}
    (tmp_path / "mine.jsonl").write_text(json.dumps(row), encoding="utf-8")
    assert run(["evaluate", str(tmp_path / "mine.jsonl")]) == 1
    assert "another picture" in capsys.readouterr().err


def test_mistakes_are_told_before_any_photo_is_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """The exit status is that of a mistake of the operator."""
    assert run(["evaluate", str(tmp_path / "none.jsonl")]) == 2
    assert "none.jsonl can't be read" in capsys.readouterr().err
