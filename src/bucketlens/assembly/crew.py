"""Processes that make labels again; few records are done in this one."""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeAlias

from bucketlens.assembly.looking import build_view, made_by
from bucketlens.assembly.processes import can_fork, forking
from bucketlens.assembly.rewriting import Rewriter
from bucketlens.catalog.files import Files
from bucketlens.catalog.listing import write_listing
from bucketlens.labels import View
from bucketlens.labels.showing import BatchView
from bucketlens.pipeline.parents import end_with_parent
from bucketlens.pipeline.previewing import Previewer, ShownLabels
from bucketlens.pipeline.relabelling import Relabeler
from bucketlens.pipeline.running import available_cores
from bucketlens.stores import is_remote

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future
    from types import TracebackType

    from bucketlens.assembly import Collection
    from bucketlens.catalog.outdated import Row
    from bucketlens.pipeline.labelling import LabelView
    from bucketlens.pipeline.standing import Standing
    from bucketlens.settings import Settings
    from bucketlens.stores import Store

ALONE = 2_000
"""Up to so many records other processes cost more than they gain."""

EACH_CORE = 2
"""Processes a core where records are written: each waits for the disk about half of its time."""

AHEAD = 3
"""Tasks that are handed out at once, a process."""

AT_ONCE = 16
"""Requests to a store over a network that wait at the same time, a process."""


class Records(NamedTuple):
    """Records to relabel.

    Attributes:
        rows: Their names, and what the catalog knows of them.
        piece: Number of the piece that they become, for the catalog.
    """

    rows: tuple[Row, ...]
    piece: int


Asked: TypeAlias = "Records | ShownLabels | Path"
"""Records to relabel, images to compare with what they would show, or the file that the listing of
all records goes to."""


class Task(NamedTuple):
    """Something to do.

    Attributes:
        asked: See :data:`Asked`.
        take: Takes the answer, in this process.
    """

    asked: Asked
    take: Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Worker:
    """What each process has.

    Attributes:
        records: All of them.
        rewriter: Relabels records.
        previewer: Compares what the catalog shows; None where a service made the labels.
    """

    records: Store
    rewriter: Rewriter
    previewer: Previewer | None

    def do(self, asked: Asked) -> object:
        """Answer a task."""
        if isinstance(asked, Path):
            write_listing(self.records.list(), asked)
            return None
        if not isinstance(asked, ShownLabels):
            return self.rewriter.relabel(asked.rows, asked.piece)
        assert self.previewer is not None  # noqa: S101 - nothing else asks
        return self.previewer.preview(asked)


class Crew:
    """Does tasks, in this process or in several others.

    Args:
        collection: What is worked on.
        settings: In force.
        view: Made of them already.
        dry_run: Change nothing.

    Attributes:
        processes: How many there are once they are started.
    """

    def __init__(
        self, collection: Collection, settings: Settings, view: LabelView, *, dry_run: bool
    ) -> None:
        """Start nothing yet."""
        self._collection = collection
        self._settings = settings
        self._dry_run = dry_run
        scratch = collection.catalog.scratch
        self._worker = _worker_of(collection, settings, view, scratch, dry_run=dry_run)
        each = 1 if dry_run else EACH_CORE
        self.processes = settings.workers or each * available_cores()
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        """Nothing is started until :meth:`start`."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=kind is not None)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that labels can have, by their numbers."""
        return self._worker.previewer.names if self._worker.previewer else ()

    def start(self) -> None:
        """Start the processes, before anything is opened that a fork can't share."""
        if can_fork(self._collection.locations):
            # A fork has the taxonomy and the view at once; making them again would cost a third of
            # a second of each processor.
            gc.freeze()
            self._pool = ProcessPoolExecutor(
                self.processes,
                mp_context=multiprocessing.get_context("fork"),
                initializer=_begin,
                initargs=(self._worker,),
            )
        else:
            self._pool = ProcessPoolExecutor(
                self.processes,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_open,
                initargs=(
                    self._collection.out,
                    self._settings,
                    self._collection.catalog.scratch,
                    self._dry_run,
                ),
            )
        with forking():  # the first call starts the processes
            self._pool.submit(_wake).result()
        gc.unfreeze()  # all processes are there

    @contextmanager
    def listing(self) -> Iterator[Callable[[], Path] | None]:
        """One of the processes lists the records while this one gets ready; None without any.

        What is given waits for the file, which goes at the end.
        """
        if self._pool is None:
            yield None
            return
        with TemporaryDirectory(prefix="bucketlens-listing-", ignore_cleanup_errors=True) as folder:
            path = Path(folder) / "records.csv"
            listing = self._pool.submit(_do, path)

            def listed() -> Path:
                listing.result()
                return path

            yield listed

    def do(self, tasks: Iterable[Task], stop: threading.Event) -> None:
        """Do tasks and take their answers in order; ``stop`` ends it early."""
        waiting: deque[tuple[Future[object], Task]] = deque()
        for task in tasks:
            if stop.is_set():
                break
            if self._pool is None:
                task.take(self._worker.do(task.asked))
                continue
            waiting.append((self._pool.submit(_do, task.asked), task))
            if len(waiting) >= AHEAD * self.processes:
                _take(*waiting.popleft())
        while waiting:
            answer, task = waiting.popleft()
            if not (stop.is_set() and answer.cancel()):  # those that are begun are the first ones
                _take(answer, task)


def _take(answer: Future[object], task: Task) -> None:
    task.take(answer.result())


def _worker_of(
    collection: Collection, settings: Settings, view: LabelView, scratch: Path, *, dry_run: bool
) -> Worker:
    batch = BatchView(view) if isinstance(view, View) else None

    def relabeler(told: Callable[[Standing, Standing], None]) -> Relabeler:
        return Relabeler(
            collection.recorder,
            view,
            made_by(settings),
            batch,
            dry_run=dry_run,
            told=told,
            at_once=AT_ONCE if is_remote(collection.records.location) else 1,
        )

    files = Files(collection.private, scratch)
    return Worker(
        collection.records, Rewriter(relabeler, files), Previewer(batch) if batch else None
    )


_worker: Worker | None = None


def _open(
    out: str,
    settings: Settings,
    scratch: Path,
    dry_run: bool,  # noqa: FBT001 - a pool's initargs
) -> None:
    """What a process of the pool does first that starts anew."""
    from bucketlens.assembly import Collection  # noqa: PLC0415 - it imports this module's kin

    collection = Collection(out, settings)
    _begin(_worker_of(collection, settings, build_view(settings), scratch, dry_run=dry_run))


def _begin(worker: Worker) -> None:
    """What each process of the pool does first."""
    global _worker  # noqa: PLW0603 - a process has one
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the first one decides
    end_with_parent()
    _worker = worker


def _wake() -> None:
    """Nothing, but a process must be there to do it."""


def _do(asked: Asked) -> object:
    assert _worker is not None  # noqa: S101 - the initializer ran
    return _worker.do(asked)
