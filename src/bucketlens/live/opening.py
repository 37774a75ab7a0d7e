"""The live side put together as the settings say."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

import msgspec

from bucketlens.assembly import build_labeler, open_collecting
from bucketlens.errors import ConfigError, TransientError
from bucketlens.events import Intake, source_place
from bucketlens.live.arrivals import Arrivals
from bucketlens.live.crew import Crew, CrewLabeler, open_crew
from bucketlens.live.desk import Desk
from bucketlens.live.folder import FolderWatch, check_events
from bucketlens.live.guarding import RemovalGuard
from bucketlens.live.keys import LiveKeys
from bucketlens.live.lanes import ARRIVED, BACKLOG, build_lanes, lane_labelers
from bucketlens.live.measures import NoMeasures
from bucketlens.live.passes import LivePass
from bucketlens.live.polling import BUCKET_SECONDS, FOLDER_SECONDS, Direct, Poll
from bucketlens.live.reconciling import Reconciler
from bucketlens.live.requests import Requests
from bucketlens.live.service import Live, Parts
from bucketlens.live.settling import LiveSettler, QueuedLabeler
from bucketlens.live.steady import SteadySource
from bucketlens.live.timing import StageTimes
from bucketlens.live.troubles import Troubles
from bucketlens.live.watching import BucketWatch, NoWatcher, QueueWatch
from bucketlens.pipeline.running import available_cores
from bucketlens.pipeline.scoring import ModelScorer
from bucketlens.records import RECORD_SUFFIX
from bucketlens.worker import Worker
from bucketlens.worker.index import IndexKeeper
from bucketlens.worker.opening import index_renewal, open_queue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bucketlens.assembly import Collecting
    from bucketlens.live.measures import Measures
    from bucketlens.live.watching import Watcher
    from bucketlens.pipeline.labelling import Labeler
    from bucketlens.settings import Settings
    from bucketlens.stores import Store
    from bucketlens.worker import Queue

SHOWN_SECONDS = 2.0
"""While there is other work, the index is renewed so often, if it can be made that fast."""

INDEX_SHARE = 0.1
"""Of the machine, for the index at most."""

MOST_THREADS = 64
"""For keys, however many cores there are: they wait more than they work."""

READING_AND_WRITING = 4
"""Keys beyond those at the desk: some are read, some are written."""


def open_live(source: str, out: str, settings: Settings, measures: Measures | None = None) -> Live:
    """The live side of a server for one source, its models loaded; nothing is begun yet.

    Args:
        source: Path or URL of the images.
        out: Path or URL that the records and the site stand below.
        settings: In force.
        measures: Told what is counted and timed.

    Raises:
        ConfigError: As for a pass; or the source can't be watched as the settings say.
        TransientError: OUT or the queue can't be reached now.
    """
    place = source_place(source) if settings.queue_url else None  # says why a folder has no queue
    queue = open_queue(settings.queue_url, settings) if place else None
    opened = open_collecting(source, out, settings, check=True)
    parts = _Parts(source, opened, settings, measures or NoMeasures(), queue)
    return Live(parts.all())


def open_labelers(settings: Settings) -> dict[str, Labeler]:
    """What labels the images of each lane, in a process of its own."""
    return lane_labelers(build_labeler(settings), settings)


class _Parts:
    """The parts, each made when another one needs it."""

    def __init__(
        self,
        source: str,
        opened: Collecting,
        settings: Settings,
        measures: Measures,
        queue: Queue | None,
    ) -> None:
        self.opened = opened
        self.settings = settings
        self.measures = measures
        self.queue = queue
        self.cores = settings.workers or available_cores()
        self.times = StageTimes()
        self.troubles = Troubles()
        location = opened.images.location
        self.labelers = self._labelers()
        self.crew = self._crew()  # the first of all: a process with threads should not fork
        self.folder = None if "://" in location else SteadySource(opened.images)
        if self.folder is not None and not self.folder.is_there():
            raise ConfigError(f"the folder {location} does not exist")
        self.images: Store = self.folder or opened.images
        self.intake = None if self.folder else Intake(source_place(source), opened.wanted)

    def all(self) -> Parts:
        """What the live side is made of."""
        return Parts(
            opened=self.opened,
            desk=self.desk,
            crew=self.crew,
            keys=self.keys,
            requests=Requests(self.desk, self.measures, self.settings.max_waiting),
            watcher=self.watcher,
            reconciler=self.reconciler,
            troubles=self.troubles,
            intake=self.intake,
            arrivals=self.arrivals,
            index=self.index,
        )

    @cached_property
    def desk(self) -> Desk:
        return Desk(build_lanes(self.labelers, self.settings), self.cores, self.measures)

    @cached_property
    def index(self) -> IndexKeeper | None:
        renew = index_renewal(self.opened, self.settings)
        if renew is None:
            return None

        def renew_or_tell(keys: frozenset[str] | None) -> Iterable[str]:
            try:
                back = renew(keys)
            except ConfigError as exc:  # a server goes on, and tries again
                self.troubles.tell("index", exc)
                raise TransientError(exc.message, setting=exc.setting) from exc
            self.troubles.tell("index", None)
            return back

        return IndexKeeper(
            renew_or_tell,
            min(self.settings.index_seconds, SHOWN_SECONDS),
            lambda exc: self.troubles.tell("index", exc),
            pause_factor=max(1.0, 1.0 / (INDEX_SHARE * self.cores) - 1.0),
        )

    @cached_property
    def keys(self) -> LiveKeys:
        return LiveKeys(
            LiveSettler(
                self.images,
                self.opened.collection.recorder,
                self._labeler(ARRIVED),
                self.times,
                self._guard(),
            ),
            self.times,
            max_bytes=self.settings.max_bytes,
            threads=self._threads(),
            measures=self.measures,
            after=self,
        )

    @cached_property
    def reconciler(self) -> Reconciler:
        work = LivePass(
            self.opened,
            self.images,
            self._labeler(BACKLOG),
            self.settings,
            busy=self.keys.busy,
            count=self.keys.count,
            changed=self.changed,
        )
        return Reconciler(
            work.run,
            self.settings.reconcile_seconds,
            lambda exc: self.troubles.tell("reconcile", exc),
        )

    @cached_property
    def arrivals(self) -> Arrivals | None:
        if self.folder is None:
            return None
        records, wanted = self.opened.collection.records, self.opened.wanted
        return Arrivals(self.folder, records, wanted, self.keys.hear, self.lost)

    @cached_property
    def watcher(self) -> Watcher:
        if self.settings.watch == "off":
            return NoWatcher("nothing" if self.folder else "notifications")
        if self.folder is not None and self.arrivals is not None:
            how = {"auto": None, "events": True, "poll": False}[self.settings.watch]
            poll = self._poll(self.arrivals, FOLDER_SECONDS)
            check_events(how)
            return FolderWatch(self.folder, self.arrivals, poll, self.lost, events=how)
        if self.queue is not None:
            return QueueWatch(self._worker, lambda exc: self.troubles.tell("queue", exc))
        if self.settings.watch == "events":
            return NoWatcher("notifications")
        return BucketWatch(self._poll(Direct(self.keys.hear), BUCKET_SECONDS))

    def _labelers(self) -> dict[str, Labeler]:
        """What labels the images of each lane, in this process."""
        own = self.opened.labeler
        requests = None
        if not isinstance(own.scorer, ModelScorer):  # a service: it reads nothing from the source
            unkept = msgspec.structs.replace(self.settings, pages=False)
            requests = build_labeler(unkept, private=self.opened.collection.private)
        return lane_labelers(own, self.settings, requests)

    def _crew(self) -> Crew | None:
        """The processes that label; None where threads do as well, or must."""
        models = isinstance(self.opened.labeler.scorer, ModelScorer)
        if not models or self.settings.provider != "cpu" or self.cores == 1:
            return None
        crew = open_crew(self.labelers, self.cores, partial(open_labelers, self.settings))
        self.labelers = {
            lane: CrewLabeler(labeler, crew, lane) for lane, labeler in self.labelers.items()
        }
        return crew

    def _poll(self, heard: Arrivals | Direct, seconds: float) -> Poll:
        records, wanted = self.opened.collection.records, self.opened.wanted
        seconds = self.settings.poll_seconds or seconds
        return Poll(self.images, records, wanted, heard, self.lost, seconds)

    def _worker(self) -> Worker:
        assert self.queue is not None  # noqa: S101 - only called where there is one
        assert self.intake is not None  # noqa: S101 - a queue speaks of a bucket
        keys = self._threads()
        return Worker(self.queue, self.intake, self.keys.settle, threads=keys, tells=False)

    def _threads(self) -> int:
        """Keys at once: enough at the desk for a batch each, and some that are read or written."""
        batch = max(2, self.desk.batch)  # one is labelled, one waits
        return min(MOST_THREADS, self.cores * batch + READING_AND_WRITING)

    def _labeler(self, lane: str) -> QueuedLabeler:
        return QueuedLabeler(self.opened.labeler, self.settings, self.desk, lane, self.times)

    def _guard(self) -> RemovalGuard | None:
        """Of a bucket each removal is asked of the server; a folder may just be unmounted."""
        if self.folder is None:
            return None
        return RemovalGuard(self.settings.max_delete_percent, self._count_records, self.lost)

    def _count_records(self) -> int:
        records = self.opened.collection.records
        return sum(1 for info in records.list() if info.key.endswith(RECORD_SUFFIX))

    def changed(self, key: str) -> None:
        """Something changed that the index may show."""
        if self.index is not None:
            self.index.mark(key)

    def idle(self, *, idle: bool) -> None:
        """The index may be renewed as often as it likes while nothing else is to do."""
        if self.index is not None:
            self.index.rest(idle=idle)

    def lost(self) -> None:
        """A pass has to look."""
        self.reconciler.soon()

    def trouble(self, exc: ConfigError | None) -> None:
        """Keep what an operator should know."""
        self.troubles.tell("keys", exc)
