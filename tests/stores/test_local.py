"""What is special about a folder: people's files, links, other programs and sudden ends."""

from __future__ import annotations

import errno
import os
import random
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bucketlens.errors import ConfigError, InputError, MissingError, TransientError
from bucketlens.stores.base import ConflictError, ForbiddenError, ListingIssue
from bucketlens.stores.local import LocalStore
from bucketlens.stores.skipped import TEMPORARY
from bucketlens.stores.walk import STALE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

fcntl = pytest.importorskip("fcntl", reason="needs the names and links of POSIX")

COUNT = """
    import sys
    from bucketlens.stores.base import ConflictError
    from bucketlens.stores.local import LocalStore
    store = LocalStore(sys.argv[1])
    left = 500
    while left:
        blob = store.get("counter")
        try:
            store.put("counter", b"%d" % (int(blob.data) + 1), if_match=blob.info.etag)
        except ConflictError:
            continue
        left -= 1
"""
REWRITE = """
    import sys
    from bucketlens.stores.local import LocalStore
    store = LocalStore(sys.argv[1])
    while True:
        for letter in b"ab":
            store.put("trip/a", bytes([letter]) * 3_000_000)
"""


def start(script: str, folder: Path) -> subprocess.Popen[bytes]:
    """Run a script in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def keys(store: LocalStore, prefix: str = "") -> list[str]:
    """The keys of a listing."""
    return [info.key for info in store.list(prefix)]


@pytest.fixture
def issues() -> list[ListingIssue]:
    """Where listings report what they can't show."""
    return []


@pytest.fixture
def source(tmp_path: Path, issues: list[ListingIssue]) -> LocalStore:
    """A folder of somebody's images."""
    (tmp_path / "photos").mkdir()
    return LocalStore(tmp_path / "photos", source=True, on_issue=issues.append)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """The path of that folder."""
    return tmp_path / "photos"


@pytest.fixture
def ordinary_user(tmp_path: Path) -> Iterator[None]:
    """Not the administrator, to whom nothing is forbidden."""
    if os.geteuid() != 0:
        yield
        return
    for folder in tmp_path.parents:
        if folder == Path(tempfile.gettempdir()):
            break
        folder.chmod(0o755)
    tmp_path.chmod(0o777)
    os.seteuid(65534)
    yield
    os.seteuid(0)


def test_a_folder_that_is_not_there_is_not_an_empty_one(tmp_path: Path) -> None:
    """A missing root is the operator's mistake; a missing folder below it is just empty."""
    with pytest.raises(ConfigError, match="does not exist"):
        list(LocalStore(tmp_path / "none").list())
    with pytest.raises(ConfigError, match="does not exist"):
        list(LocalStore(tmp_path / "none").list("a/b"))
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="not a folder"):
        list(LocalStore(tmp_path / "file").list())
    assert keys(LocalStore(tmp_path)) == ["file"]
    assert keys(LocalStore(tmp_path), "a/b") == []


def test_the_whole_listing_is_sorted_by_key(tmp_path: Path) -> None:
    """A folder stands where its slash sorts, so two listings can be merged as they stream."""
    store = LocalStore(tmp_path)
    names = ["a-b", "a.jpg", "a/1", "a/b/2", "a/bc", "a0", "ab/3", "A/x", "写/5", "写.jpg"]
    for name in names:
        store.put(name, b"")
    assert keys(store) == sorted(names)
    assert keys(store, "a") == sorted(name for name in names if name.startswith("a"))


def test_names_that_are_not_utf8_are_read(source: LocalStore, photos: Path) -> None:
    """The odd bytes of a name are surrogates in its key, and lead back to the file."""
    for name in (b"caf\xe9.jpg", b"\xff\xfe", "ü.jpg".encode(), b"line\nbreak.jpg"):
        (photos / os.fsdecode(name)).write_bytes(name)
    found = keys(source)
    assert sorted(map(os.fsencode, found)) == sorted(
        [b"caf\xe9.jpg", b"\xff\xfe", "ü.jpg".encode(), b"line\nbreak.jpg"]
    )
    for key in found:
        assert source.get(key).data == os.fsencode(key)
        assert source.url(key).startswith("file:///")


