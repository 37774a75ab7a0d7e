"""A collection's labels made again, spread over processes.

What the catalog can tell is not read from records: which of them are of other settings, and for a
dry run their scores and labels too. Where there is no catalog, or a service made the labels, every
record is read.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from bucketlens.assembly.crew import ALONE, Crew, Records, Task
from bucketlens.assembly.looking import build_view, made_by
from bucketlens.catalog import CatalogError
from bucketlens.catalog.outdated import Row
from bucketlens.labels import View
from bucketlens.labels.differences import Named
from bucketlens.pipeline.indexing import renew_index
from bucketlens.pipeline.previewing import ShownLabels
from bucketlens.pipeline.relabelled import Relabelled
from bucketlens.pipeline.relabelling import record_names
from bucketlens.records import RECORD_SUFFIX, Outline

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator, Sequence

    from bucketlens.assembly import Collection
    from bucketlens.catalog import Catalog
    from bucketlens.catalog.outdated import Counts, Outdated, Scored
    from bucketlens.catalog.pieces import Piece
    from bucketlens.pipeline.previewing import Preview
    from bucketlens.settings import Settings

SMALLEST, LARGEST = 256, 2048
"""Records that are done at once: what an interruption waits for. Large ones cost the catalog less,
and several for each process let all end at about the same time."""

TURNS = 4
"""Tasks for each process, at least, where there are enough records."""

PREVIEWED = 512
"""Images whose labels are compared at once."""


def relabel_all(
    collection: Collection, settings: Settings, *, stop: threading.Event, dry_run: bool
) -> Relabelled:
    """Relabel every record of a collection, then renew its index; ``stop`` ends it early.

    Raises:
        ConfigError: The operator must change something first.
        TransientError: A store is away, or others kept coming first.
    """
    total = Relabelled()
    rewritten = _Rewritten(total, collection.catalog)
    view = build_view(settings)
    with ExitStack() as opened:
        crew = opened.enter_context(Crew(collection, settings, view, dry_run=dry_run))
        if len(tuple(islice(record_names(collection.records), ALONE))) == ALONE:
            crew.start()  # before the catalog is opened: a fork can't share DuckDB's threads
        told = None
        odd: list[int] = []
        if isinstance(view, View):
            with suppress(CatalogError):
                listed = opened.enter_context(crew.listing())
                rows = opened.enter_context(collection.catalog.outdated(listed))
                told = rows, _sort(rows, collection, settings, view.fingerprint)
        if told is None:
            named = record_names(collection.records)
            every = (Row(name.removesuffix(RECORD_SUFFIX)) for name in named)
            tasks = rewritten.tasks(every)
        elif dry_run:
            tasks = _previews(*told, crew.names, rewritten, odd)
        else:
            many = told[1].outdated // (TURNS * crew.processes)
            rewritten.size = min(max(many, SMALLEST), LARGEST)
            tasks = _outdated(*told, rewritten, pages=collection.pages is not None)
        crew.do(tasks, stop)
        if told is not None and odd:
            crew.do(rewritten.tasks(map(Row, told[0].named(odd))), stop)
    if total.written:
        began = time.monotonic()
        renew_index(collection.records, collection.index)
        total.indexing_seconds = time.monotonic() - began
    return total


def _sort(rows: Outdated, collection: Collection, settings: Settings, view: str) -> Counts:
    """Sort out the rows of the catalog."""
    mine: list[str] = []
    others: list[str] = []
    models = made_by(settings)
    for fingerprint, name in rows.made():
        # One record tells for all with the same fingerprint of scores by which models they are.
        record = collection.recorder.read_name(name + RECORD_SUFFIX).outlined
        if isinstance(record, Outline) and record.score_fingerprint == fingerprint:
            own = {model.sha256 for model in record.models} == models
            (mine if own else others).append(fingerprint)
    return rows.sort(view, mine=mine, others=others, edited=collection.edits.pictures())


class _Rewritten:
    """Takes what came of relabelling records, and hands what was put to the catalog.

    Args:
        total: What came of all of it.
        catalog: Of the collection.

    Attributes:
        total: See above.
        size: Records of a task.
    """

    def __init__(self, total: Relabelled, catalog: Catalog) -> None:
        """Take nothing yet."""
        self.total = total
        self.size = SMALLEST
        self._catalog = catalog
        self._pieces = 0

    def tasks(self, rows: Iterable[Row]) -> Iterator[Task]:
        """Tasks that relabel these records."""
        waiting = iter(rows)
        while some := tuple(islice(waiting, self.size)):
            number = self._pieces
            self._pieces += 1
            yield Task(Records(some, number), self._take)

    def _take(self, answer: tuple[Relabelled, Piece]) -> None:
        done, piece = answer
        self.total.add(done)
        self._catalog.hand(piece)


def _outdated(
    rows: Outdated, counts: Counts, rewritten: _Rewritten, *, pages: bool
) -> Iterator[Task]:
    """Tasks that relabel what is of other settings.

    Where there are pages, records of these settings are read too: they tell whether their pages
    are as they are wanted, the catalog does not.
    """
    total = rewritten.total
    total.stale += counts.stale
    total.passed_over += counts.failures
    if not pages:
        total.same += counts.current
    return rewritten.tasks(rows.records("unknown", "outdated", *(["current"] if pages else [])))


def _previews(
    rows: Outdated, counts: Counts, names: Sequence[str], rewritten: _Rewritten, odd: list[int]
) -> Iterator[Task]:
    """Tasks that tell what would change: by the catalog where it knows, else by the records.

    Rows whose records have to be read after all are added to ``odd`` as that turns out.
    """
    total = rewritten.total
    total.stale += counts.stale
    total.passed_over += counts.failures
    total.same += counts.current
    numbers = {name: number for number, name in enumerate(names)}
    words = rows.vocabulary()
    number_of = np.zeros(max((word.id for word in words), default=0) + 1, dtype=np.int64)
    for word in words:
        number_of[word.id] = numbers.setdefault(word.name, len(numbers))
    for scored in rows.scored():
        yield from _compared(scored, number_of, tuple(numbers), total, odd)
    yield from rewritten.tasks(rows.records("unknown"))


def _compared(
    scored: Scored,
    number_of: np.ndarray,
    names: Sequence[str],
    total: Relabelled,
    odd: list[int],
) -> Iterator[Task]:
    for first in range(0, len(scored.keys), PREVIEWED):
        last = min(first + PREVIEWED, len(scored.keys))
        own = slice(*np.searchsorted(scored.place, (first, last)))
        labels = Named(
            scored.place[own] - first,
            number_of[scored.label[own]],
            scored.confidence[own],
            scored.instances[own].astype(np.int64),
        )
        shown = ShownLabels(scored.scores.part(first, last), labels, len(names))
        yield Task(shown, partial(_take, total, odd, scored, first, names))


def _take(
    total: Relabelled,
    odd: list[int],
    scored: Scored,
    first: int,
    names: Sequence[str],
    preview: Preview,
) -> None:
    """Count what would change."""
    found = preview.difference
    keys = scored.keys[first : first + PREVIEWED]
    odd += scored.ids[first + preview.odd].tolist()
    total.changed += len(found.changed)
    total.same += len(keys) - len(found.changed) - len(preview.odd)
    for turnover, pairs in ((total.gained, found.gained), (total.lost, found.lost)):
        for place, name in pairs.tolist():
            turnover.note(names[name], keys[place])
