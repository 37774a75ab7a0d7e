"""Relabelling spread over processes: making labels is Python's work, so threads would not help."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import islice
from typing import TYPE_CHECKING

from bucketlens.assembly import Collection, build_view, made_by
from bucketlens.pipeline.indexing import renew_index
from bucketlens.pipeline.relabelling import Relabeler, Relabelled, record_names
from bucketlens.pipeline.running import available_cores

if TYPE_CHECKING:
    from bucketlens.settings import Settings

CHUNK = 256
"""Records that a process is handed at once."""

ALONE = 2_000
"""Up to so many records a second process costs more than it gains."""

_worker: Relabeler | None = None


def relabel_all(collection: Collection, settings: Settings, *, dry_run: bool) -> Relabelled:
    """Relabel every record of a collection, then renew its index."""
    total = Relabelled()
    names = iter(record_names(collection.records))
    total.add(_relabeler(collection, settings, dry_run=dry_run).relabel(islice(names, ALONE)))
    processes = settings.workers or available_cores()
    with ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(collection.out, settings, dry_run),
    ) as pool:
        running: set[Future[Relabelled]] = set()
        while chunk := tuple(islice(names, CHUNK)):
            running.add(pool.submit(_relabel, chunk))
            if len(running) >= 2 * processes:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    total.add(future.result())
        for future in running:
            total.add(future.result())
    if total.changed and not dry_run and collection.pages is not None:
        renew_index(collection.records, collection.private, collection.pages)
    return total


def _relabeler(collection: Collection, settings: Settings, *, dry_run: bool) -> Relabeler:
    return Relabeler(
        recorder=collection.recorder,
        view=build_view(settings),
        models=made_by(settings),
        dry_run=dry_run,
    )


def _begin(out: str, settings: Settings, dry_run: bool) -> None:  # noqa: FBT001 - a pool's initargs
    global _worker  # noqa: PLW0603 - a process has one
    _worker = _relabeler(Collection(out, settings), settings, dry_run=dry_run)


def _relabel(names: tuple[str, ...]) -> Relabelled:
    assert _worker is not None  # noqa: S101 - the initializer ran
    return _worker.relabel(names)
