"""The processes of a run: whether it has some, and how each comes by its parts.

On Linux with folders they are forks of this process, which has its models open: one begins within
milliseconds, and memory for the models is taken once. Elsewhere each starts anew and opens its own
(macOS forks no process that has threads with a good conscience, and connections to buckets do not
survive it). Threads of this process do all where processes could not share what is worked on: a
store in memory, a model on a GPU, a service with one account of what is spent.
"""

from __future__ import annotations

import gc
import multiprocessing
import sys
import time
import warnings
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from bucketlens.catalog.engine import load_engine
from bucketlens.models.rekognition import REKOGNITION
from bucketlens.pipeline.helping import Post, serve
from bucketlens.pipeline.settling import Settler
from bucketlens.pipeline.spreading import Helpers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from bucketlens.assembly import Collecting
    from bucketlens.settings import Settings

LEAST_FORKED = 32
LEAST_STARTED = 256
"""Images that a source must have: a fork costs milliseconds, a start two thirds of a second."""


class Place(NamedTuple):
    """Where a run reads and writes, as the user said."""

    source: str
    out: str


def find_helpers(
    opened: Collecting, place: Place, settings: Settings, processes: int
) -> Helpers | None:
    """The processes of a run; None where its threads do all.

    Args:
        opened: What they work on.
        place: Where that is.
        settings: ``workers`` says how many, where it says anything.
        processes: So many else; 1 where the program is not ready for more.
    """
    count = 1 if processes == 1 else settings.workers or processes
    locations = [opened.images.location, *opened.collection.locations]
    alone = settings.classifier == REKOGNITION or settings.provider != "cpu"
    if count == 1 or alone or any(place.startswith("memory://") for place in locations):
        return None
    if can_fork(locations):
        fork = partial(_fork, opened, settings)
        return Helpers(count, fork, LEAST_FORKED, meanwhile=load_engine)
    start = partial(_start, opened, place, settings)
    told = opened.collection.index.told
    return Helpers(count, start, LEAST_STARTED, told, meanwhile=load_engine)


def _fork(opened: Collecting, settings: Settings, tasks: Connection) -> BaseProcess:
    pages = opened.collection.pages
    if pages is not None:
        pages.prepare()
    gc.freeze()  # else the first collection of each process copies all that they share
    process = multiprocessing.get_context("fork").Process(
        target=serve,
        args=(Post(tasks), opened.settler, opened.labeler, settings),
        kwargs={"looks": True},
        name="helper",
    )
    with forking():
        process.start()
    gc.unfreeze()  # else nothing of before is ever collected here, and DuckDB complains at the end
    return process


def can_fork(locations: Iterable[str]) -> bool:
    """Whether processes that work on these stores may be forks of this one."""
    return sys.platform == "linux" and not any("://" in location for location in locations)


@contextmanager
def forking() -> Iterator[None]:
    """Around what forks: Python 3.12 and later warn of threads, which may hold locks.

    The threads that live then (a listing is counted, a bar is drawn, NumPy's wait) hold none that
    a fork of ours takes.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def _start(opened: Collecting, place: Place, settings: Settings, tasks: Connection) -> BaseProcess:
    pages = opened.collection.pages
    if pages is not None:
        pages.begin()  # before several would each begin it
    process = multiprocessing.get_context("spawn").Process(
        target=_open_and_serve, args=(tasks, place, settings), name="helper"
    )
    process.start()
    return process


def _open_and_serve(tasks: Connection, place: Place, settings: Settings) -> None:
    from bucketlens.assembly import open_collecting  # noqa: PLC0415 - it imports this module

    post = Post(tasks)
    opened = open_collecting(place.source, place.out, settings, check=False)
    # The index of the first process is told of what is put, which saves it reading that back.
    recorder = opened.collection.recorder_telling(post.put)
    settler = Settler(opened.images, recorder, opened.labeler, time.time)
    serve(post, settler, opened.labeler, settings)
