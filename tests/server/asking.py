"""Servers as processes, and requests to them as they go over the wire."""

from __future__ import annotations

import http.client
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
PHOTOS = ROOT / "examples" / "photos"
START_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever it holds
        """The body, read."""
        return json.loads(self.body)


@dataclass
class Running:
    """A server process.

    Attributes:
        url: Where it answers.
        folder: Where it was started.
        process: It.
        reader: Reads its log.
        lines: Its log so far, one parsed line each.
    """

    url: str
    folder: Path
    process: subprocess.Popen[str]
    reader: threading.Thread
    lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        assert parts.hostname
        assert parts.port
        return parts.hostname, parts.port

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> Answer:
        """One request; underscores in the names of headers stand for hyphens."""
        connection = http.client.HTTPConnection(*self.address, timeout=30)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body=body, headers=named)
            response = connection.getresponse()
            told = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, told, response.read())
        finally:
            connection.close()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Tell it to stop; its exit status."""
        self.process.send_signal(number)
        status = self.process.wait(timeout=20)
        self.reader.join(timeout=5)
        return status


def start(folder: Path, *arguments: str, **settings: str) -> Running:
    """A server over ``photos`` into ``out`` of a folder, from its first answer on."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BUCKETLENS_", "AWS_"))}
    variables = {f"BUCKETLENS_{name.upper()}": value for name, value in settings.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "bucketlens", "serve", "photos", "out", "--port", "0", *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT / "src"), "BUCKETLENS_LOG_FORMAT": "json", **variables},
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    lines: list[dict[str, Any]] = []
    ready: queue.Queue[str | None] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process, lines, ready), daemon=True)
    reader.start()
    url = ready.get(timeout=START_SECONDS)
    assert url, lines
    return Running(url, folder, process, reader, lines)


def _read(
    process: subprocess.Popen[str], lines: list[dict[str, Any]], ready: queue.Queue[str | None]
) -> None:
    assert process.stderr
    with process.stderr as log:
        for text in log:
            try:
                line = json.loads(text)
            except ValueError:
                line = {"message": "not JSON", "text": text}
            lines.append(line)
            if line.get("message") == "ready":
                ready.put(line["url"])
    ready.put(None)
