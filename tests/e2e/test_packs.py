"""A collection whose records are in Parquet files, through every door that reads or changes it."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest
from tests.e2e.nodes import OWN, workers_of

from bucketlens.catalog.packs import PackedStore, Packs
from bucketlens.records import Tombstone, canonical, decode_record
from bucketlens.stores import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Cli

KILLS = int(os.environ.get("SOAK", "4"))
SEED = int(os.environ.get("SOAK_SEED", "20261122"))
PACKED = ("--records", "parquet")
SUFFIXES = {".jpg", ".png", ".jpeg", ".webp"}
ON_A_CLUSTER = pytest.mark.xdist_group("cluster")
SMALL = {"BUCKETLENS_PACK_RECORDS": "7", "BUCKETLENS_DETECTOR": "none"}


def records_of(out: Path) -> dict[str, bytes]:
    """What the records say of the images, however they are kept."""
    packs = Packs(open_store(str(out)), wanted=True)
    (out / "metadata").mkdir(exist_ok=True)
    store = PackedStore(open_store(str(out / "metadata")), packs)
    found = {}
    for info in store.list():
        record = decode_record(store.get(info.key).data)
        assert not isinstance(record, Tombstone), info.key
        found[info.key] = canonical(record)
    return found


def loose(out: Path) -> list[str]:
    """Records with a file of their own."""
    return [path.name for path in (out / "metadata").rglob("*.json")]


@pytest.fixture
def photos(cli: Cli, root: Path) -> Path:
    """Enough photos for several processes, one of them broken."""
    folder = cli.folder / "photos"
    for roll in range(5):
        shutil.copytree(root / "examples" / "photos", folder / f"roll {roll}")
    (folder / "broken.jpg").write_bytes(b"no image")
    return folder


@pytest.mark.slow
def test_every_command_reads_what_a_run_packed(cli: Cli, photos: Path):
    """Records are those of a run with files; a file appears only for what changes alone."""
    first = cli("run", "photos", "out", *PACKED, **SMALL)
    assert first.returncode == 1, first.stderr  # the broken one
    out = cli.folder / "out"
    assert loose(out) == []
    assert not (out / "site").exists()
    assert cli("run", "photos", "plain", "--no-pages", **SMALL).returncode == 1
    assert records_of(out) == records_of(cli.folder / "plain")

    again = cli("run", "photos", "out", "--json", **SMALL)
    assert json.loads(again.stdout)["labelled"] == 0
    status = json.loads(cli("status", "out", "--json", **SMALL).stdout)
    assert status == json.loads(cli("status", "plain", "--json", **SMALL).stdout) | {
        "newest": status["newest"]
    }
    key = "roll 1/horse-race.jpg"
    shown = json.loads(cli.fine("show", "out", key, "--json", **SMALL))
    assert shown["source"]["key"] == key
    cli.fine("index", "out", "--check", **SMALL)
    cli.fine("index", "out", "--rebuild", **SMALL)
    rows = cli.fine("export", "out", "--jsonl", **SMALL).splitlines()
    assert len(rows) == status["labelled"] + 1  # the broken one

    cli.fine("edit", "out", key, "--add", "My Horse", **SMALL)
    found = cli.fine("search", "out", '"My Horse"', "--json", **SMALL)
    assert key in found
    assert len(loose(out)) == 5  # it and its copies

    (photos / "roll 2" / "horse-race.jpg").unlink()
    done = cli("reconcile", "photos", "out", "--json", **SMALL)
    assert json.loads(done.stdout)["removed"] == 1
    assert "roll 2/horse-race.jpg.json" not in records_of(out)

    cli.fine("relabel", "out", "--min-confidence", "30", **SMALL)
    before = records_of(out)
    cli.fine("index", "out", "--compact", **SMALL)
    assert loose(out) == []
    assert records_of(out) == before
    assert json.loads(cli("run", "photos", "out", "--json", **SMALL).stdout)["unchanged"] == len(
        [name for name in before if name != "broken.jpg.json"]
    )


@pytest.mark.slow
def test_what_is_forgotten_is_in_no_file_of_the_collection(cli: Cli, photos: Path):
    """Neither its name nor what it shows, right after the command."""
    secret = photos / "secret place.jpg"
    secret.write_bytes((photos / "roll 0" / "horse-race.jpg").read_bytes())
    assert cli("run", "photos", "out", *PACKED, **SMALL).returncode == 1
    out = cli.folder / "out"
    secret.unlink()
    cli.fine("forget", "out", "secret place.jpg", **SMALL)
    for path in out.rglob("*"):
        assert "secret place" not in path.name
        if path.is_file():
            assert b"secret place" not in path.read_bytes(), path
    assert "secret place.jpg.json" not in records_of(out)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send")
@pytest.mark.timeout(60 * KILLS + 240)
@ON_A_CLUSTER
@pytest.mark.parametrize("engine", [(), OWN], ids=["here", "cluster"])
def test_a_run_that_is_killed_again_and_again_ends_like_a_quiet_one(
    cli: Cli, photos: Path, engine: tuple[str, ...]
):
    """What waited for its pack is done again; photos come and go meanwhile."""
    chance = random.Random(SEED)  # noqa: S311 - no secrets
    killed = 0
    for kill in range(KILLS):
        process = cli.start("run", "photos", "out", "--allow-deletes", *engine, *PACKED, **SMALL)
        packs = cli.folder / "out" / "packs"
        wanted = len(list(packs.glob("*.parquet"))) + chance.choice([0, 1, 2, 5])
        while process.poll() is None and len(list(packs.glob("*.parquet"))) < wanted:
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed += process.returncode < 0
        some = sorted(path for path in photos.rglob("*.jpg"))
        chance.choice(some).unlink()
        new = photos / "roll 0" / f"new {kill}.jpg"
        new.write_bytes(chance.choice(sorted(photos.rglob("*.jpg"))).read_bytes())
        shutil.copyfile(new, chance.choice(sorted(photos.rglob("*.jpg"))))
    assert killed
    last = cli("run", "photos", "out", "--allow-deletes", **SMALL)
    assert last.returncode in {0, 1}, last.stderr
    quiet = cli("run", "photos", "quiet", "--no-pages", **SMALL)
    assert quiet.returncode in {0, 1}, quiet.stderr
    assert records_of(cli.folder / "out") == records_of(cli.folder / "quiet")


@pytest.mark.slow
def test_two_runs_at_once_do_no_harm(cli: Cli, photos: Path):
    """Together they leave what one would have left, and neither reports a bug."""
    assert photos.exists()
    both = [cli.start("run", "photos", "out", *PACKED, **SMALL) for _ in range(2)]
    for process in both:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 1, err.decode()
        assert b"bug" not in err
    assert cli("run", "photos", "quiet", "--no-pages", **SMALL).returncode == 1
    assert records_of(cli.folder / "out") == records_of(cli.folder / "quiet")


@pytest.mark.slow
@ON_A_CLUSTER
def test_workers_of_a_cluster_write_packs(cli: Cli, photos: Path):
    """The records are those of a run on one machine with files; a second run does nothing."""
    first = cli("run", "photos", "out", "--json", *OWN, *PACKED, **SMALL)
    assert first.returncode == 1, first.stderr  # the broken one
    images = len([path for path in photos.rglob("*") if path.suffix in SUFFIXES])
    assert json.loads(first.stdout)["labelled"] == images - 1
    out = cli.folder / "out"
    assert loose(out) == []
    assert not (out / "site").exists()
    assert cli("run", "photos", "plain", "--no-pages", **SMALL).returncode == 1
    assert records_of(out) == records_of(cli.folder / "plain")
    before = (out / "packs" / "manifest.json").read_bytes()
    again = json.loads(cli("run", "photos", "out", "--json", *OWN, **SMALL).stdout)
    assert (again["labelled"], again["unchanged"], again["known_failures"]) == (0, images - 1, 1)
    assert (out / "packs" / "manifest.json").read_bytes() == before
    cli.fine("index", "out", "--check", **SMALL)


@pytest.mark.slow
@ON_A_CLUSTER
def test_a_worker_that_is_killed_takes_no_record_along(cli: Cli, photos: Path):
    """What it labelled and did not pack is labelled by others, within the same run."""
    process = cli.start("run", "photos", "out", *OWN, *PACKED, **SMALL)
    out = cli.folder / "out"
    killed = 0
    for packs in (1, 3):
        while process.poll() is None and len(list((out / "packs").glob("records-*"))) < packs:
            time.sleep(0.01)
        for worker in workers_of(process)[:1]:
            worker.kill()
            killed += 1
    _, err = process.communicate(timeout=240)
    assert killed
    assert process.returncode == 1, err.decode()
    assert b"crash" not in err
    assert b"bug" not in err
    assert cli("run", "photos", "plain", "--no-pages", **SMALL).returncode == 1
    assert photos.exists()
    assert records_of(out) == records_of(cli.folder / "plain")
