"""Records that are relabelled by their catalog, and that reach it as they were put."""

from __future__ import annotations

import json
import shutil
import threading
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.test_relabelling import FIRST, IMAGES, put, record_of, relabel

from bucketlens.assembly import Collection, build_view, relabelling
from bucketlens.assembly.relabelling import relabel_all
from bucketlens.names import output_name
from bucketlens.pipeline.editing import edited_record
from bucketlens.pipeline.indexing import Index, renew_index
from bucketlens.pipeline.noting import Noted
from bucketlens.records import RECORD_SUFFIX, LabelRecord, decode_record, encode_record
from bucketlens.settings import Settings
from bucketlens.stores.wrapping import WrappedStore

if TYPE_CHECKING:
    from pathlib import Path

    from bucketlens.stores import Blob, Store

SECOND = Settings(pages=False, min_confidence=80.0)
VIEW = build_view(SECOND)


class Listening(WrappedStore):
    """A store that remembers which records were read."""

    def __init__(self, store: Store, read: list[str]) -> None:
        """Wrap a store."""
        super().__init__(store)
        self._read = read

    def get(self, key: str, *, max_bytes: int | None = None) -> Blob:
        """Read, and remember."""
        if key.endswith(RECORD_SUFFIX):
            self._read.append(key)
        return super().get(key, max_bytes=max_bytes)


def name_of(number: int) -> str:
    """Where the record of a picture is."""
    return output_name(record_of(number).source.key, RECORD_SUFFIX)


def filled(out: Path) -> Collection:
    """A collection whose catalog is up to date."""
    collection = Collection(str(out), FIRST)
    for number in range(IMAGES):
        put(collection, record_of(number))
    collection.index.renew()
    return collection


def expected(data: bytes) -> bytes:
    """The record that reading another one whole, and making its labels again, leads to."""
    record = decode_record(data)
    assert isinstance(record, LabelRecord)
    return encode_record(edited_record(VIEW, record, Noted()))


def rows(collection: Collection) -> list[tuple[object, ...]]:
    """What the catalog shows of each image, whatever its numbers."""
    with collection.catalog.snapshot().connect() as engine:
        return engine.execute(
            "SELECT * EXCLUDE (id, change, scored, labels), list_sort(labels) FROM"
            " (SELECT i.*, (SELECT list((v.name, l.confidence, l.instances, l.specific))"
            " FROM labels l JOIN vocabulary v ON v.id = l.label WHERE l.image = i.id) AS labels"
            " FROM images i) ORDER BY name"
        ).fetchall()


def is_right(collection: Collection) -> bool:
    """Whether the catalog shows the records; three of them have no scores at all."""
    checked = collection.catalog.check()
    return (checked.wrong, checked.behind, checked.surplus, checked.unscored) == (0, 0, 0, 3)


def test_records_of_any_form_become_those_of_our_own(tmp_path: Path):
    """Those that another program wrote are read whole; all are what that leads to, to the byte."""
    collection = filled(tmp_path)
    for number in range(0, IMAGES, 3):
        data = collection.records.get(name_of(number)).data
        collection.records.put(name_of(number), json.dumps(json.loads(data)).encode())
    collection.index.renew()
    before = {number: collection.records.get(name_of(number)).data for number in range(IMAGES)}
    assert relabel(tmp_path, SECOND).written == IMAGES
    for number, data in before.items():
        assert collection.records.get(name_of(number)).data == expected(data)


@pytest.mark.parametrize("processes", ["one", "several"])
def test_what_was_put_is_not_read_back(
    tmp_path: Path, processes: str, monkeypatch: pytest.MonkeyPatch
):
    """The catalog is that of the records all the same, and that of one made anew."""
    filled(tmp_path)
    if processes == "several":
        monkeypatch.setattr(relabelling, "ALONE", 10)
        monkeypatch.setattr(relabelling, "SMALLEST", 20)
    read: list[str] = []
    collection = Collection(str(tmp_path), SECOND, through=lambda one: Listening(one, read))
    done = relabel_all(collection, SECOND, stop=threading.Event(), dry_run=False)
    assert done.written == IMAGES
    # One record tells of which models all are; what other processes read does not show here.
    of_images = [name for name in read if "img" in name]
    assert len(of_images) == (1 if processes == "several" else 1 + IMAGES)
    shown = rows(collection)
    assert is_right(collection)
    collection.catalog.rebuild()
    assert shown == rows(collection)


def files_of(folder: Path) -> dict[str, bytes]:
    """Records, and the pages of images."""
    found = [*(folder / "metadata").rglob("*.json"), *(folder / "site" / "images").rglob("*.html")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_pages_are_those_of_records_that_are_read_whole(tmp_path: Path):
    """With a catalog that knows the scores, and without one: the same records and pages."""
    shown = msgspec.structs.replace(SECOND, pages=True)
    collection = Collection(str(tmp_path / "known"), shown)
    assert collection.pages is not None
    looks = {"page": collection.pages.page_look, "pictures": collection.pages.picture_look}
    for number in range(40):
        record = record_of(number)
        seen = msgspec.structs.replace(record.observed, **(looks if number % 4 else {}))
        put(collection, msgspec.structs.replace(record, observed=seen))
    collection.index.renew()
    shutil.copytree(tmp_path / "known", tmp_path / "unknown")
    shutil.rmtree(tmp_path / "unknown" / "catalog")
    done = relabel(tmp_path / "known", shown)
    assert relabel(tmp_path / "unknown", shown).written == done.written == 40
    known, unknown = files_of(tmp_path / "known"), files_of(tmp_path / "unknown")
    assert known == unknown
    assert sum(name.endswith(".html") for name in known) > 10
    shown_now = rows(collection)
    collection.catalog.rebuild()
    assert shown_now == rows(collection)


def test_who_comes_between_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Records that changed, went or came after the relabelling stand in the catalog as they are."""
    filled(tmp_path)

    def renew_late(records: Store, index: Index) -> list[str]:
        late = Collection(str(tmp_path), FIRST)
        put(late, msgspec.structs.replace(record_of(1), label_model_version="late"))
        put(late, record_of(IMAGES + 1))
        late.records.delete(name_of(2))
        return renew_index(records, index)

    monkeypatch.setattr(relabelling, "renew_index", renew_late)
    assert relabel(tmp_path, SECOND).written == IMAGES
    collection = Collection(str(tmp_path), SECOND)
    shown = rows(collection)
    assert is_right(collection)
    assert len(shown) == IMAGES
    assert sum("late" in map(str, row) for row in shown) == 1
    collection.catalog.rebuild()
    assert shown == rows(collection)


def test_a_catalog_that_was_renewed_meanwhile_takes_nothing_that_is_outdated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Somebody else makes it anew, with other numbers, before what was put is handed over."""
    filled(tmp_path)

    def renew_second(records: Store, index: Index) -> list[str]:
        Collection(str(tmp_path), FIRST).catalog.rebuild()
        put(Collection(str(tmp_path), FIRST), record_of(3))
        return renew_index(records, index)

    monkeypatch.setattr(relabelling, "renew_index", renew_second)
    relabel(tmp_path, SECOND)
    collection = Collection(str(tmp_path), SECOND)
    shown = rows(collection)
    assert is_right(collection)
    collection.catalog.rebuild()
    assert shown == rows(collection)
