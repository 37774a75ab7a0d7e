"""A whole pass: what is gone is removed, and never rashly; the index follows."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.laboratory import BLUE, RED, Lab

from bucketlens.assembly import CollectionIndex
from bucketlens.catalog import Catalog
from bucketlens.errors import ConfigError
from bucketlens.names import encode_name
from bucketlens.pipeline.foreseeing import forecast
from bucketlens.pipeline.passing import Pass, Tally
from bucketlens.pipeline.plans import Action
from bucketlens.pipeline.sweeping import SeenKeys
from bucketlens.records import LabelRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bucketlens.catalog import Snapshot


class Site:
    """The site's files and index, which remembers the keys that it shows."""

    def __init__(self, lab: Lab) -> None:
        """Begin with no index."""
        self.shown: list[str] | None = None
        self.written = 0
        self._change = 0
        self._lab = lab

    def update_index(self, snapshot: Snapshot) -> bool:
        """Keep the keys, if they are others."""
        if snapshot.change != self._change:
            with snapshot.connect() as engine:
                rows = engine.execute("SELECT key FROM images ORDER BY key").fetchall()
            self.shown = [key for (key,) in rows]
            self.written += 1
            self._change = snapshot.change
        return True

    def purge_index(self, snapshot: Snapshot) -> bool:
        """As an update."""
        return self.update_index(snapshot)

    kinds = ("pages", "pictures")

    def image_keys(self) -> Iterator[str]:
        """All keys with pages."""
        return iter(list(self._lab.pages.pages))

    def publishes(self, key: str) -> bool:
        """All of them."""
        return self._lab.pages.publishes(key)

    def files_of_images(self) -> Iterator[tuple[str, str]]:
        """Pages and pictures by the names of their keys."""
        for kind, keys in (
            ("pages", self._lab.pages.pages),
            ("pictures", self._lab.pages.pictures),
        ):
            yield from ((kind, encode_name(key)) for key in tuple(keys))

    def remove_image(self, key: str) -> None:
        """Remove a page."""
        self._lab.pages.remove_image(key)


def a_pass(
    lab: Lab, site: Site | None = None, *, with_pages: bool = True, verify: bool = False
) -> Pass:
    """A pass over the lab."""
    site = site or Site(lab)
    catalog = Catalog(lab.private, lab.records, clock=time.time)
    return Pass(
        source=lab.source,
        records=lab.records,
        private=lab.private,
        pages=site if with_pages else None,
        index=CollectionIndex(catalog, site if with_pages else None, remote=False),
        settler=lab.settler(),
        labeler=lab.labeler(),
        settings=lab.settings,
        wanted=lambda info: info.key.endswith(".jpg"),
        verify=verify,
    )


def perform(work: Pass, limit: int | None = None) -> Tally:
    """Run it."""
    tally = Tally()
    work.run(tally, stop=threading.Event(), limit=limit)
    return tally


def fill(lab: Lab, count: int) -> None:
    """Put so many images."""
    for i in range(count):
        lab.source.put(f"{i:03}.jpg", RED)


def test_what_is_gone_is_removed_and_leaves_the_index(lab: Lab):
    """Record, page and tombstone of a removed image are gone after the next pass."""
    fill(lab, 10)
    perform(a_pass(lab))
    lab.source.delete("003.jpg")
    site = Site(lab)
    tally = perform(a_pass(lab, site))
    assert {o.value: n for o, n in tally.outcomes.items()} == {"unchanged": 9, "removed": 1}
    assert len(list(lab.records.list())) == 9
    assert "003.jpg" not in lab.pages.pages
    assert site.shown is not None
    assert len(site.shown) == 9
    assert "003.jpg" not in site.shown


def test_a_second_pass_writes_nothing(lab: Lab):
    """Neither a record nor the catalog nor the index."""
    fill(lab, 10)
    site = Site(lab)
    perform(a_pass(lab, site))
    before = [*lab.private.list(), *lab.records.list()]
    perform(a_pass(lab, site))
    assert [*lab.private.list(), *lab.records.list()] == before
    assert site.written == 1


def test_an_empty_source_removes_nothing_unasked(lab: Lab):
    """A disk that is not mounted looks like this."""
    fill(lab, 5)
    perform(a_pass(lab))
    for i in range(5):
        lab.source.delete(f"{i:03}.jpg")
    with pytest.raises(ConfigError, match="allow-deletes"):
        perform(a_pass(lab))
    assert len(list(lab.records.list())) == 5
    perform(replace(a_pass(lab), allow_deletes=True))
    assert list(lab.records.list()) == []


def test_a_large_share_is_not_removed_unasked_but_the_rest_is_done(lab: Lab):
    """New images are labelled even when removals are refused."""
    fill(lab, 10)
    perform(a_pass(lab))
    for i in range(3):
        lab.source.delete(f"{i:03}.jpg")
    lab.source.put("new.jpg", BLUE)
    with pytest.raises(ConfigError, match="27 %") as caught:
        perform(a_pass(lab))
    assert caught.value.setting == "max_delete_percent"
    assert len(list(lab.records.list())) == 11


