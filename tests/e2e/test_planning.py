"""What ``bucketlens plan`` says, held against what a run then does."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from bucketlens.settings import IMAGE_SUFFIXES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Cli


def planned(cli: Cli, *arguments: str | Path) -> dict[str, Any]:
    """A forecast as JSON."""
    found: dict[str, Any] = json.loads(cli.fine("plan", *arguments, "--json"))
    return found


def files_in(*folders: Path) -> list[Path]:
    """All files below some folders."""
    return [path for folder in folders for path in folder.rglob("*") if path.is_file()]


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    """Time and size of every file below a folder."""
    stats = {str(path): path.stat() for path in folder.rglob("*") if path.is_file()}
    return {name: (stat.st_mtime_ns, stat.st_size) for name, stat in stats.items()}


def test_a_forecast_says_what_a_run_then_writes(cli: Cli, collection: Path):
    """Files to the one, bytes of each kind nearly: records hold times of different lengths."""
    found = planned(cli, "photos")
    photos = [p for p in (collection / "photos").rglob("*") if p.suffix in IMAGE_SUFFIXES]
    assert found["objects"] == found["images"] == len(photos)
    assert found["bytes_to_read"] == sum(path.stat().st_size for path in photos)
    kinds = {kind["name"]: kind for kind in found["sample"]["kinds"]}
    out = collection / "out"
    written = {
        "records": files_in(out / "metadata"),
        "pages": files_in(out / "site/images", out / "site/data/images"),
        "pictures": files_in(out / "site/thumbs", out / "site/previews"),
    }
    for name, files in written.items():
        assert kinds[name]["files"] * found["images"] == len(files), name
        size = sum(path.stat().st_size for path in files)
        assert kinds[name]["size"] * found["images"] == pytest.approx(size, rel=0.02), name
    assert found["files"] == sum(map(len, written.values()))
    assert found["requests"]["out"]["put"] == 5 * len(photos)
    assert found["requests"]["source"]["get"] == len(photos)
    assert found["sample"]["processor"] > 0
    assert found["cost"] == {"requests": 0, "storage_month": 0, "cores": 0}  # folders


def test_what_is_done_is_left_out_and_nothing_is_changed(cli: Cli, collection: Path):
    """With OUT, only new images count; a collection that is up to date asks for no trial."""
    before = contents(collection / "out")
    found = planned(cli, "photos", "out")
    assert found["images"] == 0
    assert found["bytes_done"] == found["bytes"] > 0
    assert found["sample"] is None
    photo = next(path for path in (collection / "photos").iterdir() if path.suffix == ".jpg")
    (collection / "photos" / "new.jpg").write_bytes(photo.read_bytes())
    found = planned(cli, "photos", "out")
    assert (found["images"], found["bytes_to_read"]) == (1, photo.stat().st_size)
    assert found["sample"]["images"] == 1
    assert contents(collection / "out") == before


def test_settings_of_the_collection_hold_for_its_forecast(cli: Cli, collection: Path):
    """One without pages is forecast without them, and writes one file an image."""
    shutil.rmtree(collection / "out")
    (collection / "out").mkdir()
    (collection / "out" / "bucketlens.toml").write_text("pages = false\n", encoding="utf-8")
    found = planned(cli, "photos", "out")
    assert [kind["name"] for kind in found["sample"]["kinds"]] == ["records", "catalog"]
    assert found["files"] == found["images"]


def test_any_number_of_such_images_can_be_reckoned_with(cli: Cli, collection: Path):
    """Time falls with cores, and all else rises with images."""
    assert collection.exists()
    found = planned(cli, "photos", "--objects", "100e6", "--cores", "64", "--cores", "128")
    assert found["images"] == 100_000_000
    assert found["seconds"]["64"] == pytest.approx(2 * found["seconds"]["128"], rel=0.01)
    assert found["requests"]["out"]["put"] == 500_000_000
    mean = found["bytes"] / found["objects"]
    assert found["bytes_to_read"] == pytest.approx(100_000_000 * mean)


def test_tables_name_the_settings_that_decide(cli: Cli, collection: Path):
    """What people read: images, cores, what is written and what it is decided by."""
    assert collection.exists()
    text = cli.fine("plan", "photos", "--cores", "64", "--sample", "3")
    for expected in ("to be labelled", " 64 ", "pictures", "thumbnail_size", "a sample of 2"):
        assert expected in text, text


def test_mistakes_are_told_before_anything_is_counted(cli: Cli, collection: Path):
    """A source that is not there, and a number that is none."""
    assert collection.exists()
    missing = cli("plan", "nowhere")
    assert missing.returncode == 2
    assert "nowhere" in missing.stderr
    many = cli("plan", "photos", "--objects", "many")
    assert many.returncode == 2
    assert "'many' is no number" in many.stderr


def test_packs_are_forecast_as_packs(cli: Cli, collection: Path):
    """Two files and a manifest for thousands of records instead of five files an image."""
    assert collection.exists()
    found = planned(cli, "photos", "--records", "parquet", "--objects", "8192000")
    kinds = {kind["name"]: kind for kind in found["sample"]["kinds"]}
    assert set(kinds) == {"records", "catalog"}
    assert found["files"] == 0  # none of an image's own
    assert 2000 < found["requests"]["out"]["put"] <= 4000
    plain = planned(cli, "photos", "--no-pages")
    (records,) = (kind for kind in plain["sample"]["kinds"] if kind["name"] == "records")
    assert 0 < kinds["records"]["size"] < records["size"]
