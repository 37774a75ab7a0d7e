"""What is missing or damaged is said clearly, and made anew from the records."""

import json

import pytest
from tests.catalog.cabinets import Cabinet, label, labelled, told

from bucketlens.catalog import CatalogError
from bucketlens.catalog.manifest import MANIFEST, read_manifest
from bucketlens.catalog.sweeping import DAY, HOUR


def filled(cabinet: Cabinet) -> None:
    """Three images, in two segments."""
    cabinet.put(labelled("a.jpg", label("Dog"), seed=1), labelled("b.jpg", label("Dog"), seed=2))
    cabinet.catalog.refresh()
    cabinet.put(labelled("c.jpg", label("Cat"), seed=3))
    cabinet.catalog.refresh()


def named(cabinet: Cabinet, table: str) -> str:
    """A file of a table that the manifest names."""
    files = read_manifest(cabinet.private).manifest.files
    return next(file.name for file in files if file.name.startswith(f"catalog/{table}-"))


@pytest.mark.parametrize("cabinet", ["folder"], indirect=True)
@pytest.mark.parametrize(
    ("table", "harm"),
    [
        *(("images", harm) for harm in ("missing", "cut", "changed")),
        *(("labels", "cut"), ("vocabulary", "missing"), ("scores", "changed")),
        ("embeddings", "missing"),
    ],
)
def test_a_file_that_is_not_what_it_was_is_found(cabinet: Cabinet, table: str, harm: str):
    """Missing and cut files stop every use of them; the check finds changed bytes too."""
    filled(cabinet)
    name = named(cabinet, table)
    data = cabinet.private.get(name).data
    if harm == "missing":
        cabinet.private.delete(name)
    else:
        middle = len(data) // 2
        flipped = data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :]
        cabinet.private.put(name, data[:-9] if harm == "cut" else flipped)
    checked = cabinet.catalog.check()
    assert (checked.damaged, checked.sound, checked.examples) == (1, False, (name,))
    if harm != "changed":
        with pytest.raises(CatalogError, match="--rebuild") as caught:
            told(cabinet.catalog.snapshot())
        assert name in caught.value.message
    cabinet.catalog.rebuild()
    assert told(cabinet.catalog.snapshot()) == cabinet.truth()
    assert cabinet.catalog.check().sound


def test_an_update_does_not_hide_a_missing_file(cabinet: Cabinet):
    """It can't tell what is known, so it says so and changes nothing."""
    filled(cabinet)
    name = named(cabinet, "images")
    cabinet.private.delete(name)
    before = cabinet.private.get(MANIFEST).data
    with pytest.raises(CatalogError, match="is missing"):
        cabinet.catalog.refresh()
    assert cabinet.private.get(MANIFEST).data == before


@pytest.mark.parametrize("text", [b"", b"{", b'{"schema_version": 99}', b"\xff"])
def test_a_damaged_manifest_is_found(cabinet: Cabinet, text: bytes):
    """So is one of a version that this program does not know."""
    filled(cabinet)
    cabinet.private.put(MANIFEST, text)
    with pytest.raises(CatalogError, match="--rebuild"):
        cabinet.catalog.snapshot()
    cabinet.catalog.rebuild()
    assert told(cabinet.catalog.snapshot()) == cabinet.truth()


def test_a_catalog_that_was_removed_comes_back(cabinet: Cabinet):
    """Without a manifest the next update takes all records."""
    filled(cabinet)
    for info in list(cabinet.private.list("catalog/")):
        cabinet.private.delete(info.key)
    assert cabinet.catalog.refresh().added == 3
    assert told(cabinet.catalog.snapshot()) == cabinet.truth()


def test_the_check_tells_what_differs(cabinet: Cabinet):
    """Newer records and ones that went are what updates are for; another content is wrong."""
    filled(cabinet)
    assert cabinet.catalog.check().sound
    cabinet.put(labelled("a.jpg", label("Cat"), seed=1), labelled("new.jpg"))
    cabinet.remove("b.jpg")
    checked = cabinet.catalog.check()
    assert (checked.behind, checked.surplus, checked.wrong, checked.sound) == (2, 1, 0, True)
    assert checked.examples == ("a.jpg", "new.jpg")


def test_the_check_finds_a_row_that_says_something_else(cabinet: Cabinet):
    """A row and labels that their record does not have, in files that are whole."""
    filled(cabinet)
    manifest = json.loads(cabinet.private.get(MANIFEST).data)
    manifest["segments"][0]["labels"] = []
    cabinet.private.put(MANIFEST, json.dumps(manifest).encode())
    checked = cabinet.catalog.check()
    assert not checked.sound
    assert checked.wrong == 3
    assert checked.examples == ("a.jpg", "b.jpg", "c.jpg")


def test_unused_files_go_after_a_day(cabinet: Cabinet):
    """Not before, since a reader may hold on to them; and what is named never goes."""
    filled(cabinet)
    old = cabinet.catalog.snapshot()
    cabinet.catalog.compact()
    cabinet.private.put("catalog/images-orphan-1.parquet", b"left by a killed process")
    files = {info.key for info in cabinet.private.list("catalog/")}
    began = cabinet.now
    for passed in (2 * HOUR, DAY, DAY + HOUR):
        cabinet.now = began + passed
        cabinet.put(labelled("c.jpg", label("Cat", 60.0 + passed // HOUR), seed=3))
        cabinet.catalog.refresh()
        assert files <= {info.key for info in cabinet.private.list("catalog/")}
    assert len(told(old)) == 3
    cabinet.now = began + DAY + 3 * HOUR
    cabinet.catalog.compact()
    left = {info.key for info in cabinet.private.list("catalog/")}
    assert "catalog/images-orphan-1.parquet" not in left
    assert told(cabinet.catalog.snapshot()) == cabinet.truth()
    assert cabinet.catalog.check().sound
