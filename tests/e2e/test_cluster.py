"""Runs on a cluster end where a quiet run on one machine does, whatever is killed meanwhile.

``SOAK=50 pytest tests/e2e/test_cluster.py`` kills fifty times instead of five, and ``SOAK_SEED=7``
in another way.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from hashlib import md5
from typing import TYPE_CHECKING

import boto3
import psutil
import pytest
from tests.e2e.folders import BAD, IMAGES, QUICK, Folder, assert_like_a_quiet_run, count_outputs
from tests.e2e.nodes import OWN, Nodes, fetch, read_records, wait_for_outputs, workers_of
from tests.servers import seaweedfs

from bucketlens.records import decode_record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.conftest import Cli

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="these tests send signals of POSIX"),
    pytest.mark.xdist_group("cluster"),
]

KILLS = int(os.environ.get("SOAK", "5"))


@pytest.fixture
def nodes(cli: Cli, photos: Folder) -> Iterator[Nodes]:
    """A cluster of two workers."""
    cluster = Nodes(cli, photos.chance)
    cluster.start_scheduler()
    for _ in range(2):
        cluster.start_worker()
    yield cluster
    cluster.close()


@pytest.mark.usefixtures("photos")
def test_an_own_cluster_leaves_what_a_run_on_one_machine_leaves(cli: Cli):
    """Records, pages, pictures and what the index holds; a second run finds nothing to do."""
    first = cli("run", "photos", "out", "--json", *OWN, **QUICK)
    assert first.returncode == 1, first.stderr
    summary = json.loads(first.stdout)
    assert summary["failed"] == len(BAD)
    assert summary["labelled"] >= IMAGES - len(BAD)
    assert "text.jpg" in first.stderr
    assert_like_a_quiet_run(cli, "out")
    second = json.loads(cli("run", "photos", "out", "--json", *OWN, **QUICK).stdout)
    assert second["unchanged"] == summary["labelled"]
    assert second["known_failures"] == len(BAD)
    assert not list((cli.folder / "out" / "state").rglob("cluster/*"))


def test_workers_of_an_own_cluster_may_die(cli: Cli, photos: Folder):
    """Others take their place, and no image is lost or blamed."""
    process = cli.start("run", "photos", "out", *OWN, **QUICK)
    for _ in range(2):
        wait_for_outputs(process, cli.folder / "out" / "metadata", photos.chance.randint(5, 40))
        workers = workers_of(process)
        if workers:
            photos.chance.choice(workers).kill()
    _, err = process.communicate(timeout=240)
    assert process.returncode == 1, err.decode()
    assert b"crash" not in err
    assert b"bug" not in err
    assert_like_a_quiet_run(cli, "out")


def test_a_killed_driver_leaves_no_process_behind(cli: Cli, photos: Folder):
    """Its workers end with it, and the same command goes on."""
    process = cli.start("run", "photos", "out", *OWN, **QUICK)
    wait_for_outputs(process, cli.folder / "out" / "metadata", 5)
    workers = workers_of(process)
    assert workers
    process.kill()
    process.communicate()
    gone, alive = psutil.wait_procs(workers, timeout=60)
    assert len(gone) == len(workers)
    assert not alive
    assert photos.path.is_dir()
    last = cli("run", "photos", "out", *OWN, **QUICK)
    assert last.returncode == 1, last.stderr
    assert_like_a_quiet_run(cli, "out")


def test_an_interruption_finishes_what_is_in_flight(cli: Cli, photos: Folder):
    """A terminal's Ctrl-C goes to all processes of a run; each record that stands has its page."""
    process = replace(cli, session=True).start("run", "photos", "out", *OWN, **QUICK)
    wait_for_outputs(process, cli.folder / "out" / "metadata", 3)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130, err.decode()
    assert b"bucketlens run photos out --engine dask" in err
    done = list((cli.folder / "out" / "metadata").rglob("*.json"))
    assert 3 <= len(done) < IMAGES
    shown = [r for r in done if decode_record(r.read_bytes()).observed.page]  # type: ignore[union-attr]
    assert len(shown) == len(list((cli.folder / "out" / "site" / "images").rglob("*.html")))
    assert photos.path.is_dir()
    last = cli("run", "photos", "out", *OWN, **QUICK)
    assert last.returncode == 1, last.stderr
    assert_like_a_quiet_run(cli, "out")


def test_safety_stops_hold_on_a_cluster(cli: Cli, photos: Folder):
    """A source that is empty, or lacks many images, has no records removed unasked."""
    assert cli("run", "photos", "out", **QUICK).returncode == 1
    before = count_outputs(cli.folder / "out" / "metadata")
    for number in range(5):
        for path in (photos.path / f"roll {number}").iterdir():
            path.unlink()
    stopped = cli("run", "photos", "out", *OWN, **QUICK)
    assert stopped.returncode == 2, stopped.stderr
    assert "--allow-deletes" in stopped.stderr
    assert count_outputs(cli.folder / "out" / "metadata") == before
    allowed = cli("run", "photos", "out", "--allow-deletes", *OWN, **QUICK)
    assert allowed.returncode == 1, allowed.stderr
    assert_like_a_quiet_run(cli, "out")


