"""Sources as people have them: hidden files, system folders, links, locks, pipes, things that move.

Real folders and real models, in this process; a scorer of colours where the model is no matter.
"""

from __future__ import annotations

import os
import shutil
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.laboratory import BLUE, GREEN, RED

from bucketlens.assembly import open_pass
from bucketlens.names import key_of
from bucketlens.pipeline.passing import Tally
from bucketlens.records import FailureRecord, LabelRecord, decode_record
from bucketlens.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bucketlens.pipeline.passing import Pass
    from bucketlens.records import Record
    from bucketlens.stores import Blob
    from bucketlens.types import ObjectInfo


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with one plain photo."""
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "plain.jpg").write_bytes(RED)
    return folder


def a_pass(photos: Path, **settings: object) -> Pass:
    """A pass over the folder, with the classifier alone and no pages."""
    chosen = Settings(detector="none", pages=False, **settings)  # type: ignore[arg-type]
    work = open_pass(str(photos), str(photos.parent / "out"), chosen)
    return replace(work, retry_delays=())


def perform(work: Pass) -> Tally:
    """Run it."""
    tally = Tally()
    work.run(tally, stop=threading.Event())
    assert not tally.errors["bug"], tally.failures
    return tally


def recorded(photos: Path) -> dict[str, Record]:
    """Each key with its record."""
    out = photos.parent / "out" / "metadata"
    records = {}
    for path in out.rglob("*.json"):
        key = key_of(path.relative_to(out).as_posix(), ".json")
        assert key is not None
        records[key] = decode_record(path.read_bytes())
    return records


def write(folder: Path, *names: str) -> None:
    """Put a photo under each name."""
    for name in names:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(GREEN)


def test_hidden_files_and_what_systems_leave_are_passed_over(photos: Path):
    """A Synology thumbnail is no photo, nor is what begins with a dot, unless it is asked for."""
    write(photos, ".hidden.jpg", ".cache/a.jpg", "._plain.jpg", "@eaDir/plain.jpg/thumb.jpg")
    write(photos, "lost+found/x.jpg", "$RECYCLE.BIN/y.jpg", ".git/z.jpg", "sub/GOOD.JPG")
    (photos / ".DS_Store").write_bytes(b"\0")
    (photos / "empty folder").mkdir()
    perform(a_pass(photos))
    assert set(recorded(photos)) == {"plain.jpg", "sub/GOOD.JPG"}
    perform(a_pass(photos, hidden=True))
    assert set(recorded(photos)) == {"plain.jpg", "sub/GOOD.JPG", ".hidden.jpg", ".cache/a.jpg"}


def test_links_are_followed_only_inside_and_never_in_circles(photos: Path, tmp_path: Path):
    """A link to a photo or folder inside is another name; one that leads out is left alone."""
    write(photos, "trip/a.jpg")
    write(tmp_path / "private", "secret.jpg")
    (photos / "linked.jpg").symlink_to(photos / "plain.jpg")
    (photos / "album").symlink_to("trip")
    (photos / "trip" / "up").symlink_to(photos)
    (photos / "out.jpg").symlink_to(tmp_path / "private" / "secret.jpg")
    (photos / "outside").symlink_to(tmp_path / "private")
    (photos / "broken.jpg").symlink_to("nothing")
    (photos / "self.jpg").symlink_to("self.jpg")
    perform(a_pass(photos))
    assert set(recorded(photos)) == {"plain.jpg", "linked.jpg", "trip/a.jpg", "album/a.jpg"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_or_socket_in_the_folder_stops_nothing(photos: Path):
    """Reading a pipe that nobody writes to would wait for ever."""
    os.mkfifo(photos / "pipe.jpg")
    perform(a_pass(photos))
    assert set(recorded(photos)) == {"plain.jpg"}


def test_what_is_no_image_fails_and_says_why(photos: Path):
    """Zero bytes, text, half a photo: a failure record each."""
    (photos / "empty.jpg").touch()
    (photos / "text.jpg").write_text("hello")
    (photos / "half.jpg").write_bytes(BLUE[: len(BLUE) // 3])
    (photos / "a.jpg").mkdir()
    write(photos, "a.jpg/b.jpg")
    tally = perform(a_pass(photos))
    records = recorded(photos)
    failed = {key for key, record in records.items() if isinstance(record, FailureRecord)}
    assert failed == {"empty.jpg", "text.jpg", "half.jpg"}
    assert tally.errors.total() == 3
    assert isinstance(records["a.jpg/b.jpg"], LabelRecord)


def test_the_folder_markers_of_a_console_are_no_images_and_no_failures():
    """An object of no bytes whose key ends in a slash stands for a folder."""
    work = open_pass("memory://marked/in", "memory://marked/out", Settings(detector="none"))
    work.source.put("trip/", b"")
    work.source.put("trip/a.jpg", RED)
    tally = perform(work)
    assert [info.key for info in work.records.list()] == ["trip/a.jpg.json"]
    assert tally.passed_over == 1


def test_an_unreadable_folder_does_not_make_its_records_look_gone(
    photos: Path, ordinary_user: Callable[[], None]
):
    """They stay, and are up to date when the folder can be read again."""
    write(photos, *(f"open/{i}.jpg" for i in range(8)), "shut/a.jpg", "shut/b.jpg")
    photos.parent.chmod(0o777)
    ordinary_user()
    perform(a_pass(photos))
    before = recorded(photos).keys()
    os_locked(photos / "shut", 0)
    tally = perform(a_pass(photos))
    assert recorded(photos).keys() == before
    assert {o.value: n for o, n in tally.outcomes.items()} == {"unchanged": 9}
    os_locked(photos / "shut", 0o755)
    assert {o.value: n for o, n in perform(a_pass(photos)).outcomes.items()} == {"unchanged": 11}


def os_locked(path: Path, mode: int) -> None:
    """Change who may read a folder or file, as the one who owns it."""
    user = os.geteuid()
    if user != os.getuid():
        os.seteuid(os.getuid())
    path.chmod(mode)
    os.seteuid(user)


def test_a_file_that_may_not_be_read_is_tried_again_when_it_may(
    photos: Path, ordinary_user: Callable[[], None]
):
    """Permissions leave no trace in a file's time, so the next pass looks again."""
    (photos / "plain.jpg").chmod(0)
    photos.parent.chmod(0o777)
    ordinary_user()
    tally = perform(a_pass(photos))
    assert tally.errors == {"missing": 1}
    assert isinstance(recorded(photos)["plain.jpg"], FailureRecord)
    os_locked(photos / "plain.jpg", 0o644)
    perform(a_pass(photos))
    assert isinstance(recorded(photos)["plain.jpg"], LabelRecord)


