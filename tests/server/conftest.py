"""Servers with the example photos: one for anybody on this machine, one that wants credentials."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.browser import launched_chromium
from tests.server.asking import PHOTOS, ROOT, Running, start

from bucketlens.server.credentials import (
    AccessKey,
    Credentials,
    Token,
    User,
    hash_password,
    write_credentials,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "correct horse battery"  # noqa: S105 - of a user that is only here
TOKEN = "a-token-of-the-tests"  # noqa: S105
KEY_ID = "BLKTESTTESTTESTTEST1"
SECRET = "secret/of+the/tests0000"  # noqa: S105


@pytest.fixture(scope="session")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example photos in ``photos`` and a finished run over them in ``out``; to be copied."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(PHOTOS, folder / "photos")
    subprocess.run(
        [sys.executable, "-m", "bucketlens", "run", "photos", "out"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def folder(labelled: Path, tmp_path: Path) -> Path:
    """Photos and outputs of one's own."""
    shutil.copytree(labelled, tmp_path, dirs_exist_ok=True, copy_function=shutil.copy2)
    return tmp_path


@pytest.fixture(scope="session")
def server(labelled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that asks for no credentials, with its photos also as the bucket ``holiday``."""
    folder = tmp_path_factory.mktemp("open")
    shutil.copytree(labelled, folder, dirs_exist_ok=True, copy_function=shutil.copy2)
    (folder / "photos" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and then nothing")
    running = start(folder, "--uploads", buckets='{"holiday": "photos"}')
    yield running
    running.stop()


@pytest.fixture(scope="session")
def credentials(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of a user, a token and access keys, one of them expired, one with a session token."""
    path = tmp_path_factory.mktemp("credentials") / "access.toml"
    write_credentials(
        path,
        Credentials(
            users={"anna": User(hash_password(PASSWORD))},
            tokens={"script": Token(hashlib.sha256(TOKEN.encode()).hexdigest())},
            access_keys={
                KEY_ID: AccessKey(SECRET),
                "BLKEXPIRED0000000001": AccessKey(SECRET, "", datetime(2020, 1, 1, tzinfo=UTC)),
                "BLKTEMPORARY00000001": AccessKey(SECRET, "session-token"),
            },
        ),
    )
    return path


@pytest.fixture(scope="session")
def guarded(
    labelled: Path, credentials: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """A server that wants credentials."""
    folder = tmp_path_factory.mktemp("guarded")
    shutil.copytree(labelled, folder, dirs_exist_ok=True, copy_function=shutil.copy2)
    running = start(folder, "--credentials", str(credentials), buckets='{"holiday": "photos"}')
    yield running
    running.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium, driven by Playwright."""
    with launched_chromium() as browser:
        yield browser
