"""Runs that are killed, doubled and disturbed end where a quiet one does.

``SOAK=50 pytest tests/e2e/test_crashes.py`` kills and disturbs fifty times instead of eight, and
``SOAK_SEED=7`` in another way.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest
from tests.e2e.folders import IMAGES, QUICK, Folder, assert_like_a_quiet_run, count_outputs

from bucketlens.records import decode_record

if TYPE_CHECKING:
    import random
    import subprocess
    from pathlib import Path

    from tests.e2e.conftest import Cli

KILLS = int(os.environ.get("SOAK", "8"))


def assert_ends_like_a_quiet_run(cli: Cli, out: str) -> None:
    """One more run, to its end, gives what a first run into an empty folder gives."""
    last = cli("run", "photos", out, "--allow-deletes", **QUICK)
    assert last.returncode in {0, 1}, last.stderr
    assert "bug" not in last.stderr
    assert_like_a_quiet_run(cli, out)


def kill_in_the_middle(process: subprocess.Popen[bytes], out: Path, chance: random.Random) -> bool:
    """Kill it when it has written a random number of files, or at some time before.

    Returns:
        Whether there was anything left to kill.
    """
    wanted = count_outputs(out) + chance.choice([1, 5, 20, 60, 150])
    end = time.monotonic() + chance.uniform(0.5, 20)
    while process.poll() is None and count_outputs(out) < wanted and time.monotonic() < end:
        time.sleep(0.005)
    time.sleep(chance.uniform(0, 0.01))
    process.kill()
    process.communicate()
    return process.returncode < 0


@pytest.mark.slow
@pytest.mark.timeout(60 * KILLS + 240)
def test_a_run_that_is_killed_again_and_again_ends_like_a_quiet_one(cli: Cli, photos: Folder):
    """With files that come, go, change and come back meanwhile, and settings that change."""
    chance, out = photos.chance, cli.folder / "out"
    killed = 0
    for kill in range(KILLS):
        other = {"BUCKETLENS_MIN_CONFIDENCE": str(chance.choice([5, 30, 55]))}
        if chance.random() < 0.3:
            other["BUCKETLENS_TITLE"] = f"title {kill}"
        if chance.random() < 0.2:
            other["BUCKETLENS_THUMBNAIL_SIZE"] = "64"
        if chance.random() < 0.1:
            other["BUCKETLENS_PAGES"] = "false"
        process = cli.start("run", "photos", "out", "--allow-deletes", **QUICK, **other)
        killed += kill_in_the_middle(process, out, chance)
        if chance.random() < 0.5:
            photos.bring_back()
        if chance.random() < 0.8:
            photos.disturb()
    photos.bring_back()
    assert killed >= KILLS // 2
    assert_ends_like_a_quiet_run(cli, "out")


def test_half_written_files_of_a_killed_run_are_swept(cli: Cli, photos: Folder):
    """Not at once, since they may be another run's, but with the first pass of a later week."""
    shutil.rmtree(photos.path / "roll 1")
    assert cli("run", "photos", "out", **QUICK).returncode == 1
    site = cli.folder / "out" / "site"
    left = [site / folder / f".bucketlens-{'0' * 16}.tmp" for folder in ("images", "previews/a")]
    for path in left:
        path.write_bytes(b"half")
        os.utime(path, (0, 0))
    identity = (site / "site.json").read_bytes()
    os.utime(site / "site.json", (0, 0))
    assert cli("run", "photos", "out", **QUICK).returncode == 1
    assert not any(path.exists() for path in left)
    assert (site / "site.json").read_bytes() == identity


def test_a_relabelling_that_is_killed_is_finished_by_the_next_run(cli: Cli, photos: Folder):
    """Records of the old and of the new settings, each with its page, become all of one kind."""
    chance, out = photos.chance, cli.folder / "out"
    assert cli("run", "photos", "out", **QUICK).returncode == 1
    for confidence in (10, 80, 20):
        process = cli.start("relabel", "out", "--min-confidence", str(confidence), **QUICK)
        time.sleep(chance.uniform(0.4, 1.5))
        process.kill()
        process.communicate()
    (out / "bucketlens.toml").unlink(missing_ok=True)
    assert_ends_like_a_quiet_run(cli, "out")


def test_two_runs_at_once_do_no_harm(cli: Cli, photos: Folder):
    """Neither reports an error, and together they leave what one would have left."""
    first = cli.start("run", "photos", "out", **QUICK)
    second = cli.start("run", "photos", "out", **QUICK)
    for process in (first, second):
        _, err = process.communicate(timeout=120)
        assert process.returncode == 1, err.decode()  # the bad files
        assert b"transient" not in err
        assert b"bug" not in err
    assert (cli.folder / "out" / "site" / "index.html").is_file()
    photos.disturb()
    assert_ends_like_a_quiet_run(cli, "out")


def test_files_that_are_being_written_are_labelled_whole(cli: Cli, photos: Folder):
    """Photos that trickle in while a run looks at them end as photos, at the latest next time."""
    shutil.rmtree(photos.path / "roll 1")
    whole = {f"slow/{i}.jpg": photos.picture("x.jpg") for i in range(4)}

    def trickle() -> None:
        for part in range(8):
            for name, data in whole.items():
                size = -(-len(data) // 8)
                target = photos.path / name
                target.parent.mkdir(exist_ok=True)
                with target.open("ab") as file:
                    file.write(data[part * size : (part + 1) * size])
            time.sleep(0.25)

    writer = threading.Thread(target=trickle)
    writer.start()
    done = cli("run", "photos", "out", **QUICK)
    writer.join()
    assert done.returncode in {1, 75}, done.stderr
    assert "bug" not in done.stderr
    assert_ends_like_a_quiet_run(cli, "out")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to a process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_finishes_what_is_in_flight(
    cli: Cli, photos: Folder, number: signal.Signals
):
    """Exit status 130, the command that goes on, no half-done image, and the rest next time."""
    process = cli.start("run", "photos", "out", **QUICK)
    while count_outputs(cli.folder / "out" / "metadata") < 3 and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    text = err.decode()
    assert process.returncode == 130, text
    assert "finishing what is in flight" in text
    assert "bucketlens run photos out" in text
    done = list((cli.folder / "out" / "metadata").rglob("*.json"))
    assert 3 <= len(done) < IMAGES
    shown = [r for r in done if decode_record(r.read_bytes()).observed.page]  # type: ignore[union-attr]
    assert len(shown) == len(list((cli.folder / "out" / "site" / "images").rglob("*.html")))
    assert photos.path.is_dir()
    assert_ends_like_a_quiet_run(cli, "out")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to a process")
def test_a_second_interruption_ends_at_once(cli: Cli, photos: Folder):
    """Nothing is waited for; the next run puts right what was left."""
    process = cli.start("run", "photos", "out", **QUICK)
    while count_outputs(cli.folder / "out" / "metadata") < 3 and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert photos.path.is_dir()
    assert_ends_like_a_quiet_run(cli, "out")