def test_tombstones_are_not_counted_as_removals(lab: Lab):
    """What went a few at a time is not held against what goes now; without an index none stay."""
    fill(lab, 10)
    perform(a_pass(lab, with_pages=False))
    for i in range(4):
        lab.source.delete(f"{i:03}.jpg")
        lab.settle(f"{i:03}.jpg")
    assert len(list(lab.records.list())) == 10
    lab.source.delete("009.jpg")
    tally = perform(a_pass(lab, with_pages=False))
    assert {o.value: n for o, n in tally.outcomes.items()} == {"unchanged": 5, "removed": 1}
    assert len(list(lab.records.list())) == 5


def test_a_damaged_record_of_an_image_that_is_gone_goes_too(lab: Lab):
    """Nobody could tell what it was; the place is cleared."""
    fill(lab, 10)
    perform(a_pass(lab))
    lab.source.delete("004.jpg")
    lab.records.put("004.jpg.json", b"{")
    perform(a_pass(lab))
    assert len(list(lab.records.list())) == 9


def test_an_image_that_comes_back_while_its_tombstone_is_dropped_keeps_a_record(lab: Lab):
    """Whoever drops a tombstone looks at the source once more."""
    fill(lab, 10)
    perform(a_pass(lab))
    lab.source.delete("003.jpg")
    delete = lab.records.delete

    def back_just_now(key: str) -> None:
        lab.source.put("003.jpg", BLUE)
        lab.settle("003.jpg")
        delete(key)

    lab.records.delete = back_just_now  # type: ignore[method-assign]
    perform(a_pass(lab))
    record = lab.record("003.jpg")
    assert isinstance(record, LabelRecord)
    assert record.labels[0].name == "Blue"


def test_a_limited_pass_removes_nothing(lab: Lab):
    """It has not seen all that there is."""
    fill(lab, 10)
    perform(a_pass(lab))
    lab.source.delete("009.jpg")
    tally = perform(a_pass(lab), limit=3)
    assert tally.settled == 3
    assert len(list(lab.records.list())) == 10


def test_records_below_a_folder_that_could_not_be_listed_stay(lab: Lab):
    """An unreadable folder is not an empty one."""
    lab.source.put("open/a.jpg", RED)
    for i in range(8):
        lab.source.put(f"open/{i}.jpg", RED)
    lab.source.put("shut/b.jpg", RED)
    perform(a_pass(lab))
    lab.source.delete("shut/b.jpg")
    perform(replace(a_pass(lab), unlisted=lambda: ("shut/",)))
    assert any(info.key == "shut/b.jpg.json" for info in lab.records.list())


def test_files_that_are_not_wanted_are_counted_and_keep_their_records(lab: Lab):
    """An exclusion stops work; it does not remove what was done."""
    fill(lab, 10)
    perform(a_pass(lab))
    tally = perform(replace(a_pass(lab), wanted=lambda info: info.key != "001.jpg"))
    assert tally.passed_over == 1
    assert len(list(lab.records.list())) == 10


def test_pages_that_a_killed_run_left_behind_are_removed(lab: Lab):
    """A page without image and record is an orphan."""
    fill(lab, 5)
    perform(a_pass(lab))
    lab.pages.pages["ghost.jpg"] = "left behind"
    perform(a_pass(lab))
    assert "ghost.jpg" not in lab.pages.pages


def test_a_forecast_changes_nothing_and_counts_all(lab: Lab):
    """A dry run says what a run then does."""
    fill(lab, 6)
    perform(a_pass(lab))
    lab.source.delete("000.jpg")
    lab.source.put("001.jpg", BLUE)
    lab.source.put("new.jpg", BLUE)
    before = {info.key: info.etag for info in lab.records.list()}
    what = forecast(a_pass(lab), Tally())
    assert what.actions == {Action.NOTHING: 4, Action.SCORE: 2, Action.REMOVE: 1}
    assert what.bytes_to_read == 2 * len(BLUE)
    assert {info.key: info.etag for info in lab.records.list()} == before


def test_seen_keys_know_what_was_added():
    """Every key that was added is there, others are not."""
    seen = SeenKeys()
    for i in range(1000):
        seen.add(f"{i}.jpg")
    assert all(f"{i}.jpg" in seen for i in range(1000))
    assert not any(f"{i}.png" in seen for i in range(1000))
    assert len(seen) == 1000


def test_files_that_are_missing_or_left_over_are_put_right(lab: Lab):
    """Where it is asked for: no record is wrong, so a plain pass sees nothing to do."""
    lab.source.put("bad.jpg", b"no image")
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        lab.source.put(name, RED)
    perform(a_pass(lab))
    scored = lab.scorer.scored
    right = dict(lab.pages.pages), set(lab.pages.pictures)
    lab.pages.pages.pop("a.jpg")
    lab.pages.pictures.remove("b.jpg")
    lab.pages.pictures |= {"bad.jpg", "never.jpg"}
    assert perform(a_pass(lab)).repaired == 0
    assert "a.jpg" not in lab.pages.pages
    tally = perform(a_pass(lab, verify=True))
    assert tally.repaired == 4
    assert (lab.pages.pages, lab.pages.pictures) == right
    assert lab.scorer.scored == scored
    assert perform(a_pass(lab, verify=True)).repaired == 0
