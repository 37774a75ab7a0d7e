"""The command line as a process, and folders of photos for it."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from tests.e2e.folders import SEED, Folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Cli:
    """Calls ``python -m bucketlens`` from this checkout, with no settings in its environment.

    Attributes:
        folder: Where it is called.
        session: In a session of its own, as the shell of a terminal does.
    """

    folder: Path
    sources: Path
    environment: dict[str, str] = field(default_factory=dict)
    session: bool = False

    def start(self, *arguments: str | Path, **variables: str) -> subprocess.Popen[bytes]:
        """Start a call and do not wait for it."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("BUCKETLENS_", "COV"))}
        return subprocess.Popen(
            [sys.executable, "-m", "bucketlens", *map(str, arguments)],
            env=kept | {"PYTHONPATH": str(self.sources)} | self.environment | variables,
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=self.session,
        )

    def __call__(
        self, *arguments: str | Path, given: str | bytes = b"", **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Call it and wait: exit status, standard output, standard error."""
        data = given.encode() if isinstance(given, str) else given
        with self.start(*arguments, **variables) as process:
            out, err = process.communicate(data, timeout=120)
        return subprocess.CompletedProcess(
            process.args, process.returncode, out.decode(), err.decode()
        )

    def fine(self, *arguments: str | Path, **variables: str) -> str:
        """Call it, insist on exit status 0, and give its standard output."""
        done = self(*arguments, **variables)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def cli(tmp_path: Path, root: Path) -> Cli:
    """The command line, called in the test's own folder."""
    return Cli(tmp_path, root / "src")


@pytest.fixture(scope="session")
def labelled(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """The example photos in ``photos`` and a finished run over them in ``out``; to be copied."""
    folder = tmp_path_factory.mktemp("labelled")
    shutil.copytree(root / "examples" / "photos", folder / "photos")
    Cli(folder, root / "src").fine("run", "photos", "out")
    return folder


@pytest.fixture
def collection(labelled: Path, tmp_path: Path) -> Path:
    """A finished run of one's own: ``photos`` and ``out`` in the test's folder."""
    shutil.copytree(labelled, tmp_path, dirs_exist_ok=True, copy_function=shutil.copy2)
    return tmp_path


@pytest.fixture
def ordinary_user(tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Makes the calling process one that may not do everything, where it is the administrator."""
    if not hasattr(os, "geteuid"):
        pytest.skip("permissions of this system are of another kind")
    before = os.geteuid()
    if before == 0:
        for folder in (tmp_path, *tmp_path.parents):
            if "pytest-" in folder.as_posix():
                folder.chmod(0o777)
    yield lambda: os.seteuid(65534) if before == 0 else None
    os.seteuid(before)


@pytest.fixture
def photos(tmp_path: Path) -> Folder:
    """A folder of photos, some of them bad, under plain and awkward names."""
    folder = Folder(tmp_path / "photos", random.Random(SEED))  # noqa: S311 - no secrets
    folder.fill()
    return folder