def test_what_systems_put_into_folders_is_not_shown(source: LocalStore, photos: Path) -> None:
    """Names of systems are passed over in a source, and dot files unless they are asked for."""
    shown = ["a.jpg", "lost.jpg"]
    hidden = [".hidden.jpg", ".cache/b.jpg"]
    system = ["@eaDir/a.jpg", ".DS_Store", "Thumbs.db", "THUMBS.DB", "._a.jpg", "$RECYCLE.BIN/x"]
    for key in [*shown, *hidden, *system, ".bucketlens/locks/00", "sub/lost+found/c.jpg"]:
        (photos / key).parent.mkdir(parents=True, exist_ok=True)
        (photos / key).touch()
    assert keys(source) == shown
    assert keys(LocalStore(photos, source=True, hidden=True)) == sorted(shown + hidden)
    assert keys(LocalStore(photos)) == sorted([*shown, *hidden, *system, "sub/lost+found/c.jpg"])
    assert keys(source, ".cache/") == []
    for key in hidden + system:
        with pytest.raises(MissingError):
            source.head(key)


def test_links_inside_are_followed_and_others_reported(
    source: LocalStore, photos: Path, tmp_path: Path, issues: list[ListingIssue]
) -> None:
    """A link to inside the folder is what it leads to; one to outside is never read."""
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (photos / "real").mkdir()
    (photos / "real/a.jpg").write_bytes(b"a")
    (photos / "album").symlink_to("real")
    (photos / "one.jpg").symlink_to(photos / "real/a.jpg")
    (photos / "out.jpg").symlink_to("../secret.jpg")
    (photos / "up").symlink_to(tmp_path)
    (photos / "broken.jpg").symlink_to("nowhere")
    assert keys(source) == ["album/a.jpg", "one.jpg", "real/a.jpg"]
    assert {issue.prefix for issue in issues} == {"out.jpg", "up", "broken.jpg"}
    assert source.get("album/a.jpg").data == b"a"
    for key in ("out.jpg", "up/secret.jpg"):
        with pytest.raises(ForbiddenError, match="leads out"):
            source.get(key)
        with pytest.raises(ForbiddenError):
            source.head(key)
    assert keys(source, "up/") == []
    with pytest.raises(InputError, match="out of"):
        source.put("up/new.jpg", b"")
    source.delete("up/secret.jpg")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos", "secret.jpg"]


def test_a_put_replaces_a_link_and_not_what_it_leads_to(photos: Path, source: LocalStore) -> None:
    """Writing to a key that is a link leaves the link's target alone."""
    (photos / "a").write_bytes(b"a")
    (photos / "link").symlink_to("a")
    source.put("link", b"new")
    assert (photos / "a").read_bytes() == b"a"
    assert source.get("link").data == b"new"


def test_links_in_circles_end(source: LocalStore, photos: Path, issues: list[ListingIssue]) -> None:
    """Links to a folder above, to themselves and to each other make no endless tree."""
    for name in ("a", "b", "c"):
        (photos / name).mkdir()
        (photos / name / "x.jpg").touch()
        for other in ("a", "b", "c"):
            (photos / name / f"to-{other}").symlink_to(f"../{other}")
        (photos / name / "top").symlink_to("..")
    (photos / "self").symlink_to("self")
    found = keys(source)
    assert len(found) == len(set(found)) == 9
    assert {"a/x.jpg", "a/to-b/x.jpg", "c/to-a/x.jpg"} < set(found)
    assert any("that it is in" in issue.reason for issue in issues)


def test_pipes_and_sockets_are_no_objects(source: LocalStore, photos: Path) -> None:
    """What is not a regular file is neither listed nor opened."""
    os.mkfifo(photos / "pipe.jpg")
    (photos / "a.jpg").touch()
    assert keys(source) == ["a.jpg"]
    for key in ("pipe.jpg", ""):
        with pytest.raises(MissingError):
            source.get(key)


