"""The stores that the contract is tested on, two of them real servers that speak S3.

The servers are not packages that this project needs: they are looked for in the folder that
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
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bucketlens.stores.local import LocalStore
from bucketlens.stores.memory import MemoryStore
from bucketlens.stores.objects import ObjectStore
from bucketlens.stores.reach import S3Options
from bucketlens.stores.retries import NO_RETRIES, RetryingStore, RetryPolicy
from bucketlens.stores.s3 import S3Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _pytest.mark.structures import ParameterSet

    from bucketlens.stores.base import Store

NO_PATHS = frozenset(
    {"/lead.jpg", "in//double.jpg", "../up.jpg", "a/../b.jpg", "a/./b.jpg", "trip/"}
)
CONTROLS = frozenset({"line\nbreak.jpg", "tab\t.jpg", "\x01\x1f.jpg", "nul\0.jpg"})
BUCKET = "contract"


@dataclass(frozen=True)
class Backend:
    """One kind of store.

    Attributes:
        open: Opens a store; equal names give the same objects, each test uses names of its own.
        refuses: Of the awkward keys, those that it can't hold and says so.
        alters: Those that the server stores under another name without a word.
    """

    open: Callable[[str], Store]
    refuses: frozenset[str] = field(default_factory=frozenset)
    alters: frozenset[str] = field(default_factory=frozenset)


def _together(name: str) -> ParameterSet:
    """Tests of one server run in one process, so that it is started once."""
    return pytest.param(name, marks=pytest.mark.xdist_group(name))


@pytest.fixture(
    scope="session",
    params=["memory", "local", "obstore", _together("seaweedfs"), _together("ministack")],
)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """Each kind of store in turn."""
    with ExitStack() as stack:
        folder = request.getfixturevalue("tmp_path_factory").mktemp(request.param)
        yield BACKENDS[request.param](folder, stack)


@pytest.fixture
def refuses(backend: Backend) -> frozenset[str]:
    """The awkward keys that this kind of store can't hold."""
    return backend.refuses


@pytest.fixture
def alters(backend: Backend) -> frozenset[str]:
    """The awkward keys that this kind of store holds under another name."""
    return backend.alters


@pytest.fixture
def store(backend: Backend, request: pytest.FixtureRequest) -> Store:
    """An empty store."""
    return backend.open(f"test-{abs(hash(request.node.nodeid)):x}")


def _memory(_folder: Path, _stack: ExitStack) -> Backend:
    return Backend(lambda name: MemoryStore(name, "some/prefix/"))


def _local(folder: Path, _stack: ExitStack) -> Backend:
    return Backend(lambda name: LocalStore(folder / name), NO_PATHS | {"nul\0.jpg"})


def _obstore(_folder: Path, _stack: ExitStack) -> Backend:
    """What Google Cloud Storage and Azure are reached through, here on obstore's own memory."""
    from obstore.store import MemoryStore as Bucket  # noqa: PLC0415

    buckets: dict[str, Bucket] = {}

    def open_bucket(name: str) -> Store:
        bucket = buckets.setdefault(name, Bucket())
        return ObjectStore(bucket, location=f"test://{name}", prefix="some/prefix/")

    return Backend(open_bucket, NO_PATHS | CONTROLS)


def _seaweedfs(folder: Path, stack: ExitStack) -> Backend:
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
    stack.enter_context(_running([weed, "mini", *flags], keys, folder, f"{endpoint}/healthz"))
    return Backend(
        _s3_opener(endpoint, keys, stack),
        refuses=frozenset({"../up.jpg", "a/../b.jpg", "a/./b.jpg", "nul\0.jpg"}),
        alters=frozenset({"back\\slash.jpg", "in//double.jpg", "/lead.jpg", "trip/"}),
    )


def _ministack(folder: Path, stack: ExitStack) -> Backend:
    port = _free_port()
    endpoint = f"http://127.0.0.1:{port}"
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    settings = {
        **keys,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "AWS_ENDPOINT_URL": endpoint,
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
    }
    health = f"{endpoint}/_ministack/health"
    stack.enter_context(_running([_program("ministack")], settings, folder, health))
    return Backend(_s3_opener(endpoint, keys, stack))


BACKENDS = {
    "memory": _memory,
    "local": _local,
    "obstore": _obstore,
    "seaweedfs": _seaweedfs,
    "ministack": _ministack,
}


def _s3_opener(endpoint: str, keys: dict[str, str], stack: ExitStack) -> Callable[[str], Store]:
    """Open prefixes of one bucket, with the credentials where AWS's tools look for them."""
    patch = stack.enter_context(pytest.MonkeyPatch.context())
    for variable in [name for name in os.environ if name.startswith("AWS_")]:
        patch.delenv(variable)
    for variable, value in keys.items():
        patch.setenv(variable, value)
    options = S3Options(endpoint=endpoint, region="us-east-1")
    client = S3Store(BUCKET, options=options)._boto._client()
    client.create_bucket(Bucket=BUCKET)

    def open_prefix(name: str) -> Store:
        store = S3Store(BUCKET, f"{name}/", options=options, retry=NO_RETRIES)
        return RetryingStore(store, RetryPolicy(attempts=4, first_pause=0.02))

    return open_prefix


def _program(name: str) -> str:
    """Where a server's program is."""
    checkout = Path(__file__).parents[2]
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
