"""The stores that the contract is tested on, two of them real servers that speak S3."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from tests.servers import Server, ministack, seaweedfs

from bucketlens.catalog.packs import PackedStore, Packs, compact
from bucketlens.stores.local import LocalStore
from bucketlens.stores.memory import MemoryStore
from bucketlens.stores.objects import ObjectStore
from bucketlens.stores.reach import S3Options
from bucketlens.stores.retries import NO_RETRIES, RetryingStore, RetryPolicy
from bucketlens.stores.s3 import S3Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

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
    params=[
        "memory",
        "local",
        "obstore",
        "over-packs",
        "in-packs",
        _together("seaweedfs"),
        _together("ministack"),
    ],
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


def _over_packs(folder: Path, _stack: ExitStack) -> Backend:
    """Loose records where packs may lie below."""
    return Backend(partial(_packed, folder), NO_PATHS | {"nul\0.jpg"})


def _in_packs(folder: Path, _stack: ExitStack) -> Backend:
    """Records that move into a pack as soon as they are put."""
    stores: dict[str, Packing] = {}

    def open_packing(name: str) -> Store:
        return stores.setdefault(name, Packing(_packed(folder, name)))

    return Backend(open_packing, NO_PATHS | {"nul\0.jpg"})


def _packed(folder: Path, name: str) -> PackedStore:
    private = LocalStore(folder / name, fresh=True)
    store = PackedStore(
        LocalStore(folder / name / "loose", fresh=True), Packs(private, wanted=True)
    )
    if store.packs.standing().etag is None:
        compact(store, rows=8, size=10_000, now=0.0)
    return store


class Packing(PackedStore):
    """Moves what is put into packs; one thread at a time, as whoever does so must be alone."""

    def __init__(self, store: PackedStore) -> None:
        """Take over a store."""
        super().__init__(store.loose, store.packs)
        self._alone = threading.Lock()
        self._puts = 0

    def put(self, key: str, data: bytes, **how: Any) -> str:  # noqa: ANN401
        """Put, and move; of thousands only some are moved at once, since that writes all anew."""
        with self._alone:
            etag = super().put(key, data, **how)
            self._puts += 1
            if self._puts < 60 or self._puts % 5000 == 0:
                compact(self, rows=8 if self._puts < 60 else 4000, size=1_000_000, now=0.0)
            return etag


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
    server = stack.enter_context(seaweedfs(folder))
    return Backend(
        _s3_opener(server, stack),
        refuses=frozenset({"../up.jpg", "a/../b.jpg", "a/./b.jpg", "nul\0.jpg"}),
        alters=frozenset({"back\\slash.jpg", "in//double.jpg", "/lead.jpg", "trip/"}),
    )


def _ministack(folder: Path, stack: ExitStack) -> Backend:
    return Backend(_s3_opener(stack.enter_context(ministack(folder)), stack))


BACKENDS = {
    "memory": _memory,
    "local": _local,
    "over-packs": _over_packs,
    "in-packs": _in_packs,
    "obstore": _obstore,
    "seaweedfs": _seaweedfs,
    "ministack": _ministack,
}


def _s3_opener(server: Server, stack: ExitStack) -> Callable[[str], Store]:
    """Open prefixes of one bucket, with the credentials where AWS's tools look for them."""
    server.set_variables(stack.enter_context(pytest.MonkeyPatch.context()))
    options = S3Options(endpoint=server.endpoint, region="us-east-1")
    client = S3Store(BUCKET, options=options)._boto._client()
    client.create_bucket(Bucket=BUCKET)

    def open_prefix(name: str) -> Store:
        store = S3Store(BUCKET, f"{name}/", options=options, retry=NO_RETRIES)
        return RetryingStore(store, RetryPolicy(attempts=4, first_pause=0.02))

    return open_prefix
