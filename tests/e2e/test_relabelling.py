"""Relabelling in several processes: interrupted, killed, and started again."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from bucketlens.names import output_name
from bucketlens.records import LabelRecord, decode_record, encode_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.conftest import Cli

RECORDS = 2_200
"""Enough for other processes to be started."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture
def many(collection: Path) -> Path:
    """A collection of thousands of records, without pages."""
    folder = collection / "out" / "metadata"
    record = decode_record((folder / "travel" / "beach.jpg.json").read_bytes())
    assert isinstance(record, LabelRecord)
    for i in range(RECORDS):
        key = f"copies/{i:05}.jpg"
        source = msgspec.structs.replace(record.source, key=key)
        target = folder / output_name(key, ".json")
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(encode_record(msgspec.structs.replace(record, source=source)))
    return collection / "out"


def fingerprints(out: Path) -> set[str]:
    """The settings that records are of."""
    files = (out / "metadata" / "copies").glob("*.json")
    records = (decode_record(path.read_bytes()) for path in files)
    return {record.view_fingerprint for record in records if isinstance(record, LabelRecord)}


def children(process: int) -> list[int]:
    """The processes that a process has begun."""
    try:
        text = Path(f"/proc/{process}/task/{process}/children").read_text()
    except OSError:
        return []
    return [int(number) for number in text.split()]


def until(seconds: float = 60.0) -> Iterator[None]:
    """Look again and again, for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.02)
    pytest.fail("what was waited for did not come")


def test_an_interrupted_relabelling_says_how_to_go_on(many: Path, cli: Cli):
    """What was begun is finished, no process complains, and the same command does the rest."""
    before = fingerprints(many)
    process = cli.start("relabel", "out", "--min-confidence", "91", "--no-pages")
    for _ in until():
        if len(children(process.pid)) > 2:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err.decode()
    assert not out
    assert b"relabel out --min-confidence 91" in err
    assert b"Traceback" not in err
    cli.fine("relabel", "out")
    assert len(fingerprints(many)) == 1
    assert fingerprints(many) != before


def test_the_processes_of_a_killed_relabelling_end_too(many: Path, cli: Cli):
    """None of them waits for work for ever."""
    process = cli.start("relabel", "out", "--min-confidence", "92", "--no-pages")
    for _ in until():
        if len(children(process.pid)) > 2:
            break
    workers = children(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    for _ in until():
        if not any(is_running(worker) for worker in workers):
            break
    cli.fine("relabel", "out")
    assert len(fingerprints(many)) == 1


def is_running(process: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
