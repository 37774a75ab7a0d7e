"""Killed at any single write: whatever happens next, all ends as a quiet pass has it.

A crash is an exception at the n-th write, for every n that there is. After it the world may go on,
or back to how it was, version and all: a file is moved away and back, a setting is tried and
undone.
"""

# ruff: noqa: ANN401 - stores and settings are passed through

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from tests.laboratory import BLUE, GREEN, RED, ColorScorer, ColorView, new_lab

from bucketlens.assembly import SitePages
from bucketlens.pipeline.labelling import Labeler
from bucketlens.pipeline.recording import Recorder
from bucketlens.pipeline.relabelling import Relabeler, record_names
from bucketlens.pipeline.settling import Settler
from bucketlens.records import canonical, decode_record
from bucketlens.settings import Settings
from bucketlens.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.records import Record
    from bucketlens.stores import Blob, Store

SPOILT = b"no image"
KEY = "a.jpg"
FIRST_LOOK = Settings()
FIRST_VIEW = ColorView("view-1")


class Crash(BaseException):
    """The process ends here."""


class Fragile:
    """A store whose writes may be the last thing that a process does."""

    def __init__(self, store: Store, tick: Callable[[], None]) -> None:
        """Tick before each write."""
        self._store = store
        self._tick = tick

    def put(self, *arguments: Any, **options: Any) -> str:
        """Put, unless the process ends before."""
        self._tick()
        return self._store.put(*arguments, **options)

    def delete(self, key: str) -> None:
        """Delete, unless the process ends before."""
        self._tick()
        self._store.delete(key)

    def __getattr__(self, name: str) -> Any:
        """All else as it is."""
        return getattr(self._store, name)


_numbers = count()


@dataclass
class World:
    """A source with one image, and what a process makes of it."""

    name: str = field(default_factory=lambda: f"memory://world{next(_numbers)}")
    source: Store = field(default_factory=lambda: new_lab().source)
    writes_left: int | None = None

    def tick(self) -> None:
        """Count a write; crash at the one that is not done any more."""
        if self.writes_left is not None:
            self.writes_left -= 1
            if self.writes_left < 0:
                raise Crash

    def recorder(self, settings: Settings) -> Recorder:
        """Records and site of this world, opened anew as a new process does."""
        records: Any = Fragile(open_store(f"{self.name}/out/metadata"), self.tick)
        site: Any = Fragile(open_store(f"{self.name}/out/site"), self.tick)
        return Recorder(records, SitePages(site, settings) if settings.pages else None)

    def settle(self, settings: Settings = FIRST_LOOK, view: ColorView = FIRST_VIEW) -> None:
        """One process settles the image."""
        labeler = Labeler(settings, ColorScorer(), view, lambda: 1.0)
        settler = Settler(self.source, self.recorder(settings), labeler, lambda: 1.0)
        settler.settle(KEY, settings.max_bytes)

    def relabel(self, view: ColorView) -> None:
        """One process makes the labels again from stored scores."""
        recorder = self.recorder(FIRST_LOOK)
        models = frozenset(model.sha256 for model in ColorScorer().facts)
        names = list(record_names(open_store(f"{self.name}/out/metadata")))
        Relabeler(recorder, view, models).relabel(names)

    def version(self) -> Blob | None:
        """The image as it is, to be put back later with the same mark of its version."""
        objects = self.source._space.objects  # type: ignore[attr-defined]
        found: Blob | None = objects.get(self.source._prefix + KEY)  # type: ignore[attr-defined]
        return found

    def put_back(self, version: Blob | None) -> None:
        """The image as it was, as if nothing had been."""
        objects = self.source._space.objects  # type: ignore[attr-defined]
        key = self.source._prefix + KEY  # type: ignore[attr-defined]
        objects.pop(key, None)
        if version is not None:
            objects[key] = version

    def state(self) -> dict[str, bytes]:
        """What the record says of the image, and every byte of the site."""
        recorder = self.recorder(FIRST_LOOK)
        record: Record | None = recorder.read(KEY).record
        site = open_store(f"{self.name}/out/site")
        files = {i.key: site.get(i.key).data for i in site.list() if i.key != "site.json"}
        shared = {name for name in files if name.startswith("assets/")}
        kind = getattr(record, "failure", None) or getattr(record, "labels", None)
        return {
            **{name: data for name, data in files.items() if name not in shared},
            "record": b"" if kind is None or record is None else canonical(record),
        }


def overwrite(data: bytes) -> Callable[[World], None]:
    """Another version of the image, settled."""

    def deed(world: World) -> None:
        world.source.put(KEY, data)
        world.settle()

    return deed


def remove(world: World) -> None:
    """The image goes, and that is settled."""
    world.source.delete(KEY)
    world.settle()


def touch(world: World) -> None:
    """The same bytes under another version, settled."""
    blob = world.source.get(KEY)
    world.source.put(KEY, blob.data)
    world.settle()