def test_a_labelled_file_that_may_no_longer_be_read_keeps_its_record(
    photos: Path, ordinary_user: Callable[[], None]
):
    """It is unchanged as far as anyone can tell."""
    # What is imported late may lie where only the administrator reads.
    other = photos.parent / "other" / "photos"
    shutil.copytree(photos, other)
    for _ in range(2):
        perform(a_pass(other))
    photos.parent.chmod(0o777)
    ordinary_user()
    perform(a_pass(photos))
    os_locked(photos / "plain.jpg", 0)
    assert perform(a_pass(photos)).errors.total() == 0
    assert isinstance(recorded(photos)["plain.jpg"], LabelRecord)


def before_reading(work: Pass, happens: Callable[[str], None]) -> None:
    """Have something happen between the listing of a file and its reading."""
    get = work.source.get

    def read(key: str, *, max_bytes: int | None = None) -> Blob:
        happens(key)
        return get(key, max_bytes=max_bytes)

    work.source.get = read  # type: ignore[method-assign]


def test_a_file_that_vanishes_before_it_is_read_is_no_failure(photos: Path):
    """It was there when the folder was listed; now it is not, and that is all."""
    write(photos, "fleeting.jpg")
    work = a_pass(photos)
    before_reading(work, lambda key: (photos / key).unlink() if "fleeting" in key else None)
    assert perform(work).errors.total() == 0
    assert set(recorded(photos)) == {"plain.jpg"}


def test_a_file_that_becomes_a_folder_meanwhile_is_followed(photos: Path):
    """Its record goes, and what is in the folder is labelled by the next pass."""
    write(photos, "thing.jpg")
    work = a_pass(photos)

    def replaced(key: str) -> None:
        if key == "thing.jpg" and (photos / key).is_file():
            (photos / key).unlink()
            write(photos, "thing.jpg/inner.jpg")

    before_reading(work, replaced)
    assert perform(work).errors.total() == 0
    perform(a_pass(photos))
    assert set(recorded(photos)) == {"plain.jpg", "thing.jpg/inner.jpg"}


def test_a_source_that_goes_away_in_the_middle_removes_no_records(photos: Path, tmp_path: Path):
    """A disk that is pulled out cuts the listing short; few enough would have passed the stop."""
    write(photos, *(f"{i:02}.jpg" for i in range(20)))
    perform(a_pass(photos))
    before = recorded(photos).keys()
    work = a_pass(photos)
    listing = work.source.list

    def pulled_out(prefix: str = "") -> Iterator[ObjectInfo]:
        for i, info in enumerate(listing(prefix)):
            yield info
            if i == 18:
                photos.rename(tmp_path / "elsewhere")
                photos.mkdir()

    work.source.list = pulled_out  # type: ignore[method-assign]
    tally = perform(work)
    assert tally.unswept
    assert recorded(photos).keys() == before
