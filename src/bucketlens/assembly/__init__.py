"""The parts put together as the settings say: what every door begins with."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING

from bucketlens.assembly.cataloguing import CollectionIndex, PoolReader
from bucketlens.assembly.looking import (
    Models,
    build_labeler,
    build_model_view,
    build_view,
    current_fingerprints,
    find_models,
    made_by,
)
from bucketlens.assembly.packing import CollectionPacks
from bucketlens.assembly.pages import SitePages
from bucketlens.assembly.places import SITE_FOLDER, below, own_outputs
from bucketlens.assembly.processes import Place, find_helpers
from bucketlens.catalog import Catalog
from bucketlens.events import KeyFilter
from bucketlens.pipeline.blocking import read_blocked
from bucketlens.pipeline.noting import EditBook
from bucketlens.pipeline.passing import Pass
from bucketlens.pipeline.recording import Recorder
from bucketlens.pipeline.settling import Settler
from bucketlens.stores import check_conditional_puts, is_remote, open_store, store_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.pipeline.labelling import Labeler
    from bucketlens.pipeline.spreading import Elsewhere, Helpers
    from bucketlens.settings import Settings
    from bucketlens.stores import ListingIssue, Store

__all__ = [
    "Collecting",
    "Collection",
    "CollectionIndex",
    "Models",
    "SitePages",
    "below",
    "build_labeler",
    "build_model_view",
    "build_view",
    "current_fingerprints",
    "find_models",
    "made_by",
    "open_collecting",
    "open_pass",
    "pass_over",
]

log = logging.getLogger(__name__)


class Collection:
    """OUT: what is kept about the images of one source, private and shown.

    Args:
        out: Path or URL that the records and the site stand below.
        settings: In force.
        fresh: Nothing may be there yet.
        processes: That the catalog may use where thousands of records are to be read. They begin
            by importing the main module, or as forks of a program with few threads, so only
            programs that are ready for that ask for some.
        through: What each store is wrapped in, for whoever wants to see what is asked of it.
    """

    def __init__(
        self,
        out: str,
        settings: Settings,
        *,
        fresh: bool = False,
        processes: int = 1,
        through: Callable[[Store], Store] = lambda store: store,
    ) -> None:
        """Open the stores; nothing is read or written yet."""
        self._processes = processes
        self.out = out
        self._settings = settings
        self._through = through
        options = store_options(settings, fresh=fresh)
        self.private = through(open_store(out, options))
        metadata = below(out, "metadata")
        loose = listed = through(open_store(metadata, options))
        if not fresh:
            listed = through(open_store(metadata, store_options(settings, fresh=True)))
        self.packs = CollectionPacks(self.private, loose, listed, settings)
        self.records = self.packs.records

    @cached_property
    def pages(self) -> SitePages | None:
        """The site; None where none is wanted."""
        if not self._settings.shown:
            return None
        location = self._settings.site_location or below(self.out, SITE_FOLDER)
        options = store_options(self._settings, fresh=True)
        return SitePages(self._through(open_store(location, options)), self._settings)

    @property
    def site_location(self) -> str:
        """Where the site is, as its store says it; empty where it has no place of its own."""
        location = self._settings.site_location
        return open_store(location, store_options(self._settings)).location if location else ""

    @property
    def locations(self) -> tuple[str, ...]:
        """Of all the stores that outputs go to."""
        site = self.site_location if self._settings.shown else ""
        return tuple(filter(None, (self.private.location, self.records.location, site)))

    def check(self) -> None:
        """Find out whether the records' store can hold records of several writers at once.

        Folders and memory can, so only what is reached over a network is tried.

        Raises:
            ConfigError: It can't; nothing was changed.
            TransientError: It can't be told now.
        """
        if is_remote(self.records.location):
            check_conditional_puts(self.records)

    @cached_property
    def catalog(self) -> Catalog:
        """What all records say."""
        reader = None
        if self._processes > 1 and not self.records.location.startswith("memory://"):
            stores = partial(_open_stores, self.out, self._settings)
            reader = partial(PoolReader, stores, processes=self._processes)
        return Catalog(self.private, self.records, clock=time.time, reader=reader)

    @cached_property
    def index(self) -> CollectionIndex:
        """The catalog and what shows it in the site, renewed together."""
        remote = is_remote(self.records.location)
        return CollectionIndex(self.catalog, self.pages, remote=remote, packs=self.packs)

    @property
    def recorder(self) -> Recorder:
        """What reads and puts the records, and the pages that show them."""
        return self.recorder_telling(self.index.told)

    def recorder_telling(self, told: Callable[[str, str, bytes], None]) -> Recorder:
        """The same, for a process that has no index: somebody else is told of what is put."""
        return Recorder(self.records, self.pages, told, self.edits, self.packs.packer)

    @cached_property
    def edits(self) -> EditBook:
        """What people said of the images."""
        return EditBook(self.private)


def _open_stores(out: str, settings: Settings) -> tuple[Store, Store]:
    """The private store and that of the records, for another process."""
    collection = Collection(out, settings)
    return collection.private, collection.records


@dataclass(frozen=True, slots=True)
class Collecting:
    """A source and what is kept about it: all that settling its keys needs.

    Attributes:
        images: The source.
        collection: Where its outputs go.
        wanted: Which keys are looked at.
        labeler: With its models loaded.
        settler: Settles single keys.
        unlisted: Beginnings of keys that listings of the source could not show, so far.
    """

    images: Store
    collection: Collection
    wanted: KeyFilter
    labeler: Labeler
    settler: Settler
    unlisted: dict[str, None]


def open_collecting(
    source: str, out: str, settings: Settings, *, check: bool, processes: int = 1
) -> Collecting:
    """SOURCE and OUT together, with the models loaded.

    Args:
        source: Path or URL of the images.
        out: Path or URL that the records and the site stand below.
        settings: In force.
        check: Whether OUT is tried for what it must be able to do; that writes one small object.
        processes: As of :class:`Collection`.

    Raises:
        ConfigError: A location is no store or can't do what it must, a model can't be loaded, or
            SOURCE lies in the outputs.
        TransientError: OUT can't be tried now.
    """
    issues: dict[str, None] = {}
    images = open_store(
        source,
        store_options(settings, source=True, on_issue=lambda issue: _note(issue, issues)),
    )
    collection = Collection(out, settings, fresh=True, processes=processes)
    wanted = KeyFilter(
        suffixes=settings.suffixes,
        include=settings.include,
        exclude=settings.exclude,
        own_outputs=own_outputs(
            images.location, collection.private.location, collection.site_location
        ),
        never=cache(partial(read_blocked, collection.private)),
        hidden=settings.hidden,
    )
    if check:
        collection.check()
    labeler = build_labeler(settings, private=collection.private, source=images)
    settler = Settler(images, collection.recorder, labeler, time.time)
    return Collecting(images, collection, wanted, labeler, settler, issues)


def open_pass(
    source: str,
    out: str,
    settings: Settings,
    *,
    allow_deletes: bool = False,
    check: bool = False,
    processes: int = 1,
    keys: str | None = None,
    verify: bool = False,
) -> Pass:
    """A pass over SOURCE into OUT, with its models loaded.

    Args:
        source: As of :func:`open_collecting`, like those that are not told of here.
        out: As there.
        settings: As there.
        allow_deletes: Pass both safety stops.
        check: As there.
        processes: As there.
        verify: Compare the files of the site with the records too.
        keys: Path or URL of a list of the keys that are looked at; else all are.

    Raises:
        BucketlensError: As :func:`open_collecting`, or the list is not there.
    """
    opened = open_collecting(source, out, settings, check=check, processes=processes)
    helpers = find_helpers(opened, Place(source, out), settings, processes)
    return pass_over(
        opened, settings, allow_deletes=allow_deletes, helpers=helpers, keys=keys, verify=verify
    )


def pass_over(
    opened: Collecting,
    settings: Settings,
    *,
    allow_deletes: bool = False,
    helpers: Helpers | None = None,
    elsewhere: Elsewhere | None = None,
    keys: str | None = None,
    verify: bool = False,
) -> Pass:
    """A pass over a source that is open already; the arguments are those of :func:`open_pass`."""
    named = None
    if keys is not None:
        from bucketlens.pipeline.keylists import key_list  # noqa: PLC0415 - few are given one

        named = key_list(keys, opened.images.location, store_options(settings))
    return Pass(
        source=opened.images,
        records=opened.collection.records,
        private=opened.collection.private,
        pages=opened.collection.pages,
        index=opened.collection.index,
        settler=opened.settler,
        labeler=opened.labeler,
        settings=settings,
        wanted=lambda info: opened.wanted.takes(info.key, info.size),
        allow_deletes=allow_deletes,
        unlisted=lambda: tuple(opened.unlisted),
        helpers=helpers,
        elsewhere=elsewhere,
        keys=named,
        verify=verify,
    )


def _note(issue: ListingIssue, issues: dict[str, None]) -> None:
    if issue.prefix not in issues:  # the listing is made twice, once to count
        log.warning("not looked at: %s", issue.reason)
        issues[issue.prefix] = None
