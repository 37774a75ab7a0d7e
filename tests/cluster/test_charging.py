"""What a worker sees to before it takes part in a run: the same core, and the same places."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.laboratory import RED

from bucketlens.assembly import open_collecting
from bucketlens.cluster import Deployment, open_cluster_pass
from bucketlens.cluster.charging import (
    MARKS,
    Charge,
    charge_workers,
    discharge,
    take_charge,
)
from bucketlens.errors import ConfigError
from bucketlens.settings import Settings

if TYPE_CHECKING:
    from bucketlens.assembly import Collecting

SETTINGS = Settings(detector="none")


@pytest.fixture
def opened(tmp_path: Path) -> Collecting:
    """A folder of photos as the driver has it open."""
    (tmp_path / "photos").mkdir()
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / "photos" / name).write_bytes(RED)
    return open_collecting(str(tmp_path / "photos"), str(tmp_path / "out"), SETTINGS, check=False)


def charged(opened: Collecting) -> Charge:
    """What workers are told of it."""
    return charge_workers(opened, SETTINGS, owned=False)


def change(charge: Charge, **values: object) -> Charge:
    """Another charge."""
    fields = {name: getattr(charge, name) for name in Charge.__dataclass_fields__}
    return Charge(**fields | values)


def test_a_worker_that_has_all_takes_part(opened: Collecting):
    """And the mark by which it knew the outputs is gone when the run ends."""
    charge = charged(opened)
    assert charge.witness == "a.jpg"
    assert take_charge(charge).images.location == opened.images.location
    discharge(opened.collection.private, charge)
    assert not list(opened.collection.private.list(MARKS))


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("version", "install the same version"),
        ("scores", "are not those of the run"),
        ("view", "are not those of the run"),
        ("look", "are not those of the run"),
    ],
)
def test_another_version_or_model_takes_no_part(opened: Collecting, what: str, said: str):
    """Or one collection would have records of two kinds."""
    with pytest.raises(ConfigError, match=said):
        take_charge(change(charged(opened), **{what: "other"}))


def test_a_worker_that_sees_other_images_takes_no_part(opened: Collecting, tmp_path: Path):
    """As where a folder is not mounted: all its images would be taken for gone."""
    charge = charged(opened)
    shutil.rmtree(tmp_path / "photos")
    (tmp_path / "photos").mkdir()
    with pytest.raises(ConfigError, match=r"a\.jpg of .*photos is not there on this worker"):
        take_charge(charge)


def test_a_worker_that_sees_other_outputs_takes_no_part(opened: Collecting, tmp_path: Path):
    """As where each machine has a folder of that name."""
    charge = charged(opened)
    with pytest.raises(ConfigError, match="outputs must be in a bucket, or in a folder that all"):
        take_charge(change(charge, out=str(tmp_path / "elsewhere")))


def test_settings_reach_workers_whole(opened: Collecting, tmp_path: Path):
    """With paths in them that mean the same in another folder."""
    style = tmp_path / "style.css"
    style.write_text("body { color: red }")
    settings = msgspec.structs.replace(
        SETTINGS,
        min_confidence=7.0,
        extra_stylesheet=os.path.relpath(style),
        site_location=os.path.relpath(tmp_path / "shown"),
    )
    again = open_collecting(opened.images.location, str(tmp_path / "out"), settings, check=False)
    charge = charge_workers(again, settings, owned=False)
    paths = {
        "extra_stylesheet": str(style.resolve()),
        "site_location": str((tmp_path / "shown").resolve()),
    }
    assert charge.settings == msgspec.structs.replace(settings, **paths)
    assert Path(charge.source).is_absolute()
    assert Path(charge.out).is_absolute()


def test_marks_of_killed_drivers_are_swept(opened: Collecting, tmp_path: Path):
    """After a day; those of others that run now stay."""
    private = opened.collection.private
    for name in ("old", "young"):
        private.put(f"{MARKS}{name}", b"")
    os.utime(tmp_path / "out" / MARKS / "old", (0, 0))
    charge = charged(opened)
    assert {info.key for info in private.list(MARKS)} == {f"{MARKS}young", charge.mark}


def test_stores_in_memory_are_no_place_for_a_cluster():
    """Each process would have its own."""
    with pytest.raises(ConfigError, match="memory of one process"):
        open_cluster_pass("memory://in", "memory://out", SETTINGS, Deployment())