@pytest.mark.timeout(60 * KILLS + 300)
def test_anything_may_be_killed_at_any_time(cli: Cli, photos: Folder, nodes: Nodes):
    """Workers, the scheduler and the driver, while files come and go."""
    chance, out = photos.chance, cli.folder / "out"
    start = ("run", "photos", "out", "--engine", "dask", "--scheduler", nodes.address)
    process = None
    victims = ["worker", "driver", "scheduler"]
    for kill_number in range(KILLS):
        if process is None or process.poll() is not None:
            if process is not None:
                _, err = process.communicate()
                assert process.returncode in {0, 1, 75}, err.decode()
                assert b"bug" not in err, err.decode()
            process = cli.start(*start, "--allow-deletes", **QUICK)
        wait_for_outputs(process, out, chance.choice([1, 5, 20, 60, 150]))
        victim = victims[kill_number] if kill_number < len(victims) else chance.choice(victims)
        if victim == "worker":
            nodes.kill_worker()
        elif victim == "scheduler":
            nodes.kill_scheduler()
        else:
            process.kill()
            process.communicate()
            process = None
        photos.bring_back()
        photos.disturb()
    if process is not None:
        process.communicate(timeout=240)
    photos.bring_back()
    last = cli(*start, "--allow-deletes", **QUICK)
    assert last.returncode in {0, 1}, last.stderr
    assert "bug" not in last.stderr
    assert_like_a_quiet_run(cli, "out")


def test_the_dashboard_of_an_own_cluster_is_where_it_was_asked_for(cli: Cli, photos: Folder):
    """It shows the workers while the run lasts, and listens nowhere else."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = cli.start("run", "photos", "out", *OWN, "--dashboard", f"127.0.0.1:{port}", **QUICK)
    wait_for_outputs(process, cli.folder / "out" / "metadata", 3)
    listening = {
        place.laddr.ip
        for one in [psutil.Process(process.pid), *workers_of(process)]
        for place in one.net_connections()
        if place.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}
    page = fetch(port, "/status")
    assert b"bokeh" in page.lower()
    assert b"dask" in page.lower()
    assert photos.path.is_dir()
    process.communicate(timeout=240)
    assert process.returncode == 1


BESIDE = """
import logging, sys
from beside import run_beside
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(
        n_workers=1, threads_per_worker=1, security=True, dashboard_address="127.0.0.1:0"
    ) as cluster:
        assert cluster.scheduler_address.startswith("tls://")
        sys.exit(run_beside(cluster, ["photos", "out"]))
"""


@pytest.mark.usefixtures("photos")
def test_a_cluster_with_certificates_of_its_own_is_used_as_the_docs_say(cli: Cli, root: Path):
    """The driver gets them as files from the script that made the cluster."""
    (cli.folder / "script.py").write_text(BESIDE)
    paths = [str(cli.sources), str(root / "examples" / "cluster")]
    done = subprocess.run(
        [sys.executable, "script.py"],
        env=os.environ | QUICK | {"PYTHONPATH": os.pathsep.join(paths)},
        cwd=cli.folder,
        capture_output=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 1, done.stderr.decode()  # the bad files
    assert b"dashboard of the cluster: http" in done.stderr
    assert_like_a_quiet_run(cli, "out")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--scheduler", "tcp://127.0.0.1:1"), "--scheduler is for --engine dask"),
        (("--dashboard", "127.0.0.1:1"), "--dashboard is for --engine dask"),
        (
            ("--engine", "dask", "--scheduler", "tcp://127.0.0.1:1", "--workers", "2"),
            "--workers is for a cluster made here",
        ),
        (("--engine", "dask", "--scheduler", "nowhere"), "no address of a scheduler"),
        (
            ("--engine", "dask", "--classifier", "rekognition"),
            "Rekognition is asked by one process",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(
    cli: Cli, photos: Folder, arguments: tuple[str, ...], said: str
):
    """Before an image is looked at."""
    done = cli("run", "photos", "out", *arguments)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert photos.path.is_dir()
    assert not (cli.folder / "out" / "metadata").exists()


def test_a_bucket_and_its_inventory_on_a_cluster(cli: Cli, photos: Folder, tmp_path: Path):
    """Workers reach S3 by themselves, and what they leave is what one machine leaves there."""
    (tmp_path / "server").mkdir()
    with seaweedfs(tmp_path / "server") as server:
        reach = server.keys | {"AWS_REGION": "us-east-1", "BUCKETLENS_S3_ENDPOINT": server.endpoint}
        client = boto3.client(
            "s3",
            endpoint_url=server.endpoint,
            region_name="us-east-1",
            aws_access_key_id=server.keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=server.keys["AWS_SECRET_ACCESS_KEY"],
        )
        client.create_bucket(Bucket="archive")
        files = sorted(path for path in (photos.path / "roll 1").iterdir())
        for path in files:
            client.put_object(Bucket="archive", Key=f"in/a b+{path.name}", Body=path.read_bytes())
        rows = "".join(f'"archive","in/a+b%2B{path.name}","9"\n' for path in files)
        data = gzip.compress(rows.encode())
        client.put_object(Bucket="archive", Key="lists/data/1.csv.gz", Body=data)
        manifest = {
            "sourceBucket": "archive",
            "fileFormat": "CSV",
            "fileSchema": "Bucket, Key, Size",
            "files": [
                {
                    "key": "lists/data/1.csv.gz",
                    "MD5checksum": md5(data, usedforsecurity=False).hexdigest(),
                }
            ],
        }
        client.put_object(
            Bucket="archive", Key="lists/2026/manifest.json", Body=json.dumps(manifest).encode()
        )
        source = "s3://archive/in"
        keys = ("--keys", "s3://archive/lists/2026/manifest.json")
        spread = cli("run", source, "s3://archive/spread", *keys, *OWN, **QUICK, **reach)
        assert spread.returncode == 0, spread.stderr
        quiet = cli("run", source, "s3://archive/quiet", **QUICK, **reach)
        assert quiet.returncode == 0, quiet.stderr
        found = {name: read_records(client, f"{name}/metadata/") for name in ("spread", "quiet")}
        assert len(found["quiet"]) == len(files)
        assert found["spread"] == found["quiet"]
