"""A forecast of a run: the source is looked through, and a sample of its images is tried.

The trial is a run like any other, into a temporary folder that goes afterwards, with stores that
count what is asked of them. So what it says of bytes and requests follows from the settings and
the code in force, and from nobody's memory of them.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec

from bucketlens.assembly import Collection, below, open_collecting, pass_over
from bucketlens.models.rekognition import REKOGNITION
from bucketlens.pipeline.forecasting import LISTED, Calls, Kind, Service, Trial, whole_blocks
from bucketlens.pipeline.foreseeing import forecast
from bucketlens.pipeline.passing import Tally
from bucketlens.pipeline.settling import Settler
from bucketlens.pipeline.spending import image_price
from bucketlens.stores import CountingStore, Traffic, WrappedStore, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bucketlens.assembly import Collecting
    from bucketlens.pipeline.foreseeing import Forecast
    from bucketlens.pipeline.passing import Pass
    from bucketlens.pipeline.plans import Action, Settled
    from bucketlens.settings import Settings
    from bucketlens.stores import Store
    from bucketlens.types import ObjectInfo

LISTINGS = 2
"""Of the source in a run: one to work by, one that counts for the time left."""

PACKS = "packs/"
"""Where what is asked of the outputs is asked once for all records of a pack."""

KINDS = (
    ("metadata/", "records"),
    (PACKS, "records"),
    ("site/images/", "pages"),
    ("site/data/images/", "pages"),
    ("site/thumbs/", "pictures"),
    ("site/previews/", "pictures"),
    ("site/originals/", "originals"),
    ("catalog/", "catalog"),
    ("site/data/index/", "search index"),
)
"""Beginnings of what a run leaves behind, and what a forecast calls it."""

VERBS = ("get", "head", "put", "delete")

SHARED = (PACKS, "catalog/", "site/data/index/")
"""Their files hold many images each."""


@dataclass(slots=True)
class Inventory:
    """What a source holds, and some of its images drawn by lot.

    Attributes:
        most: Images that are drawn.
        objects: That the filters take.
        size: Bytes of them.
        done_size: Bytes of those that need not be read again.
        sample: Images that are to be read; each has the same chance.
    """

    most: int
    objects: int = 0
    size: int = 0
    done_size: int = 0
    sample: list[ObjectInfo] = field(default_factory=list)
    _to_read: int = 0
    _lots: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - a sample

    def add(self, info: ObjectInfo, action: Action) -> None:
        """Take note of an image."""
        self.objects += 1
        self.size += info.size
        if not action.reads:
            self.done_size += info.size
            return
        self._to_read += 1
        if len(self.sample) < self.most:
            self.sample.append(info)
        elif (place := self._lots.randrange(self._to_read)) < self.most:
            self.sample[place] = info


@dataclass(frozen=True, slots=True)
class Planned:
    """What a forecast found.

    Attributes:
        what: What a run would do.
        inventory: What the source holds.
        tally: What was passed over.
        trial: What the sample took; None where nothing is to be read, or a service would be paid.
        service: What a service takes; None where models of our own look at the images.
    """

    what: Forecast
    inventory: Inventory
    tally: Tally
    trial: Trial | None
    service: Service | None


def plan(
    source: str,
    out: str | None,
    settings: Settings,
    *,
    sample: int,
    told: Callable[[int], None] = lambda _: None,
) -> Planned:
    """Look through a source, try some of its images, and change nothing.

    Args:
        source: Path or URL of the images.
        out: Of the outputs; None where nothing is done yet.
        settings: In force.
        sample: Images that are tried.
        told: Told of how many images were counted so far.

    Raises:
        ConfigError: A location is no store, or a model can't be loaded.
        TransientError: A store is away.
    """
    inventory = Inventory(sample)

    def count(info: ObjectInfo, action: Action) -> None:
        inventory.add(info, action)
        told(inventory.objects)

    with TemporaryDirectory(prefix="bucketlens-plan-") as folder:
        opened = open_collecting(source, out or below(folder, "none"), settings, check=False)
        tally = Tally()
        what = forecast(pass_over(opened, settings), tally, told=count)
        service = service_of(settings)
        trial = None
        if inventory.sample and service is None:
            trial = try_images(opened, below(folder, "trial"), settings, inventory.sample)
        else:
            opened.labeler.close()
    return Planned(what, inventory, tally, trial, service)


def service_of(settings: Settings) -> Service | None:
    """The service that looks at the images, if one does."""
    if settings.classifier != REKOGNITION:
        return None
    return Service(
        price=image_price(settings),
        rate=settings.rekognition_rate,
        monthly_limit=settings.rekognition_monthly_limit,
    )


def try_images(
    opened: Collecting, folder: str, settings: Settings, sample: Sequence[ObjectInfo]
) -> Trial:
    """Label some images into an empty folder, on one core, and see what each takes."""
    alone = msgspec.structs.replace(settings, workers=1, batch_size=1, site_location="")
    source, out, shared = Traffic(), Traffic(), Traffic()
    images = CountingStore(opened.images, source)

    def through(store: Store) -> Store:
        return CountingStore(store, out, {PACKS: shared} if store.location == folder else {})

    collection = Collection(folder, alone, fresh=True, through=through)
    settler = Settler(images, collection.recorder, opened.labeler, time.time)
    work = pass_over(
        replace(opened, images=Drawn(images, sample), collection=collection, settler=settler),
        alone,
    )
    first = sample[0].key
    clock = _Clock(source, out, shared)
    if len(sample) > 1:  # the first image pays for what is loaded and written once
        _run(replace(work, wanted=lambda info: info.key == first))
        clock = _Clock(source, out, shared)
        work = replace(work, wanted=lambda info: info.key != first)
    tally = _run(work, clock.told)
    return Trial(
        images=clock.seen,
        failed=tally.errors.total(),
        processor=clock.processor,
        waiting=clock.source.seconds["get"] / max(1, clock.seen),
        kinds=tuple(_kinds(open_store(folder), len(sample))),
        source=_calls(clock.source, clock.seen, listed=LISTINGS),
        out=_calls(clock.out, clock.seen, listed=clock.listed())
        + _calls(clock.shared, settings.pack_records, listed=0.0),
    )


def _run(work: Pass, told: Callable[[Settled], None] = lambda _: None) -> Tally:
    tally = Tally()
    work.run(tally, stop=threading.Event(), told=told)
    return tally


class Drawn(WrappedStore):
    """A store of which only some objects are shown."""

    def __init__(self, store: Store, shown: Sequence[ObjectInfo]) -> None:
        """Wrap a store."""
        super().__init__(store)
        self._shown = shown

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Those that are shown."""
        return (info for info in self._shown if info.key.startswith(prefix))


