"""A server of ours as a process of its own, for benchmarks that ask it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """``bucketlens serve photos out`` in a folder, and the URL where it answers.

    Args:
        folder: Holds ``photos``, which is made if need be.
        arguments: More of the command line.
    """
    (folder / "photos").mkdir(exist_ok=True)
    command = [sys.executable, "-m", "bucketlens", "serve", "photos", "out", "--port", "0"]
    process = subprocess.Popen(
        [*command, *arguments],
        cwd=folder,
        env={**os.environ, "BUCKETLENS_LOG_FORMAT": "json"},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr  # noqa: S101 - it was asked for
    # People may be told something before the log begins.
    lines = (json.loads(line) for line in process.stderr if line.startswith("{"))
    url = next(line["url"] for line in lines if line["message"] == "ready")
    # A process of its own reads the log, so that this one only asks.
    log = subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)  # noqa: S607
    try:
        yield process, url
    finally:
        process.terminate()
        process.wait()
        log.wait()