def settle_with(**changed: Any) -> Callable[[World], None]:
    """The image is settled under other settings."""
    return lambda world: world.settle(replace_settings(changed))


def replace_settings(changed: dict[str, Any]) -> Settings:
    """The settings with some changed."""
    return Settings(**changed)


def other_view(world: World) -> None:
    """The image is settled under a view that shows other labels."""
    world.settle(view=ColorView("view-2", suffix="dish"))


def relabel(world: World) -> None:
    """Labels are made again by a relabelling."""
    world.relabel(ColorView("view-2", suffix="dish"))


DEEDS: dict[str, Callable[[World], None]] = {
    "overwrite": overwrite(GREEN),
    "spoil": overwrite(SPOILT),
    "remove": remove,
    "touch": touch,
    "other view": other_view,
    "relabel": relabel,
    "other title": settle_with(title="Other"),
    "other thumbnails": settle_with(thumbnail_size=64),
    "no pages": settle_with(pages=False),
}


def crashes_at_every_write(world: World, deed: Callable[[World], None], n: int) -> bool:
    """Do the deed, with the process ending at its n-th write; whether it came that far."""
    world.writes_left = n
    try:
        deed(world)
    except Crash:
        return True
    finally:
        world.writes_left = None
    return False


def quiet_state(source: Store) -> dict[str, bytes]:
    """What a first pass over the source leaves."""
    quiet = World(source=source)
    quiet.settle()
    return quiet.state()


@pytest.mark.parametrize("back", [False, True], ids=["going on", "going back"])
@pytest.mark.parametrize("start", [RED, SPOILT, None], ids=["image", "failure", "nothing"])
@pytest.mark.parametrize("deed", DEEDS)
def test_a_crash_at_any_write_is_put_right_by_the_next_pass(
    deed: str, start: bytes | None, *, back: bool
):
    """Wherever the process ended, and whether the world then goes on or back."""
    if start is None and deed in {"touch", "relabel"}:
        pytest.skip("nothing is there to be touched or relabelled")
    for n in count():
        world = World()
        if start is not None:
            world.source.put(KEY, start)
            world.settle()
        before = world.version()
        crashed = crashes_at_every_write(world, DEEDS[deed], n)
        if back:
            world.put_back(before)
        world.settle()
        found, expected = world.state(), quiet_state(world.source)
        leftover = found.keys() - expected.keys()
        if world.version() is None:  # pages without an image are found by a pass's listing
            assert crashed or not leftover
            leftover = set()
        assert not leftover, f"left behind by a crash at write {n}"
        assert {name: found.get(name) for name in expected} == expected, f"crash at write {n}"
        if not crashed:
            break


@pytest.mark.parametrize("second", DEEDS)
@pytest.mark.parametrize("first", DEEDS)
def test_two_crashes_one_after_another_are_put_right_too(first: str, second: str):
    """What one killed process left, the next one was killed over."""
    for n in range(1, 12):
        world = World()
        world.source.put(KEY, RED)
        world.settle()
        before = world.version()
        if not crashes_at_every_write(world, DEEDS[first], n):
            break
        for m in range(1, 8, 2):
            if world.version() is None and second == "touch":
                continue
            crashes_at_every_write(world, DEEDS[second], m)
        world.put_back(before)
        world.settle()
        assert world.state() == quiet_state(world.source), f"crash at write {n}"


def test_an_image_that_is_new_costs_one_put_of_its_record():
    """The claim is for images that are shown already."""
    world = World()
    world.source.put(KEY, BLUE)
    puts: list[str] = []
    labeler = Labeler(FIRST_LOOK, ColorScorer(), FIRST_VIEW, lambda: 1.0)
    recorder = world.recorder(FIRST_LOOK)
    records: Any = recorder._records
    put = records.put

    def counted(name: str, *arguments: Any, **options: Any) -> str:
        puts.append(name)
        return str(put(name, *arguments, **options))

    records.put = counted
    Settler(world.source, recorder, labeler, lambda: 1.0).settle(KEY, 10**6)
    assert puts == ["a.jpg.json"]


def test_a_record_without_pages_says_so_and_gets_them_later():
    """Made with pages off, it is drawn without the scorer when they are on."""
    world = World()
    world.source.put(KEY, RED)
    world.settle(Settings(pages=False))
    data = open_store(f"{world.name}/out/metadata").get("a.jpg.json").data
    record = decode_record(data)
    assert record.observed.page is None  # type: ignore[union-attr]
    world.settle()
    assert world.state() == quiet_state(world.source)


def test_labels_that_stay_under_other_settings_leave_the_page_alone():
    """Only what a page shows makes it be written again."""
    world = World()
    world.source.put(KEY, RED)
    world.settle()
    site = open_store(f"{world.name}/out/site")
    before = {info.key: info.etag for info in site.list()}
    world.settle(view=ColorView("view-3"))
    assert {info.key: info.etag for info in site.list()} == before
