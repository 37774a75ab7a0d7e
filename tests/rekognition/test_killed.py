"""A run that is killed while it pays: little is lost, and the next one goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from tests.laboratory import photo

from bucketlens.pipeline.spending import LARGEST_BLOCK

if TYPE_CHECKING:
    from tests.rekognition.double import Double

SOURCES = Path(__file__).resolve().parents[2] / "src"
IMAGES, KILLED_AT, AT_ONCE = 40, 20, 4


def test_a_killed_run_loses_at_most_a_block_and_the_calls_under_way(double: Double, tmp_path: Path):
    """Every image is labelled in the end; the ledger never says less than was spent."""
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    for i in range(IMAGES):
        (photos / f"{i:02}.jpg").write_bytes(photo((6 * i, 20, 20), (320, 240)))

    doomed = start(photos, out)
    calls = threading.Semaphore(KILLED_AT)

    def kill_in_time() -> None:
        if not calls.acquire(blocking=False):
            doomed.kill()

    double.before = kill_in_time
    assert doomed.wait() < 0
    done = len(double.requests)
    assert KILLED_AT <= done < IMAGES
    assert spent(out) >= done

    double.before = lambda: None
    assert start(photos, out).wait() == 0
    assert len(list((out / "metadata").glob("*.json"))) == IMAGES
    assert len(double.requests) <= IMAGES + AT_ONCE
    assert 0 <= spent(out) - len(double.requests) <= LARGEST_BLOCK


def start(photos: Path, out: Path) -> subprocess.Popen[bytes]:
    """A run of its own."""
    settings = ("rekognition_rate=1000", "workers=1", f"batch_size={AT_ONCE}", "pages=false")
    options = [part for setting in settings for part in ("--set", setting)]
    command = [sys.executable, "-m", "bucketlens", "run", str(photos), str(out), *options]
    return subprocess.Popen(
        [*command, "--model", "rekognition"],
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def spent(out: Path) -> int:
    """Calls that the ledger has."""
    (ledger,) = (out / "state").glob("spend-*.json")
    return int(json.loads(ledger.read_text("utf-8"))["calls"])
