"""``bucketlens watch`` as a process: killed, stopped and disturbed, it loses nothing.

``SOAK=50 pytest tests/e2e/test_watching.py`` kills and disturbs fifty times instead of eight.
"""

from __future__ import annotations

import html
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import psutil
import pytest
from tests.e2e.folders import QUICK, SEED, Folder, count_outputs
from tests.e2e.test_crashes import KILLS
from tests.live.waiting import wait_until

from bucketlens.assembly import Collection
from bucketlens.records import Tombstone, canonical, decode_record
from bucketlens.settings import Settings
from bucketlens.site.pieces.manifest import read_manifest
from bucketlens.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.conftest import Cli

BY_HISTORY = ("data/index/", "data/shown.json", "index.html", "site.json")
"""Files of a site in which the way to its state shows."""

INDEXED = """
    SELECT name, kind, key_bytes, etag, size, sha256, format, width, height, page,
        thumbnail, failure,
        (SELECT list({'name': v.name, 'confidence': l.confidence} ORDER BY v.name)
         FROM labels l JOIN vocabulary v ON v.id = l.label WHERE l.image = i.id)
    FROM images i
"""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")


@dataclass
class Watching:
    """A process that watches, and the lines of its log."""

    process: subprocess.Popen[bytes]
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        """What it has said so far; a line that is being written is left out."""
        whole, _, _ = self.log.read_bytes().rpartition(b"\n")
        return [json.loads(line) for line in whole.splitlines() if line.startswith(b"{")]

    def said(self, message: str) -> dict[str, Any] | None:
        """The first line with this message."""
        return next((line for line in self.lines() if line["message"] == message), None)

    def wait_for(self, message: str) -> None:
        """Wait until it says something."""
        wait_until(lambda: self.said(message) or self.process.poll() is not None)
        assert self.process.poll() is None, self.log.read_text()

    def stop(self) -> int:
        """Ask it to end, and wait for that; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            pytest.fail(f"it runs on; it said\n{self.log.read_text()}")


@contextmanager
def watching(cli: Cli, *more: str) -> Iterator[Watching]:
    """The program, watching ``photos``, killed at the end if it still runs."""
    log = cli.folder / "watch.log"
    kept = {k: v for k, v in os.environ.items() if not k.startswith("BUCKETLENS_")}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "bucketlens", "watch", "photos", "out", *more],
            env=kept | {"PYTHONPATH": str(cli.sources)} | QUICK,
            cwd=cli.folder,
            stderr=file,
        )
    try:
        yield Watching(process, log)
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def photos(tmp_path: Path) -> Folder:
    """A folder of photos, some of them bad."""
    folder = Folder(tmp_path / "photos", random.Random(SEED))  # noqa: S311 - no secrets
    folder.fill()
    return folder


def settle(cli: Cli) -> None:
    """Start once more, and stop when there is nothing left to do."""
    with watching(cli) as watch:
        watch.wait_for("reconciled")
        wait_until(lambda: quiet_since(watch) > 3.0)
        assert watch.stop() == 0
        ended = watch.said("ended")
        assert ended is not None
        assert ended["whole"]
        assert "bug" not in {line["message"] for line in watch.lines()}


def quiet_since(watch: Watching) -> float:
    """Seconds since the last line of the log."""
    return time.time() - watch.log.stat().st_mtime


def assert_like_a_quiet_run(cli: Cli) -> None:
    """What stands is what a run into an empty folder leaves, to the byte."""
    quiet = cli("run", "photos", "quiet", **QUICK)
    assert quiet.returncode in {0, 1}, quiet.stderr
    expected, found = whole_state(cli.folder / "quiet"), whole_state(cli.folder / "out")
    assert found.keys() == expected.keys()
    assert [name for name, data in expected.items() if found[name] != data] == []


def whole_state(out: Path) -> dict[str, object]:
    """Records and pages to the byte; of the index what it says, not in which pieces it says it.

    The first page shows what came last, so its order tells the way; each link must lead somewhere.
    """
    state: dict[str, object] = {}
    records, site = open_store(str(out / "metadata")), open_store(str(out / "site"))
    for info in records.list():
        record = decode_record(records.get(info.key).data)
        assert not isinstance(record, Tombstone), info.key
        state[f"metadata/{info.key}"] = canonical(record)
    for info in site.list():
        if not info.key.startswith(BY_HISTORY):
            state[f"site/{info.key}"] = site.get(info.key).data
    newest = (out / "site" / "index.html").read_text("utf-8")
    links = [unquote(html.unescape(link)) for link in re.findall(r'href="(images/[^"]+)"', newest)]
    assert links
    assert all((out / "site" / link).is_file() for link in links)
    with closing(Collection(str(out), Settings()).catalog) as catalog:
        snapshot = catalog.snapshot()
        with closing(snapshot.connect()) as connection:
            for name, *facts in connection.execute(INDEXED).fetchall():
                state[f"index/{name}"] = facts
    shown = read_manifest(site).manifest
    assert shown is not None
    assert (shown.lineage, shown.change) == (snapshot.lineage, snapshot.change)
    return state


@pytest.mark.slow
@pytest.mark.timeout(60 * KILLS + 240)
def test_a_watch_that_is_killed_again_and_again_loses_nothing(cli: Cli, photos: Folder):
    """While files come, go, change and come back; then it ends like an undisturbed run."""
    chance, out = photos.chance, cli.folder / "out"
    killed = 0
    for _ in range(KILLS):
        wanted = count_outputs(out) + chance.choice([1, 5, 20, 60, 150])
        end = time.monotonic() + chance.uniform(1.0, 12.0)
        with watching(cli) as watch:
            while count_outputs(out) < wanted and time.monotonic() < end:
                if chance.random() < 0.05:
                    photos.disturb()
                time.sleep(0.01)
            killed += watch.process.poll() is None
        photos.bring_back()
    assert killed == KILLS
    settle(cli)
    assert_like_a_quiet_run(cli)


def test_a_watch_that_is_stopped_under_load_finishes_what_it_began(cli: Cli, photos: Folder):
    """Each record has its page, the index stands, and the next start does the rest."""
    out = cli.folder / "out"
    with watching(cli) as watch:
        watch.wait_for("ready")
        for i in range(100):
            photos.write(f"burst/{i}.jpg")
        wait_until(lambda: count_outputs(out / "metadata") > 5)
        status = watch.stop()
        ended = watch.said("ended")
    assert ended is not None
    # A machine that is busy with other things may need longer for that than it is given.
    assert (status, ended["whole"]) in {(0, True), (130, False)}
    if ended["whole"]:
        assert (out / "site" / "index.html").is_file()
    settle(cli)
    assert_like_a_quiet_run(cli)


def test_a_watch_that_is_killed_leaves_no_process_behind(cli: Cli, photos: Folder):
    """Those that label end with the one that began them, and others wait for nothing."""
    del photos
    with watching(cli, "--workers", "3") as watch:
        watch.wait_for("ready")
        helpers = psutil.Process(watch.process.pid).children(recursive=True)
        assert len(helpers) == 3
    wait_until(lambda: not any(helper.is_running() for helper in helpers))


def test_files_that_come_while_it_watches_end_like_a_run(cli: Cli, photos: Folder):
    """Written at once, in parts, moved in, overwritten and removed, by several programs."""
    with watching(cli) as watch:
        watch.wait_for("reconciled")

        def trickle(number: int) -> None:
            data = photos.picture("x.jpg")
            for part in range(4):
                with (photos.path / f"slow{number}.jpg").open("ab") as file:
                    size = -(-len(data) // 4)
                    file.write(data[part * size : (part + 1) * size])
                time.sleep(0.15)

        writers = [threading.Thread(target=trickle, args=(number,)) for number in range(3)]
        for writer in writers:
            writer.start()
        for _ in range(3):
            photos.disturb()
            time.sleep(0.2)
        for writer in writers:
            writer.join()
        photos.bring_back()
        wait_until(lambda: quiet_since(watch) > 3.0)
        assert watch.stop() == 0
    assert_like_a_quiet_run(cli)