@pytest.mark.usefixtures("ordinary_user")
def test_what_may_not_be_read_is_reported_and_not_gone(
    source: LocalStore, photos: Path, issues: list[ListingIssue]
) -> None:
    """A locked folder or file is an issue or forbidden, and the rest is still listed."""
    photos = photos.parent / "mine"
    source = LocalStore(photos, source=True, on_issue=issues.append)
    for key in ("a.jpg", "locked/b.jpg", "z.jpg"):
        source.put(key, b"")
    (photos / "z.jpg").chmod(0)
    (photos / "locked").chmod(0)
    assert keys(source) == ["a.jpg", "z.jpg"]
    assert [(issue.prefix, "can't be read" in issue.reason) for issue in issues] == [
        ("locked/", True)
    ]
    for key in ("z.jpg", "locked/b.jpg"):
        with pytest.raises(ForbiddenError, match="may not be read"):
            source.get(key)
    with pytest.raises(ConfigError, match="can't be written"):
        source.put("locked/c.jpg", b"")
    (photos / "locked").chmod(0o700)


def test_a_very_deep_folder_stops_nothing(
    source: LocalStore, photos: Path, issues: list[ListingIssue]
) -> None:
    """Folders too deep for one path are reported, and the rest is listed."""
    here = os.open(photos, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("deep" * 50, dir_fd=here)
        below = os.open("deep" * 50, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    (photos / "z.jpg").touch()
    assert keys(source) == ["z.jpg"]
    assert len(issues) == 1
    subprocess.run(["rm", "-rf", photos / ("deep" * 50)], check=True)


def test_an_empty_folder_goes_with_its_last_file(tmp_path: Path) -> None:
    """Deleting the last file removes its folders up to the root, which stays."""
    store = LocalStore(tmp_path / "out")
    store.put("a/b/c/d.json", b"")
    store.put("a/e.json", b"")
    store.delete("a/b/c/d.json")
    assert [path.name for path in (tmp_path / "out/a").iterdir()] == ["e.json"]
    store.delete("a/e.json")
    assert keys(store) == []
    assert (tmp_path / "out").is_dir()


def test_leftovers_of_killed_writers_are_swept(tmp_path: Path) -> None:
    """Temporary files are never shown; old ones are removed by a listing, young ones stay."""
    store = LocalStore(tmp_path)
    store.put("a/b.json", b"")
    old, young = (tmp_path / f"a/.bucketlens-{digit * 16}.tmp" for digit in "01")
    for path in (old, young):
        path.touch()
    then = time.time() - STALE_SECONDS - 1
    os.utime(old, (then, then))
    assert keys(LocalStore(tmp_path, source=True)) == ["a/b.json"]
    assert old.exists()
    assert keys(store) == ["a/b.json"]
    assert (old.exists(), young.exists()) == (False, True)
    with pytest.raises(MissingError):
        store.get(f"a/{young.name}")


def test_a_put_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """After a conflict, or where a folder stands in the way, no temporary file is left."""
    store = LocalStore(tmp_path)
    store.put("a/b", b"")
    with pytest.raises(ConflictError):
        store.put("a/b", b"", if_absent=True)
    with pytest.raises(InputError):
        store.put("a", b"")
    with pytest.raises(InputError):
        store.put("a/b/c", b"")
    with pytest.raises(InputError):
        store.put("x" * 300, b"")
    names = {name for _, _, files in os.walk(tmp_path) for name in files}
    assert not any(map(TEMPORARY.fullmatch, names))


def test_an_existing_file_that_knows_no_locks_wins(tmp_path: Path) -> None:
    """A file that another program makes under our feet is not overwritten by create-only."""
    store = LocalStore(tmp_path)

    (tmp_path / "target").symlink_to("made-later")
    with pytest.raises(ConflictError):
        store.put("target", b"ours", if_absent=True)
    assert not (tmp_path / "made-later").exists()


def test_without_hard_links_create_only_still_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the file system has no hard links, the lock alone decides."""

    def refuse(*_args: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    store = LocalStore(tmp_path)
    store.put("a", b"1", if_absent=True)
    with pytest.raises(ConflictError):
        store.put("a", b"2", if_absent=True)
    assert store.get("a").data == b"1"


def test_a_file_that_grows_while_it_is_read_is_not_half_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes and etag belong together, also when another program writes in place."""
    store = LocalStore(tmp_path)
    path = tmp_path / "a.jpg"
    path.write_bytes(b"start")
    read = os.read
    growing = 1

    def read_slowly(descriptor: int, size: int) -> bytes:
        nonlocal growing
        data = read(descriptor, size)
        if growing:
            growing -= 1
            with path.open("ab") as file:
                file.write(b"more")
        return data

    monkeypatch.setattr(os, "read", read_slowly)
    assert store.get("a.jpg").data == b"startmore"
    growing = 1000
    with pytest.raises(TransientError, match="being written"):
        store.get("a.jpg")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (errno.ENOSPC, ConfigError),
        (errno.EROFS, ConfigError),
        (errno.EMFILE, TransientError),
        (errno.EIO, TransientError),
    ],
)
def test_a_disk_that_is_full_stops_and_one_that_stumbles_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, error: type[Exception]
) -> None:
    """What the system says of a write decides what the caller must do."""

    def fail(*_args: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(error, match="can't be written"):
        LocalStore(tmp_path).put("a", b"")


def test_with_fsync_the_bytes_and_the_name_are_forced_to_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The setting syncs the file before its rename and the folders after it."""
    synced = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(os.fstat(fd).st_mode & 0o170000))
    LocalStore(tmp_path).put("a/b", b"")
    assert synced == []
    LocalStore(tmp_path, fsync=True).put("a/b", b"")
    assert synced == [0o100000, 0o040000, 0o040000]


def test_nothing_but_objects_stands_in_a_folder(tmp_path: Path) -> None:
    """Locks and temporary files leave no trace in a folder that somebody may publish."""
    store = LocalStore(tmp_path)
    etag = store.put("a/b.json", b"1")
    store.put("a/b.json", b"2", if_match=etag)
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == [
        "a",
        "a/b.json",
    ]


def test_where_folders_have_no_locks_files_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On NFS a few hidden files are locked instead; where nothing can be, puts are refused."""
    flock = fcntl.flock

    def refuse_folders(descriptor: int, operation: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EBADF, "not open for writing")
        flock(descriptor, operation)

    def refuse(*_args: object) -> None:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(fcntl, "flock", refuse_folders)
    store = LocalStore(tmp_path / "out")
    etag = store.put("a/b.json", b"1", if_absent=True)
    with pytest.raises(ConflictError):
        store.put("a/b.json", b"2", if_match="other")
    store.put("a/b.json", b"2", if_match=etag)
    assert keys(store) == ["a/b.json"]
    assert len(list((tmp_path / "out/.bucketlens/locks").iterdir())) == 1
    assert keys(LocalStore(tmp_path)) == ["out/a/b.json"]
    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(ConfigError, match="file system with locks"):
        LocalStore(tmp_path).put("c", b"")


def test_processes_lose_no_update(tmp_path: Path) -> None:
    """Four processes that count to 500 each, and one to 100 by another root, end at 2,100."""
    store = LocalStore(tmp_path)
    store.put("in/counter", b"0")
    processes = [start(COUNT, folder) for folder in [tmp_path / "in"] * 4]
    for _ in range(100):  # by another root, which must not matter
        while True:
            blob = store.get("in/counter")
            try:
                store.put("in/counter", b"%d" % (int(blob.data) + 1), if_match=blob.info.etag)
            except ConflictError:
                continue
            break
    assert [process.wait() for process in processes] == [0] * 4
    assert store.get("in/counter").data == b"2100"


def test_a_killed_writer_leaves_old_or_new_never_half(tmp_path: Path) -> None:
    """A kill -9 in the middle of puts leaves one whole version, a free lock, and no odd name."""
    store = LocalStore(tmp_path)
    store.put("trip/a", b"a" * 3_000_000)
    chance = random.Random(7)  # noqa: S311
    for _ in range(6):
        process = start(REWRITE, tmp_path)
        before = store.head("trip/a").etag
        while store.head("trip/a").etag == before:
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.02))
        process.send_signal(signal.SIGKILL)
        process.wait()
        data = store.get("trip/a").data
        assert data in (b"a" * 3_000_000, b"b" * 3_000_000)
        assert keys(store) == ["trip/a"]
        store.put("trip/a", data)


def test_writers_and_cleaners_of_one_folder_do_not_meet(tmp_path: Path) -> None:
    """Deleting the last file of a folder never fails a put into it."""
    store = LocalStore(tmp_path)

    def work(number: int) -> None:
        for _ in range(100):
            store.put(f"a/b/{number}", b"")
            store.delete(f"a/b/{number}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert keys(store) == []
