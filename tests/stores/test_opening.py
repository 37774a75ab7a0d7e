"""Locations: which store a path or URL opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bucketlens.errors import ConfigError
from bucketlens.stores import StoreOptions, open_store

if TYPE_CHECKING:
    from pathlib import Path


def test_paths_and_file_urls_are_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain path, one from home, a relative one and a file URL open the same folder."""
    folder = tmp_path / "my photos"
    folder.mkdir()
    (folder / "a.jpg").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for location in (str(folder), "my photos", "~/my photos", folder.as_uri(), f"{folder}/"):
        store = open_store(location)
        assert store.location == str(folder.resolve())
        assert [info.key for info in store.list()] == ["a.jpg"]


def test_options_reach_the_folder(tmp_path: Path) -> None:
    """What is passed for sources is in force."""
    (tmp_path / ".hidden.jpg").touch()
    shown = [
        len(list(open_store(str(tmp_path), options).list()))
        for options in (
            StoreOptions(),
            StoreOptions(source=True),
            StoreOptions(source=True, hidden=True),
        )
    ]
    assert shown == [1, 0, 1]


def test_memory_is_shared_by_name() -> None:
    """Two stores of one name see the same objects, each below its own prefix."""
    open_store("memory://shared/in").put("a", b"1")
    assert open_store("memory://shared").get("in/a").data == b"1"
    assert open_store("memory://shared/in/").get("a").data == b"1"
    assert list(open_store("memory://other").list()) == []


@pytest.mark.parametrize(
    ("location", "hint"),
    [
        ("ftp://host/x", "is no store"),
        ("http://host/x", "is no store"),
        ("file://host/x", "no folder of this machine"),
        ("file://", "no folder of this machine"),
        ("", "empty"),
        ("s3://", "names no bucket"),
    ],
)
def test_what_is_no_store_is_a_mistake_of_the_operator(location: str, hint: str) -> None:
    """Each wrong location is refused with what would be right."""
    with pytest.raises(ConfigError, match=hint):
        open_store(location)
