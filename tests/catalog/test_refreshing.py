"""The catalog follows the records, whatever happens to them."""

import pytest
from tests.catalog.cabinets import (
    NOON,
    Cabinet,
    buried,
    failed,
    ids,
    keys,
    label,
    labelled,
    new_cabinet,
    told,
)

from bucketlens.moments import DAY
from bucketlens.names import output_name
from bucketlens.records import LabelRecord


def test_without_records_the_catalog_is_empty(cabinet: Cabinet):
    """Nothing is written, and questions have empty answers."""
    done = cabinet.catalog.refresh()
    assert not done.changed
    assert list(cabinet.records.list()) == []
    snapshot = cabinet.catalog.snapshot()
    assert (snapshot.change, snapshot.images, snapshot.lineage) == (0, 0, "")
    assert told(snapshot) == {}


def test_all_that_records_say_is_in_the_catalog(cabinet: Cabinet):
    """Labels, failures, records without pages, keys that are not plain; scores as they stand."""
    cabinet.put(
        labelled("a.jpg", label("Dog", 97.5, boxes=2), label("Animal", 99.0), seed=1),
        labelled("Übung/IMG_1.JPG", label("Red"), page=None, taken="2019-05-04T10:00:00"),
        labelled("nothing.png"),
        failed("broken.jpg"),
    )
    done = cabinet.catalog.refresh()
    assert (done.added, done.replaced, done.removed) == (4, 0, 0)
    assert told(cabinet.catalog.snapshot()) == cabinet.truth()


def test_what_did_not_change_is_not_read_again(cabinet: Cabinet, monkeypatch: pytest.MonkeyPatch):
    """An update reads the records that differ from what the catalog shows, and no others."""
    cabinet.put(*(labelled(f"{i}.jpg", label("Dog")) for i in range(10)))
    cabinet.catalog.refresh()
    cabinet.put(labelled("3.jpg", label("Cat")), labelled("new.jpg", label("Dog")))
    cabinet.remove("7.jpg")
    get, read = cabinet.records.get, []

    def counted(key: str, *, max_bytes: int | None = None) -> object:
        read.append(key)
        return get(key, max_bytes=max_bytes)

    monkeypatch.setattr(cabinet.records, "get", counted)
    done = cabinet.catalog.refresh()
    assert (done.added, done.replaced, done.removed) == (1, 1, 1)
    assert sorted(read) == ["3.jpg.json", "7.jpg.json", "new.jpg.json"]
    assert told(cabinet.catalog.snapshot()) == cabinet.truth()


def test_an_image_keeps_its_id_as_long_as_it_is_there(cabinet: Cabinet):
    """New labels change its row and not its id; when it comes back it is a new image."""
    cabinet.put(*(labelled(f"{i}.jpg", label("Dog")) for i in range(5)))
    cabinet.catalog.refresh()
    before = ids(cabinet.catalog.snapshot())
    cabinet.put(labelled("1.jpg", label("Cat")))
    cabinet.remove("2.jpg")
    cabinet.catalog.refresh()
    cabinet.put(labelled("2.jpg", label("Dog")))
    cabinet.catalog.refresh()
    after = ids(cabinet.catalog.snapshot())
    assert {name: after[name] for name in after if name != "2.jpg"} == {
        name: before[name] for name in before if name != "2.jpg"
    }
    assert after["2.jpg"] > max(before.values())


def test_a_first_update_numbers_images_by_their_dates(cabinet: Cabinet):
    """Newer images have higher ids, however they are named; a camera ahead of time is not meant."""
    cabinet.put(
        labelled("a.jpg", modified=NOON - 2 * DAY),
        labelled("b.jpg", modified=NOON),
        labelled("c.jpg", modified=NOON, taken="2001-01-01T00:00:00"),
        labelled("d.jpg", modified=NOON - DAY, taken="2099-01-01T00:00:00"),
    )
    cabinet.catalog.refresh()
    assert keys(cabinet.catalog.snapshot()) == ["b.jpg", "d.jpg", "a.jpg", "c.jpg"]


def test_an_update_that_brings_more_than_there_was_numbers_all_anew(cabinet: Cabinet):
    """Ten photos and then the archive: the archive is not newer than the ten."""
    cabinet.put(labelled("new.jpg", label("Dog"), seed=4))
    first = cabinet.catalog.refresh()
    cabinet.put(*(labelled(f"{i}.jpg", label("Cat"), modified=NOON - DAY * i) for i in (1, 2, 3)))
    second = cabinet.catalog.refresh()
    snapshot = cabinet.catalog.snapshot()
    assert second.lineage != first.lineage
    assert keys(snapshot) == ["new.jpg", "1.jpg", "2.jpg", "3.jpg"]
    assert told(snapshot) == cabinet.truth()


def test_labels_keep_their_ids(cabinet: Cabinet):
    """A label that was known keeps its number when others come; words follow the newest record."""
    cabinet.put(*(labelled(f"{i}.jpg", label("Dog"), label("Red")) for i in range(4)))
    cabinet.catalog.refresh()
    with cabinet.catalog.snapshot().connect() as engine:
        before = dict(engine.execute("SELECT name, id FROM vocabulary").fetchall())
    cabinet.put(labelled("x.jpg", label("Cat"), label("Ant"), label("Dog")))
    cabinet.catalog.refresh()
    with cabinet.catalog.snapshot().connect() as engine:
        rows = engine.execute("SELECT name, id, parents, aliases FROM vocabulary").fetchall()
    after = {name: number for name, number, _, _ in rows}
    assert {name: after[name] for name in before} == before
    assert len(set(after.values())) == len(after) == 4
    assert ("Cat", after["Cat"], ["Mammal", "Animal"], ["Cat Too"]) in rows


