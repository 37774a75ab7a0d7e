"""What is forgotten stands in no file, an old one or a new one, and the rest stays."""

from tests.catalog.cabinets import Cabinet, ids, label, labelled, new_cabinet, told

from bucketlens.catalog.engine import open_engine
from bucketlens.catalog.files import Files
from bucketlens.catalog.manifest import read_manifest


def stored_keys(cabinet: Cabinet) -> set[str]:
    """The keys in all files of images, named or not."""
    files = Files(cabinet.private)
    found = set()
    for info in cabinet.private.list("catalog/images-"):
        path = files.temporary("found")
        path.write_bytes(cabinet.private.get(info.key).data)
        rows = open_engine().execute("SELECT key FROM read_parquet(?)", [str(path)]).fetchall()
        found |= {key for (key,) in rows}
    return found


def test_a_purge_leaves_no_row_in_any_file():
    """Files of earlier states go at once; all other images keep their ids."""
    cabinet = new_cabinet()
    for update in range(3):
        cabinet.put(*(labelled(f"{update}/{i}.jpg", label("Dog")) for i in range(4)))
        cabinet.catalog.refresh()
    before = ids(cabinet.catalog.snapshot())
    cabinet.remove("1/2.jpg")
    assert cabinet.catalog.purge(["1/2.jpg"]).removed == 1
    assert "1/2.jpg" not in stored_keys(cabinet)
    snapshot = cabinet.catalog.snapshot()
    assert told(snapshot) == cabinet.truth()
    assert ids(snapshot) == {key: n for key, n in before.items() if key != "1/2.jpg"}


def test_a_label_of_a_forgotten_image_goes_and_its_id_is_never_given_again():
    """A label that a person made up may tell of the image."""
    cabinet = new_cabinet()
    cabinet.put(labelled("a.jpg", label("Dog")), labelled("b.jpg", label("My Secret")))
    cabinet.catalog.refresh()
    next_label = read_manifest(cabinet.private).manifest.next_label
    cabinet.remove("b.jpg")
    cabinet.catalog.purge(["b.jpg"])
    with cabinet.catalog.snapshot().connect() as engine:
        words = engine.execute("SELECT name FROM vocabulary").fetchall()
    assert ("My Secret",) not in words
    assert ("Dog",) in words
    cabinet.put(labelled("c.jpg", label("New Word")))
    cabinet.catalog.refresh()
    with cabinet.catalog.snapshot().connect() as engine:
        query = "SELECT id FROM vocabulary WHERE name = 'New Word'"
        assert engine.execute(query).fetchall() == [(next_label,)]
    assert told(cabinet.catalog.snapshot()) == cabinet.truth()


def test_a_purge_of_what_was_never_there_changes_nothing():
    """And it may be done twice."""
    cabinet = new_cabinet()
    cabinet.put(labelled("a.jpg", label("Dog")))
    cabinet.catalog.refresh()
    cabinet.catalog.purge(["nothing.jpg"])
    before = read_manifest(cabinet.private).manifest
    cabinet.catalog.purge(["nothing.jpg"])
    assert read_manifest(cabinet.private).manifest == before
