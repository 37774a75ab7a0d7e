"""A folder is watched: by the system's events, and by listings."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from tests.laboratory import BLUE, GREEN, RED
from tests.live.waiting import wait_until

from bucketlens.events import KeyFilter
from bucketlens.live.arrivals import Arrivals
from bucketlens.live.folder import FolderWatch
from bucketlens.live.polling import Poll
from bucketlens.live.steady import SteadySource
from bucketlens.names import output_name
from bucketlens.stores import StoreOptions, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVENTS, LISTINGS = "events", "listings"
both_ways = pytest.mark.parametrize("how", [EVENTS, LISTINGS])


@dataclass
class Watched:
    """A folder that is watched, and what was heard."""

    path: Path
    how: str
    heard: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    begun: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Put together what watches."""
        self.path.mkdir(exist_ok=True)
        options = StoreOptions(source=True)
        self.source = SteadySource(open_store(str(self.path), options))
        self.records = open_store(str(self.path.parent / "out" / "metadata"))
        self.wanted = KeyFilter(own_outputs=("out/",))
        self.arrivals = Arrivals(self.source, self.records, self.wanted, self.hear, self.lose)
        self.poll = Poll(self.source, self.records, self.wanted, self.arrivals, self.lose, 0.05)
        self.watch = FolderWatch(
            self.source, self.arrivals, self.poll, self.lose, events=self.how == EVENTS
        )

    def hear(self, key: str) -> None:
        """A key is to be settled."""
        self.heard[key] += 1

    def lose(self) -> None:
        """Reconciling is to look."""
        self.lost += 1

    def write(self, name: str, data: bytes = RED) -> Path:
        """Write a file."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def record(self, key: str) -> None:
        """A record of an image, as far as watching looks at it."""
        self.records.put(output_name(key, ".json"), b"{}")

    def comes(self, *keys: str) -> None:
        """Wait until these were heard of, and forget them."""
        wait_until(lambda: all(self.heard[key] for key in keys))
        for key in keys:
            del self.heard[key]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Watch meanwhile."""
        stop = threading.Event()
        thread = threading.Thread(target=self.watch.run, args=(self.begun.set, stop))
        thread.start()
        try:
            assert self.begun.wait(30)
            yield
        finally:
            stop.set()
            thread.join()


@pytest.fixture
def watched(tmp_path: Path, how: str) -> Iterator[Watched]:
    """A folder with one photo that was there before."""
    folder = Watched(tmp_path / "photos", how)
    folder.write("old.jpg")
    folder.record("old.jpg")
    with folder.running():
        yield folder


@both_ways
def test_what_comes_changes_and_goes_is_heard_of(watched: Watched):
    """And nothing else is: not what was there before, is hidden, or is no image."""
    watched.write("a.jpg")
    watched.comes("a.jpg")
    watched.record("a.jpg")
    watched.write("a.jpg", GREEN)
    watched.comes("a.jpg")
    (watched.path / "a.jpg").unlink()
    watched.comes("a.jpg")
    for name in (".a.jpg", ".git/b.jpg", "notes.txt", "a.jpg~", "a.jpg.part", "Thumbs.db"):
        watched.write(name)
    watched.write("out/site/thumbs/a.jpg.jpg")
    watched.write("last.jpg")
    watched.comes("last.jpg")
    assert watched.heard.keys() <= {"a.jpg", "last.jpg"}
    assert watched.watch.how == watched.how


@both_ways
def test_a_renamed_file_is_one_that_went_and_one_that_came(watched: Watched):
    """Within the folder, into it from elsewhere, and over another one."""
    watched.record("b.jpg")
    source = watched.write("b.jpg")
    watched.comes("b.jpg")
    source.rename(watched.path / "c.jpg")
    watched.comes("b.jpg", "c.jpg")
    watched.record("c.jpg")
    outside = watched.path.parent / "outside.tmp"
    outside.write_bytes(BLUE)
    outside.replace(watched.path / "c.jpg")
    watched.comes("c.jpg")


