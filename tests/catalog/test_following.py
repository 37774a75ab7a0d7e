"""Whoever follows the catalog is told what changed since."""

import pytest
from tests.catalog.cabinets import Cabinet, ids, label, labelled, new_cabinet

from bucketlens.catalog import merging


def test_changes_since_an_earlier_state(cabinet: Cabinet):
    """New and replaced rows by their number, removed images by their id, also after merging."""
    cabinet.put(*(labelled(f"{i}.jpg", label("Dog")) for i in range(6)))
    first = cabinet.catalog.refresh()
    known = ids(cabinet.catalog.snapshot())
    cabinet.put(labelled("1.jpg", label("Cat")), labelled("new.jpg", label("Cat")))
    second = cabinet.catalog.refresh()
    cabinet.remove("4.jpg")
    cabinet.catalog.refresh()
    for _ in range(2):
        snapshot = cabinet.catalog.snapshot()
        since_first = snapshot.changes_since(first.change)
        assert (since_first.complete, since_first.changed) == (True, 2)
        assert since_first.removed.tolist() == [known["4.jpg"]]
        since_second = snapshot.changes_since(second.change)
        assert (since_second.changed, since_second.removed.tolist()) == (0, [known["4.jpg"]])
        since_now = snapshot.changes_since(snapshot.change)
        assert (since_now.complete, since_now.changed, len(since_now.removed)) == (True, 0, 0)
        cabinet.catalog.compact()


def test_who_is_too_far_behind_is_told_so(monkeypatch: pytest.MonkeyPatch):
    """Removals are forgotten some time after they were merged away."""
    monkeypatch.setattr(merging, "KEPT_CHANGES", 2)
    cabinet = new_cabinet()
    cabinet.put(*(labelled(f"{i}.jpg", label("Dog")) for i in range(9)))
    first = cabinet.catalog.refresh()
    for i in range(5):
        cabinet.remove(f"{i}.jpg")
        cabinet.catalog.refresh()
    cabinet.catalog.compact()
    snapshot = cabinet.catalog.snapshot()
    assert not snapshot.changes_since(first.change).complete
    assert snapshot.changes_since(snapshot.change - 2).complete
    assert len(snapshot.changes_since(snapshot.change - 2).removed) == 2
    assert not snapshot.changes_since(snapshot.change + 1).complete


def test_a_state_stays_readable_while_newer_ones_come(cabinet: Cabinet):
    """A reader sees one state from beginning to end."""
    cabinet.put(*(labelled(f"{i}.jpg", label("Dog")) for i in range(6)))
    cabinet.catalog.refresh()
    old = cabinet.catalog.snapshot()
    before = ids(old)
    for i in range(6):
        cabinet.remove(f"{i}.jpg")
        cabinet.put(labelled(f"n{i}.jpg", label("Cat")))
        cabinet.catalog.refresh()
    cabinet.catalog.compact()
    assert ids(old) == before
