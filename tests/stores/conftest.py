"""The stores that the contract is tested on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from bucketlens.stores.local import LocalStore
from bucketlens.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.stores.base import Store

NO_FOLDER_HOLDS = frozenset(
    {"/lead.jpg", "in//double.jpg", "../up.jpg", "a/../b.jpg", "a/./b.jpg", "trip/", "nul\0.jpg"}
)


@dataclass(frozen=True)
class Backend:
    """One kind of store.

    Attributes:
        name: For messages.
        open: Opens a store; equal names give the same objects, each test uses names of its own.
        refuses: Of the awkward keys, those that it can't hold and says so.
    """

    name: str
    open: Callable[[str], Store]
    refuses: frozenset[str] = field(default_factory=frozenset)


def _memory(_request: pytest.FixtureRequest) -> Backend:
    return Backend("memory", lambda name: MemoryStore(name, "some/prefix/"))


def _local(request: pytest.FixtureRequest) -> Backend:
    root = request.getfixturevalue("tmp_path_factory").mktemp("local")
    return Backend("local", lambda name: LocalStore(root / name), NO_FOLDER_HOLDS)


BACKENDS = {"memory": _memory, "local": _local}


@pytest.fixture(scope="session", params=list(BACKENDS))
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each kind of store in turn."""
    return BACKENDS[request.param](request)


@pytest.fixture
def refuses(backend: Backend) -> frozenset[str]:
    """The awkward keys that this kind of store can't hold."""
    return backend.refuses


@pytest.fixture
def store(backend: Backend, request: pytest.FixtureRequest) -> Store:
    """An empty store."""
    return backend.open(f"test-{abs(hash(request.node.nodeid)):x}")