@both_ways
def test_folders_come_and_go_with_what_is_in_them(watched: Watched):
    """Moved in, made deep, renamed, removed: each image in them is heard of."""
    outside = watched.path.parent / "elsewhere"
    for name in ("DCIM/1.JPG", "DCIM/deep/er/2.jpg"):
        (outside / name).parent.mkdir(parents=True, exist_ok=True)
        (outside / name).write_bytes(RED)
    shutil.move(outside / "DCIM", watched.path / "DCIM")
    watched.comes("DCIM/1.JPG", "DCIM/deep/er/2.jpg")
    for key in ("DCIM/1.JPG", "DCIM/deep/er/2.jpg"):
        watched.record(key)
    watched.write("DCIM/deep/er/still/3.jpg")
    watched.comes("DCIM/deep/er/still/3.jpg")
    (watched.path / "DCIM").rename(watched.path / "Trip")
    watched.comes("DCIM/1.JPG", "DCIM/deep/er/2.jpg", "Trip/1.JPG", "Trip/deep/er/2.jpg")
    watched.record("Trip/1.JPG")
    shutil.rmtree(watched.path / "Trip")
    watched.comes("Trip/1.JPG")


@both_ways
def test_files_in_folders_made_that_moment_are_not_missed(watched: Watched):
    """However soon they come after their folder, before the system watches that."""
    keys = [f"{i}/{j}/{k}.jpg" for i in range(5) for j in range(5) for k in range(4)]
    for key in keys:
        watched.write(key)
    watched.comes(*keys)


@both_ways
def test_a_file_that_is_being_written_is_heard_of_when_it_is_whole(watched: Watched):
    """Each time it is heard of, it can be read as it stays."""
    sizes: list[int] = []
    target = watched.path / "slow.jpg"
    hear = watched.hear

    def look(key: str) -> None:
        sizes.append(target.stat().st_size)
        hear(key)

    watched.arrivals._submit = look
    pause = threading.Event()
    for _ in range(8):
        with target.open("ab") as file:
            file.write(RED[:50])
        pause.wait(0.03)
    watched.comes("slow.jpg")
    assert sizes[-1] == 400
    assert len(sizes) <= 3


@both_ways
def test_a_folder_that_goes_is_not_one_whose_files_went(watched: Watched):
    """Nothing is heard of its files; when it is back, it is watched again and looked through."""
    watched.write("a.jpg")
    watched.comes("a.jpg")
    watched.heard.clear()
    aside = watched.path.parent / "aside"
    watched.path.rename(aside)
    watched.path.mkdir()  # the mount point without its disk
    wait_until(lambda: watched.watch.how == "nothing")
    assert not watched.heard
    assert not watched.lost
    watched.path.rmdir()
    aside.rename(watched.path)
    wait_until(lambda: watched.lost)
    assert watched.watch.how == watched.how
    watched.write("b.jpg")
    watched.comes("b.jpg")


def test_where_all_names_are_taken_a_folder_that_went_is_one_too(tmp_path: Path):
    """Its name does not say that it was a folder, and the records say what was in it."""
    folder = Watched(tmp_path / "photos", EVENTS)
    folder.wanted = KeyFilter(suffixes=())
    arrivals = Arrivals(folder.source, folder.records, folder.wanted, folder.hear, folder.lose)
    folder.record("Trip 1/a")
    folder.record("Trip 10/b")
    arrivals.went("Trip 1")
    assert folder.heard == {"Trip 1": 1, "Trip 1/a": 1}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are not UTF-8")
@both_ways
def test_names_that_are_not_utf8_do_not_end_the_watch(watched: Watched):
    """Such a file is heard of, or reconciling is to look when others are heard of again."""
    odd = os.fsdecode(b"caf\xe9.jpg")
    watched.write(odd)
    wait_until(lambda: watched.heard[odd] or watched.lost)
    assert watched.watch.how == watched.how
    watched.write("after.jpg")
    watched.comes("after.jpg")


@pytest.mark.parametrize("how", [EVENTS])
def test_without_events_the_folder_is_listed(
    tmp_path: Path,
    how: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    """The system's limit is reached: the log says which, and nothing is missed."""

    def limited(root: str, stop: threading.Event) -> Iterator[set[tuple[int, str]]]:
        del stop
        raise OSError(f"OS file watch limit reached. about [{root}]")

    monkeypatch.setattr("bucketlens.live.folder._watch", limited)
    folder = Watched(tmp_path / "photos", how)
    with folder.running():
        wait_until(lambda: folder.watch.how == LISTINGS)
        folder.write("a.jpg")
        folder.comes("a.jpg")
    assert "max_user_watches" in caplog.text


@pytest.mark.parametrize("how", [LISTINGS])
def test_a_listing_that_is_suddenly_empty_removes_nothing(watched: Watched):
    """Reconciling and its safety stops see to that."""
    (watched.path / "old.jpg").unlink()
    wait_until(lambda: watched.lost)
    assert not watched.heard
