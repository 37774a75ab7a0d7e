"""The processes of a run: when there are some, and that they do what threads do."""

from __future__ import annotations

import hashlib
import sys
import threading
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import pytest

from bucketlens.assembly import open_collecting, open_pass, processes
from bucketlens.edits import Edit
from bucketlens.pipeline.passing import Tally
from bucketlens.pipeline.plans import Outcome
from bucketlens.pipeline.spreading import Helpers
from bucketlens.records import canonical, decode_record
from bucketlens.settings import Settings
from bucketlens.stores import open_store

if TYPE_CHECKING:
    from pathlib import Path

QUICK = Settings(detector="none", workers=2)


def helpers_of(source: str, out: str, settings: Settings = QUICK) -> Helpers | None:
    """The processes that a run would have."""
    return open_pass(source, out, settings, processes=4).helpers


def test_only_what_processes_can_share_is_given_to_processes(tmp_path: Path):
    """A store in memory is one process's own, and one worker needs no other."""
    (tmp_path / "in").mkdir()
    source, out = str(tmp_path / "in"), str(tmp_path / "out")
    assert helpers_of(source, out) is not None
    assert helpers_of(source, out, Settings(detector="none", workers=1)) is None
    assert helpers_of(source, "memory://out") is None
    assert helpers_of("memory://in", out) is None
    site = Settings(detector="none", workers=2, site_location="memory://site")
    assert helpers_of(source, out, site) is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks")
def test_connections_to_buckets_are_not_forked(tmp_path: Path):
    """Such a process starts anew, and only for more images than a fork."""
    (tmp_path / "in").mkdir()
    forked = helpers_of(str(tmp_path / "in"), str(tmp_path / "out"))
    settings = msgspec.structs.replace(QUICK, s3_anonymous=True)
    started = helpers_of(str(tmp_path / "in"), "s3://bucket/out", settings)
    assert forked is not None
    assert started is not None
    assert (forked.least, started.least) == (processes.LEAST_FORKED, processes.LEAST_STARTED)


@pytest.mark.slow
def test_started_and_forked_processes_leave_what_threads_leave(tmp_path: Path, root: Path):
    """Every byte of records, pages and pictures, but for times; what people said among them."""
    source = tmp_path / "in"
    source.mkdir()
    for number, photo in enumerate(sorted((root / "examples" / "photos").rglob("*.jpg"))):
        (source / f"{number}.jpg").write_bytes(photo.read_bytes())
    picture = hashlib.sha256((source / "0.jpg").read_bytes()).hexdigest()
    said = (Edit(label="Mine", by="anna", at=1.0),)
    left = {}
    for how in ("threads", "_start", "_fork"):
        if how == "_fork" and sys.platform != "linux":
            continue
        out = str(tmp_path / how)
        opened = open_collecting(str(source), out, QUICK, check=False)
        opened.collection.edits.change(picture, "0.jpg", lambda _: said)
        place = processes.Place(str(source), out)
        start = {
            "threads": None,
            "_start": partial(processes._start, opened, place, QUICK),
            "_fork": partial(processes._fork, opened, QUICK),
        }[how]
        work = open_pass(str(source), out, QUICK)
        work = replace(work, helpers=Helpers(2, start, 1) if start else None)
        tally = Tally()
        work.run(tally, stop=threading.Event())
        assert tally.outcomes == {Outcome.LABELLED: number + 1}
        left[how] = state_of(tmp_path / how)
    assert len(left["threads"]) > 5 * number
    assert b'"Mine"' in left["threads"]["0.jpg.json"]
    assert all(state == left["threads"] for state in left.values())


OF_IMAGES = ("images/", "thumbs/", "previews/", "data/images/", "assets/")


def state_of(out: Path) -> dict[str, bytes]:
    """What records say of the images, and every byte of what shows them one by one."""
    records, site = open_store(str(out / "metadata")), open_store(str(out / "site"))
    state = {i.key: canonical(decode_record(records.get(i.key).data)) for i in records.list()}
    shown = [info.key for info in site.list() if info.key.startswith(OF_IMAGES)]
    return state | {f"site/{key}": site.get(key).data for key in shown}
