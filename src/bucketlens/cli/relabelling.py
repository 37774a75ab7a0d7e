"""Relabelling spread over processes: making labels is Python's work, so threads would not help."""

from __future__ import annotations

import gc
import multiprocessing
import signal
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import chain, islice
from typing import TYPE_CHECKING

from bucketlens.assembly import Collection, build_view, made_by
from bucketlens.assembly.processes import can_fork, forking
from bucketlens.pipeline.indexing import renew_index
from bucketlens.pipeline.parents import end_with_parent
from bucketlens.pipeline.relabelling import Relabeler, Relabelled, record_names
from bucketlens.pipeline.running import available_cores

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from bucketlens.settings import Settings

CHUNK = 256
"""Records that are done at once: what an interruption waits for."""

ALONE = 2_000
"""Up to so many records other processes cost more than they gain."""

EACH_CORE = 2
"""Processes a core: each waits for the disk about half of its time."""

_worker: Relabeler | None = None


def relabel_all(
    collection: Collection, settings: Settings, *, stop: threading.Event, dry_run: bool
) -> Relabelled:
    """Relabel every record of a collection, then renew its index; ``stop`` ends it early."""
    total = Relabelled()
    names = iter(record_names(collection.records))
    alone = _relabeler(collection, settings, dry_run=dry_run)
    first = tuple(islice(names, ALONE))
    if len(first) < ALONE:
        for chunk in _chunks(iter(first), stop):
            total.add(alone.relabel(chunk))
    else:
        names = chain(first, names)
        _relabel_in_processes(names, collection, settings, alone, total, stop)
    if total.written:
        renew_index(collection.records, collection.index)
    return total


def _chunks(names: Iterator[str], stop: threading.Event) -> Iterator[tuple[str, ...]]:
    while not stop.is_set() and (chunk := tuple(islice(names, CHUNK))):
        yield chunk


def _relabel_in_processes(
    names: Iterator[str],
    collection: Collection,
    settings: Settings,
    alone: Relabeler,
    total: Relabelled,
    stop: threading.Event,
) -> None:
    processes = settings.workers or EACH_CORE * available_cores()
    with _pool(processes, collection, settings, alone) as pool:
        running: set[Future[Relabelled]] = set()
        for chunk in _chunks(names, stop):
            with forking():  # the first call starts the processes
                running.add(pool.submit(_relabel, chunk))
            if len(running) >= 2 * processes:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    total.add(future.result())
        for future in running:
            total.add(future.result())


def _pool(
    processes: int, collection: Collection, settings: Settings, alone: Relabeler
) -> ProcessPoolExecutor:
    if can_fork(collection.locations):
        # A fork has the taxonomy and the view at once; making them again would cost a third of a
        # second of each processor.
        gc.freeze()
        return ProcessPoolExecutor(
            processes,
            mp_context=multiprocessing.get_context("fork"),
            initializer=_begin,
            initargs=(alone,),
        )
    return ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_open,
        initargs=(collection.out, settings, alone.dry_run),
    )


def _relabeler(collection: Collection, settings: Settings, *, dry_run: bool) -> Relabeler:
    return Relabeler(
        recorder=collection.recorder,
        view=build_view(settings),
        models=made_by(settings),
        dry_run=dry_run,
    )


def _open(out: str, settings: Settings, dry_run: bool) -> None:  # noqa: FBT001 - a pool's initargs
    """What a process of the pool does first that starts anew."""
    _begin(_relabeler(Collection(out, settings), settings, dry_run=dry_run))


def _begin(relabeler: Relabeler) -> None:
    """What each process of the pool does first."""
    global _worker  # noqa: PLW0603 - a process has one
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the first one decides
    end_with_parent()
    _worker = relabeler


def _relabel(names: tuple[str, ...]) -> Relabelled:
    assert _worker is not None  # noqa: S101 - the initializer ran
    return _worker.relabel(names)
