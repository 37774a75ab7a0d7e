"""Processes of clusters of Dask, for tests that start, ask and kill them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import psutil
from tests.e2e.folders import count_outputs

from bucketlens.records import canonical, decode_record

if TYPE_CHECKING:
    import random
    from pathlib import Path

    from tests.e2e.conftest import Cli

OWN = ("--engine", "dask", "--workers", "2")
"""A run on a cluster of its own."""


@dataclass
class Nodes:
    """A scheduler and workers as processes of their own, which may be killed and started."""

    cli: Cli
    chance: random.Random
    port: int = 0
    scheduler: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Of the scheduler; it stays the same."""
        return f"tcp://127.0.0.1:{self.port}"

    def start_scheduler(self) -> None:
        """On the port that it always has."""
        if not self.port:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
        place = ("--host", "127.0.0.1", "--port", str(self.port))
        web = ("--no-dashboard", "--dashboard-address", "127.0.0.1:0")
        self.scheduler = self._start("dask_scheduler", *place, *web)

    def start_worker(self) -> None:
        """Another one, with one thread."""
        some = ("--nthreads", "1", "--nworkers", "1", "--no-dashboard", "--death-timeout", "60")
        web = ("--dashboard-address", "127.0.0.1:0")
        self.workers.append(self._start("dask_worker", self.address, *some, *web))

    def kill_scheduler(self) -> None:
        """And start another: the workers of the old one are of no use to it."""
        assert self.scheduler is not None
        kill(self.scheduler)
        for worker in self.workers:
            kill_all(worker)
        count, self.workers = len(self.workers), []
        self.start_scheduler()
        for _ in range(count):
            self.start_worker()

    def kill_worker(self) -> None:
        """One of them, with what watches over it or without; in its place another one comes."""
        worker = self.chance.choice(self.workers)
        below = psutil.Process(worker.pid).children(recursive=True) if worker.poll() is None else []
        if below and self.chance.random() < 0.5:
            for process in below:
                process.kill()  # its nanny starts it again
            return
        kill_all(worker)
        self.workers.remove(worker)
        self.start_worker()

    def close(self) -> None:
        """End all."""
        for process in (*self.workers, self.scheduler):
            if process is not None:
                kill_all(process)

    def _start(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.cli.folder / f"{program}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{program}", *arguments],
                env=os.environ | {"PYTHONPATH": str(self.cli.sources)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )


def kill(process: subprocess.Popen[bytes]) -> None:
    """At once."""
    process.kill()
    process.wait()


def kill_all(process: subprocess.Popen[bytes]) -> None:
    """It and what it began."""
    below = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    kill(process)
    for child in below:
        if child.is_running():
            child.kill()


def workers_of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The processes that a driver began and that compute."""
    try:
        below = psutil.Process(process.pid).children(recursive=True)
        return [one for one in below if "spawn_main" in " ".join(one.cmdline())]
    except psutil.NoSuchProcess:
        return []


def fetch(port: int, path: str) -> bytes:
    """What a page of this machine shows."""
    with urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as reply:
        data: bytes = reply.read()
    return data


def wait_for_outputs(process: subprocess.Popen[bytes], out: Path, more: int) -> None:
    """Until so many more files stand, or it has ended."""
    wanted = count_outputs(out) + more
    end = time.monotonic() + 60
    while process.poll() is None and count_outputs(out) < wanted and time.monotonic() < end:
        time.sleep(0.01)


def read_records(client: Any, prefix: str) -> dict[str, bytes]:  # noqa: ANN401 - boto3's
    """What records say of the images, by their names below a prefix of the archive."""
    listed = client.list_objects_v2(Bucket="archive", Prefix=prefix)["Contents"]
    names = [entry["Key"] for entry in listed]
    bodies = {name: client.get_object(Bucket="archive", Key=name)["Body"].read() for name in names}
    return {name.removeprefix(prefix): canonical(decode_record(bodies[name])) for name in names}
