"""The double, running, and an environment in which boto3 finds it and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.rekognition.double import Double, Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def bare_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No region, no credentials, no endpoint from whoever runs the tests."""
    for name in (
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"),
        *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"),
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    return monkeypatch


@pytest.fixture
def double(bare_aws: pytest.MonkeyPatch) -> Iterator[Double]:
    """The service, without a mistake in what it was asked."""
    with Server() as server:
        bare_aws.setenv("AWS_ENDPOINT_URL_REKOGNITION", server.url)
        bare_aws.setenv("AWS_REGION", "us-east-1")
        bare_aws.setenv("AWS_ACCESS_KEY_ID", "test")
        bare_aws.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield server.double
    assert not server.double.mistakes
