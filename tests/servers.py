"""Real servers that speak S3, one of them SQS too, started for tests and bound to this machine.

They are not packages that this project needs: they are looked for in the folder that
``TEST_SERVERS_BIN`` names, in ``.servers/bin`` of the checkout, and on the path. Where one is not
installed its tests are skipped and say so; in continuous integration they fail.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Server:
    """A server that answers.

    Attributes:
        endpoint: Its URL.
        keys: Credentials, as AWS's own variables.
    """

    endpoint: str
    keys: dict[str, str]

    def set_variables(self, patch: pytest.MonkeyPatch) -> None:
        """Have the credentials, and nothing else of AWS, in the environment."""
        for variable in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(variable)
        for variable, value in self.keys.items():
            patch.setenv(variable, value)


@contextmanager
def seaweedfs(folder: Path) -> Iterator[Server]:
    """SeaweedFS, its data in a folder."""
    weed = _program("weed")
    names = ("master", "volume", "filer", "s3", "admin")
    ports = {name: _free_port() for name in names}
    flags = [f"-{name}.port={port}" for name, port in ports.items()]
    flags += [f"-{name}.port.grpc={_free_port()}" for name in names]
    flags += [f"-s3.port.{name}={_free_port()}" for name in ("iceberg", "lance")]
    flags += ["-master.telemetry=false", "-webdav=false", "-admin.ui=false", f"-dir={folder}"]
    flags += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-metricsPort={_free_port()}"]
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test-secret"}
    endpoint = f"http://127.0.0.1:{ports['s3']}"
    with _running([weed, "mini", *flags], keys, folder, f"{endpoint}/healthz"):
        yield Server(endpoint, keys)


@contextmanager
def ministack(folder: Path, *, rights: bool = False) -> Iterator[Server]:
    """Ministack: S3, SQS, SNS and EventBridge; with ``rights`` roles and policies hold."""
    port = _free_port()
    endpoint = f"http://127.0.0.1:{port}"
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    settings = {
        **keys,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "AWS_ENDPOINT_URL": endpoint,
        "AUTH": "true" if rights else "false",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
    }
    health = f"{endpoint}/_ministack/health"
    with _running([_program("ministack")], settings, folder, health):
        yield Server(endpoint, keys)


def interpreter() -> str:
    """The Python that ministack and AWS's translator of SAM are installed for."""
    return str(Path(_program("ministack")).with_name("python"))


def _program(name: str) -> str:
    """Where a server's program is."""
    checkout = Path(__file__).parents[1]
    places = (os.environ.get("TEST_SERVERS_BIN"), str(checkout / ".servers/bin"), None)
    for place in places:
        found = shutil.which(name, path=place)
        if found is not None:
            return found
    message = f"NOT TESTED: {name} is not installed; TEST_SERVERS_BIN names its folder"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(message)
    pytest.skip(message)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(
    command: list[str], variables: dict[str, str], folder: Path, health: str
) -> Iterator[None]:
    """A server process, from its first good answer on."""
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **variables},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        end = time.monotonic() + 60
        while not _answers(health):
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"{command[0]} did not start:\n{log.read_text()[-3000:]}")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False
