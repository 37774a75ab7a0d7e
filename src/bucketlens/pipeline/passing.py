"""One pass over a source: everything that differs is settled, then what is gone, then the index.

This is what ``run`` and ``reconcile`` do, and what a server does at its start and at intervals.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING

from bucketlens.errors import ConfigError, InputError, MissingError, TransientError
from bucketlens.pipeline.indexing import renew_index
from bucketlens.pipeline.later import RETRY_DELAYS
from bucketlens.pipeline.listing import Listing
from bucketlens.pipeline.plans import Action, Outcome, Settled, Sought
from bucketlens.pipeline.running import Engine
from bucketlens.pipeline.spreading import Spread
from bucketlens.pipeline.sweeping import SeenKeys, Sweep
from bucketlens.pipeline.verifying import differences, repair
from bucketlens.stores import ForbiddenError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bucketlens.pipeline.indexing import Index, IndexPages
    from bucketlens.pipeline.labelling import Labeler
    from bucketlens.pipeline.plans import Refused
    from bucketlens.pipeline.settling import Settler
    from bucketlens.pipeline.spreading import Elsewhere, Helpers
    from bucketlens.settings import Settings
    from bucketlens.stores import Store
    from bucketlens.types import ObjectInfo

FAILURES_KEPT = 20
"""Failures that a summary names; all of them have their records."""


@dataclass(slots=True)
class Tally:
    """What a pass has done so far.

    Attributes:
        outcomes: How many keys ended in which way.
        errors: How many failures of which class.
        failures: The first of them, to be named.
        known_failures: Failures of an earlier pass where nothing has changed.
        passed_over: Objects that the filters do not take.
        interrupted: The pass was asked to stop before its end.
        unswept: What is gone was left to a later pass, since the source itself went away meanwhile.
        repaired: Images whose files were missing or left over, and are right now.
    """

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    failures: list[Settled] = field(default_factory=list)
    known_failures: int = 0
    passed_over: int = 0
    interrupted: bool = False
    unswept: bool = False
    repaired: int = 0

    def add(self, settled: Settled) -> None:
        """Count one key."""
        self.outcomes[settled.outcome] += 1
        self.known_failures += settled.known
        if settled.failure is not None:
            self.errors[settled.failure[0]] += 1
            if len(self.failures) < FAILURES_KEPT:
                self.failures.append(settled)
            elif settled.bug is not None and not any(known.bug for known in self.failures):
                self.failures[-1] = settled  # the one that must not be missed

    @property
    def settled(self) -> int:
        """Keys that are done with."""
        return self.outcomes.total()


@dataclass(frozen=True, slots=True)
class Pass:
    """The parts of one pass.

    Attributes:
        source: The images.
        records: The records.
        private: Where settings and state are kept.
        pages: Knows the files of the site; None when there are no pages.
        index: What is made from all records.
        wanted: Which objects of the listing are looked at.
        allow_deletes: Pass both safety stops.
        unlisted: Beginnings of keys that the last listing could not show.
        retry_delays: Seconds before each new try of what may work later.
        helpers: Processes for a source of many images; None to have threads do it all.
        elsewhere: Settles all keys in their place; None to have it done on this machine.
        keys: Names the images that are looked at, in the place of the source's listing; nothing
            is taken for gone then.
        verify: Compare the files of the site with the records too.
    """

    source: Store
    records: Store
    private: Store
    pages: IndexPages | None
    index: Index
    settler: Settler
    labeler: Labeler
    settings: Settings
    wanted: Callable[[ObjectInfo | Sought], bool]
    allow_deletes: bool = False
    unlisted: Callable[[], tuple[str, ...]] = tuple
    retry_delays: Sequence[float] = RETRY_DELAYS
    helpers: Helpers | None = None
    elsewhere: Elsewhere | None = None
    keys: Callable[[], Iterator[Sought | Refused]] | None = None
    verify: bool = False

    def objects(self) -> Iterator[ObjectInfo | Sought | Refused]:
        """All that there is to look at, wanted or not."""
        return self.source.list() if self.keys is None else self.keys()

    def run(
        self,
        tally: Tally,
        *,
        stop: threading.Event,
        limit: int | None = None,
        told: Callable[[Settled], None] = lambda _: None,
    ) -> None:
        """Settle, sweep, renew the index; what was done stands in ``tally``.

        Raises:
            ConfigError: The source can't be listed, or a safety stop kept records from being
                removed; all else was done by then.
        """
        try:
            self._run(tally, stop, limit, told)
        finally:
            self.labeler.close()

    def _run(
        self,
        tally: Tally,
        stop: threading.Event,
        limit: int | None,
        told: Callable[[Settled], None],
    ) -> None:
        seen = SeenKeys()
        self.index.listen()
        reporting = threading.Lock()  # the listing reports too, beside whoever settles

        def report(settled: Settled) -> None:
            with reporting:
                tally.add(settled)
                told(settled)

        listing = Listing(self, tally, seen, limit, report)
        self._settle_all(iter(listing), report, stop)
        tally.interrupted = stop.is_set()
        refusal = None
        if listing.complete and not tally.interrupted:
            tally.unswept = not self._still_there(listing)
        if listing.complete and not (tally.interrupted or tally.unswept):
            refusal = self._sweep(Sweep(self.records, seen, self.unlisted()), report, stop)
            tally.interrupted = stop.is_set()
        for key in renew_index(self.records, self.index):
            self._settle_quietly(key)
        sound = listing.complete and refusal is None and not (tally.interrupted or tally.unswept)
        if self.verify and sound and self.pages is not None:
            found = differences(self.index.labelled, self.pages)
            tally.repaired = repair(found, self.settler, self.settings.max_bytes, stop)
        if refusal is not None:
            raise refusal

    def _settle_all(
        self,
        objects: Iterator[ObjectInfo | Sought],
        report: Callable[[Settled], None],
        stop: threading.Event,
    ) -> None:
        """Settle each object: in processes where there are many, else in threads."""
        delays = self.retry_delays
        if self.elsewhere is not None:
            self.elsewhere.settle(objects, report, stop, delays)
            return
        if self.helpers is not None:
            first = tuple(islice(objects, self.helpers.least))
            objects = chain(first, objects)
            if len(first) == self.helpers.least:
                Spread(self.helpers, report, stop, delays).run(objects)
                return
        Engine(self.settler, self.labeler, self.settings, report, stop, delays).run(objects)

    def _still_there(self, listing: Listing) -> bool:
        """Whether the first and the last image of the listing are where they were.

        A disk that is pulled out meanwhile cuts a listing short without an error.
        """
        try:
            for key in listing.ends:
                self.source.head(key)
        except ForbiddenError:
            return True
        except MissingError:
            return False
        return True

    def _sweep(
        self, sweep: Sweep, report: Callable[[Settled], None], stop: threading.Event
    ) -> ConfigError | None:
        """Remove what the source no longer has; the error to raise where that was refused."""
        if not self.allow_deletes:
            try:
                sweep.check(self.source.location, self.settings.max_delete_percent)
            except ConfigError as refusal:
                return refusal
        for key in sweep.orphans():
            if stop.is_set():
                return None
            outcome = self._settle_quietly(key)
            if outcome not in {None, Outcome.UNCHANGED}:
                report(Settled(key, outcome))
        if self.pages is not None:
            self._sweep_pages(sweep, self.pages)
        return None

    def _settle_quietly(self, key: str) -> Outcome | None:
        """Settle a key that no listing showed; None where it could not be, and a pass will."""
        try:
            return self.settler.settle(key, self.settings.max_bytes)
        except (InputError, TransientError):
            return None

    def _sweep_pages(self, sweep: Sweep, pages: IndexPages) -> None:
        """Remove pages that a killed process left behind for an image that went meanwhile."""
        for key in self.orphaned_pages(sweep, pages):
            pages.remove_image(key)

    def orphaned_pages(self, sweep: Sweep, pages: IndexPages) -> Iterator[str]:
        """Keys of images that are gone, with no record to lead to the page that is still there."""
        for key in pages.image_keys():
            if sweep.is_gone(key):
                plan = self.settler.inspect(key)
                if plan.info is None and plan.action is Action.NOTHING:
                    yield key
