"""A real server that speaks S3, reached through a proxy that disturbs what passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from tests.faults.mishaps import Misfortune
from tests.faults.proxy import Proxy, disturbing
from tests.servers import Server, ministack, seaweedfs

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET = "faults"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """SeaweedFS with a bucket."""
    with seaweedfs(tmp_path_factory.mktemp("faults-seaweedfs")) as started:
        client_of(started, "s3").create_bucket(Bucket=BUCKET)
        yield started


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Ministack, which has queues too."""
    with ministack(tmp_path_factory.mktemp("faults-ministack")) as started:
        yield started


@pytest.fixture(scope="session")
def variables(server: Server) -> Iterator[None]:
    """The credentials are in the environment, and nothing else of AWS."""
    with pytest.MonkeyPatch.context() as patch:
        server.set_variables(patch)
        yield


@pytest.fixture(scope="session")
def listening(server: Server, variables: None) -> Iterator[Proxy]:
    """A proxy before SeaweedFS."""
    del variables
    with disturbing(server) as started:
        yield started


@pytest.fixture
def proxy(listening: Proxy) -> Iterator[Proxy]:
    """The same, which does no harm before and after each test."""
    listening.misfortune = Misfortune()
    yield listening
    listening.misfortune = Misfortune()


def client_of(server: Server, service: str) -> Any:  # noqa: ANN401 - boto3 makes its classes
    """A client of boto3."""
    return boto3.client(
        service,
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=server.keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=server.keys["AWS_SECRET_ACCESS_KEY"],
    )
