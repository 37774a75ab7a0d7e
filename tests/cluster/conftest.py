"""A cluster of two worker processes for all tests of a session's process."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from bucketlens.cluster.deploying import Deployment, connected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bucketlens.cluster.deploying import Connection


@pytest.fixture(scope="session")
def cluster() -> Iterator[Connection]:
    """Of a cluster of this machine."""
    if sys.platform == "win32":
        pytest.skip("these tests end processes by signals of POSIX")
    with connected(Deployment(workers=2)) as connection:
        yield connection
