"""Programs of other makers that the server is tried with, each in an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.conftest import LOUD, in_ci

CHECKOUT = Path(__file__).resolve().parents[2]


def program(name: str) -> str:
    """Where a program of ``make clients`` is; skips loudly without it, and fails in CI."""
    places = (os.environ.get("TEST_CLIENTS_BIN"), str(CHECKOUT / ".clients" / "bin"))
    for place in places:
        found = shutil.which(name, path=place) if place else None
        if found:
            return found
    missing(f"{name} is not installed; `make clients` installs it")
    raise AssertionError


def missing(what: str) -> None:
    """Skip loudly, or fail where all that can be installed must be there."""
    if in_ci():
        pytest.fail(f"{LOUD} {what}")
    pytest.skip(f"{LOUD} {what}")


def call(
    *arguments: str | Path, folder: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Call a program with no settings of AWS but these."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "SCHEMATHESIS"))}
    return subprocess.run(
        [str(argument) for argument in arguments],
        cwd=folder,
        env={**kept, "AWS_EC2_METADATA_DISABLED": "true", **variables},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
