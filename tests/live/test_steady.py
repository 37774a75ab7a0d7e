"""A folder that is not the one that it was holds nothing that is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.laboratory import RED

from bucketlens.errors import MissingError, TransientError
from bucketlens.live.steady import SteadySource
from bucketlens.stores import StoreOptions, open_store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one photo."""
    path = tmp_path / "photos"
    path.mkdir()
    (path / "a.jpg").write_bytes(RED)
    return path


def source_of(folder: Path) -> SteadySource:
    """What is tested."""
    return SteadySource(open_store(str(folder), StoreOptions(source=True)))


def test_a_file_that_is_missing_is_missing_while_the_folder_is_there(folder: Path):
    """As from any store."""
    source = source_of(folder)
    assert source.head("a.jpg").size == len(RED)
    assert source.get("a.jpg").data == RED
    for verb in (source.head, source.get):
        with pytest.raises(MissingError):
            verb("b.jpg")


@pytest.mark.parametrize("empty", [True, False])
def test_nothing_is_missing_from_a_folder_that_went(folder: Path, *, empty: bool):
    """Whether the disk leaves an empty mount point, or nothing at all."""
    source = source_of(folder)
    folder.rename(folder.parent / "elsewhere")
    if empty:
        folder.mkdir()
    assert not source.is_there()
    assert not source.accept()
    for verb in (source.head, source.get):
        with pytest.raises(TransientError, match="mounted"):
            verb("a.jpg")
    with pytest.raises(TransientError):
        list(source.list())


def test_a_listing_during_which_the_folder_goes_does_not_end_well(folder: Path):
    """It would look as if the rest were gone."""
    source = source_of(folder)
    (folder / "b.jpg").write_bytes(RED)
    listing = source.list()
    assert next(listing).key == "a.jpg"
    folder.rename(folder.parent / "elsewhere")
    with pytest.raises(TransientError):
        list(listing)


def test_a_folder_that_comes_back_with_files_is_the_source_again(folder: Path):
    """Also where it is another one, as a disk may be after it was copied."""
    source = source_of(folder)
    folder.rename(folder.parent / "elsewhere")
    folder.mkdir()
    (folder / "b.jpg").write_bytes(RED)
    assert source.accept()
    assert source.is_there()
    with pytest.raises(MissingError):
        source.head("a.jpg")