class _Clock:
    """What was used up until the last image; what comes after that is for all of them."""

    def __init__(self, *live: Traffic) -> None:
        self._live = live
        self._before = tuple(traffic.copy() for traffic in live)
        self._begun = time.process_time()
        self.processor = 0.0
        self.seen = 0
        self.source, self.out, self.shared = Traffic(), Traffic(), Traffic()

    def told(self, _settled: Settled) -> None:
        self.seen += 1
        self.processor = (time.process_time() - self._begun) / self.seen
        self.source, self.out, self.shared = self._used()

    def listed(self) -> float:
        """How often an image of the outputs is shown by listings, until the end of the run."""
        return self._used()[1].calls["list"] / max(1, self.seen)

    def _used(self) -> list[Traffic]:
        return [now.since(old) for now, old in zip(self._live, self._before, strict=True)]


def _kinds(written: Store, images: int) -> Iterator[Kind]:
    """What lies in the outputs, for each image."""
    files: Counter[str] = Counter()
    size: Counter[str] = Counter()
    disk: Counter[str] = Counter()
    for info in written.list():
        kind = next((name for start, name in KINDS if info.key.startswith(start)), None)
        if kind is not None:
            shared = info.key.startswith(SHARED)
            files[kind] += not shared
            size[kind] += info.size
            disk[kind] += info.size if shared else whole_blocks(info.size)
    average = partial(_average, images=images)
    for name in dict.fromkeys(name for _, name in KINDS):
        if size[name]:
            yield Kind(
                name=name,
                files=average(files[name]),
                size=average(size[name]),
                disk=average(disk[name]),
            )


def _calls(traffic: Traffic, images: int, *, listed: float) -> Calls:
    """Requests for each image, of which ``listed`` are shown by listings."""
    counts = {verb: _average(traffic.calls[verb], images) for verb in VERBS}
    return Calls(list=listed / LISTED, **counts)


def _average(count: int, images: int) -> float:
    return round(count / max(1, images), 6)