def test_tombstones_and_damage_are_told_and_leave_no_row(cabinet: Cabinet):
    """Whoever asked gets the tombstones; what is no record is counted."""
    cabinet.put(*(labelled(f"{i}.jpg", label("Dog")) for i in range(4)))
    cabinet.catalog.refresh()
    cabinet.put(buried("1.jpg"), buried("never.jpg"))
    cabinet.records.put("2.jpg.json", b'{"kind":"labels"')
    cabinet.records.put("stray.txt", b"not ours")
    done = cabinet.catalog.refresh()
    assert (done.removed, done.unreadable) == (2, 1)
    assert {(grave.key, grave.name) for grave in done.buried} == {
        ("1.jpg", "1.jpg.json"),
        ("never.jpg", "never.jpg.json"),
    }
    assert sorted(told(cabinet.catalog.snapshot())) == ["0.jpg", "3.jpg"]


def test_only_the_keys_that_are_named_are_looked_at(cabinet: Cabinet):
    """A small batch costs its own records, not the listing of all."""
    cabinet.put(*(labelled(f"{i}.jpg", label("Dog")) for i in range(6)))
    cabinet.catalog.refresh()
    cabinet.put(labelled("1.jpg", label("Cat")), labelled("2.jpg", label("Cat")))
    cabinet.put(labelled("IMG.JPG", label("Cat")))
    cabinet.remove("3.jpg")
    done = cabinet.catalog.refresh(["1.jpg", "3.jpg", "IMG.JPG", "4.jpg", "none.jpg"])
    assert (done.added, done.replaced, done.removed) == (1, 1, 1)
    rows = told(cabinet.catalog.snapshot())
    assert rows["1.jpg"].labels[0][0] == "Cat"
    assert rows["2.jpg"].labels[0][0] == "Dog"
    cabinet.catalog.refresh()
    assert told(cabinet.catalog.snapshot()) == cabinet.truth()


def test_new_labels_do_not_write_the_same_scores_again(cabinet: Cabinet):
    """Scores are referred to, so relabelling leaves them where they are."""
    cabinet.put(*(labelled(f"{i}.jpg", label("Dog"), seed=i) for i in range(4)))
    cabinet.catalog.refresh()
    before = {i.key for i in cabinet.private.list("catalog/scores")}
    cabinet.put(*(labelled(f"{i}.jpg", label("Cat"), seed=i) for i in range(4)))
    cabinet.catalog.refresh()
    assert {i.key for i in cabinet.private.list("catalog/scores")} == before
    assert told(cabinet.catalog.snapshot()) == cabinet.truth()
    cabinet.put(labelled("2.jpg", label("Cat"), seed=9))
    cabinet.catalog.refresh()
    assert told(cabinet.catalog.snapshot()) == cabinet.truth()


def test_a_key_that_is_no_text_is_kept_whole():
    """The name of a file may be any bytes; the catalog shows it, and holds the bytes."""
    cabinet = new_cabinet()
    key = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    cabinet.put(labelled(key, label("Dog")))
    cabinet.catalog.refresh()
    with cabinet.catalog.snapshot().connect() as engine:
        rows = engine.execute("SELECT key, key_bytes, name FROM images").fetchall()
    name = output_name(key, ".json").removesuffix(".json")
    assert rows == [("caf\N{REPLACEMENT CHARACTER}.jpg", b"caf\xe9.jpg", name)]


def test_a_rebuild_takes_nothing_from_the_catalog(cabinet: Cabinet):
    """It begins another lineage, and says the same."""
    cabinet.put(*(labelled(f"{i}.jpg", label("Dog"), seed=i) for i in range(6)), failed("f.jpg"))
    first = cabinet.catalog.refresh()
    cabinet.remove("2.jpg")
    done = cabinet.catalog.rebuild()
    assert (done.added, done.removed) == (6, 0)
    assert done.lineage != first.lineage
    assert done.change > first.change
    assert told(cabinet.catalog.snapshot()) == cabinet.truth()


def test_what_was_put_is_not_read_back(cabinet: Cabinet, monkeypatch: pytest.MonkeyPatch):
    """A record that was handed over is taken from there, if it is the version that stands."""
    catalog = cabinet.catalog
    catalog.spool.open()
    cabinet.put(labelled("a.jpg", label("Dog")), labelled("b.jpg", label("Dog")))
    for info in cabinet.records.list():
        blob = cabinet.records.get(info.key)
        catalog.spool.add(info.key.removesuffix(".json"), blob.info.etag, blob.data)
    cabinet.put(labelled("b.jpg", label("Cat")))
    get, read = cabinet.records.get, []

    def counted(key: str, *, max_bytes: int | None = None) -> object:
        read.append(key)
        return get(key, max_bytes=max_bytes)

    monkeypatch.setattr(cabinet.records, "get", counted)
    catalog.refresh()
    assert read == ["b.jpg.json"]
    monkeypatch.undo()
    assert told(cabinet.catalog.snapshot()) == cabinet.truth()
    catalog.close()


def test_records_of_a_newer_schema_are_left_out(cabinet: Cabinet):
    """They can't be understood, as when they are read one by one."""
    record = labelled("a.jpg", label("Dog"))
    assert isinstance(record, LabelRecord)
    cabinet.put(record)
    data = cabinet.records.get("a.jpg.json").data
    newer = data.replace(b'"schema_version":1', b'"schema_version":9')
    cabinet.records.put("a.jpg.json", newer)
    assert cabinet.catalog.refresh().unreadable == 1
    assert told(cabinet.catalog.snapshot()) == {}
