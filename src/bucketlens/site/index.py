"""The index: which images are on which page, newest first, in bounded memory.

A site of plain pages is for looking at what came last; finding one image in a million is a search's
work. So the index keeps the newest :data:`NEWEST` images and says so on its last page. Memory holds
at most twice that many entries (about 8 MB), however many records pass by.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import groupby
from typing import TYPE_CHECKING

import msgspec

from bucketlens.records import FailureRecord, LabelRecord
from bucketlens.site import wording
from bucketlens.site.view import ordered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bucketlens.records import Record

NEWEST = 10_000
"""Images that the index shows at most: 50 pages, more than anyone leafs through."""

PER_PAGE = 200
"""Images on a page: about 60 KB of HTML, and pictures load only when they come near."""

CHIPS = 14
"""Labels by which a page can be narrowed; two lines of them on a laptop."""

TALLEST, WIDEST = 1, 60
"""Shapes that the stylesheet knows, width to height in tenths."""

CROWD = 4
"""Images that a month or year must have on average to be worth a heading of its own."""


class IndexEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An image as the index shows it.

    Attributes:
        seconds: When it is from, seconds since the epoch (see ``wording.moment_of``).
        width: Of the upright original, pixels.
        height: Of the upright original, pixels.
        labels: The names of all its labels: the most specific ones first, each group the surest
            first.
        specific: How many of them are specific.
    """

    key: str
    seconds: float
    width: int
    height: int
    labels: tuple[str, ...] = ()
    specific: int = 0


def entry_of(record: LabelRecord) -> IndexEntry:
    """What the index needs of a record; label names are shared between entries."""
    specific, general = ordered(record.labels)
    return IndexEntry(
        key=record.source.key,
        seconds=wording.moment_of(record).seconds,
        width=record.image.width,
        height=record.image.height,
        labels=tuple(sys.intern(label.name) for label in (*specific, *general)),
        specific=len(specific),
    )


def newest_first(entry: IndexEntry) -> tuple[float, str]:
    """The order of the index; equal times by key, so that the same records give the same pages."""
    return -entry.seconds, entry.key


class Chip(msgspec.Struct, frozen=True, kw_only=True):
    """A label by which a page can be narrowed, and how many images on the page have it."""

    name: str
    count: int


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Images under one heading; an empty heading is for a page that needs none."""

    heading: str
    entries: tuple[IndexEntry, ...]


class IndexPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the index.

    Attributes:
        number: From 1.
        pages: How many there are.
        shown: Images on all pages together.
        total: Images that were labelled, shown or not.
        failures: Files without labels, counted by the reason's code.
    """

    number: int
    pages: int
    groups: tuple[Group, ...]
    chips: tuple[Chip, ...]
    shown: int
    total: int
    failures: Mapping[str, int] = {}


class IndexBuilder:
    """Takes records as they come, in any order, and gives the pages of the index.

    >>> index = IndexBuilder()
    >>> for record in records:
    ...     index.add(record)
    >>> pages = list(index.pages())
    """

    def __init__(self, *, newest: int = NEWEST, per_page: int = PER_PAGE) -> None:
        """Begin with nothing; ``newest`` bounds the memory."""
        self._newest = newest
        self._per_page = per_page
        self._entries: list[IndexEntry] = []
        self._total = 0
        self._failures: Counter[str] = Counter()

    def add(self, record: Record) -> None:
        """Take in a record; failures are only counted, their names are private."""
        if isinstance(record, LabelRecord):
            self.add_entry(entry_of(record))
        elif isinstance(record, FailureRecord):
            self._failures[record.failure.error] += 1

    def add_entry(self, entry: IndexEntry) -> None:
        """Take in an image, where the caller has no whole record."""
        self._total += 1
        self._entries.append(entry)
        if len(self._entries) >= 2 * self._newest:
            self._trim()

    def add_unseen(self, count: int) -> None:
        """Count images that are too old to be shown."""
        self._total += count

    def add_failure(self, code: str, count: int = 1) -> None:
        """Count files without labels, by the reason's code: ``damaged``."""
        self._failures[code] += count

    def pages(self) -> Iterator[IndexPage]:
        """The pages, the newest images on the first; always at least one."""
        self._trim()
        count = max(1, -(-len(self._entries) // self._per_page))
        for number in range(1, count + 1):
            entries = self._entries[(number - 1) * self._per_page : number * self._per_page]
            yield IndexPage(
                number=number,
                pages=count,
                groups=grouped(entries),
                chips=chips(entries),
                shown=len(self._entries),
                total=self._total,
                failures=dict(sorted(self._failures.items())),
            )

    def _trim(self) -> None:
        self._entries.sort(key=newest_first)
        del self._entries[self._newest :]


def grouped(entries: Sequence[IndexEntry]) -> tuple[Group, ...]:
    """Entries, newest first, under headings by month, by year, or under none.

    Ten photos of ten months under ten headings would be a list of headings.
    """
    for heading in (wording.month, wording.year):
        groups = _group_by(entries, heading)
        if len(entries) >= CROWD * len(groups):
            return groups
    return (Group(heading="", entries=tuple(entries)),) if entries else ()


def _group_by(entries: Sequence[IndexEntry], heading: Callable[[float], str]) -> tuple[Group, ...]:
    return tuple(
        Group(heading=name, entries=tuple(members))
        for name, members in groupby(entries, key=lambda entry: heading(entry.seconds))
    )


def chips(entries: Sequence[IndexEntry]) -> tuple[Chip, ...]:
    """The labels that most images of a page have, without those that tell nothing apart.

    A label on every image narrows nothing, and of labels on the very same images (Dog, Canine,
    Mammal) one is enough: the most specific.
    """
    members: defaultdict[str, list[int]] = defaultdict(list)
    places: Counter[str] = Counter()
    for number, entry in enumerate(entries):
        for place, name in enumerate(entry.labels):
            members[name].append(number)
            places[name] += place
    chosen: dict[tuple[int, ...], str] = {}
    for name in sorted(members, key=lambda name: (-len(members[name]), places[name], name)):
        if len(chosen) == CHIPS:
            break
        if len(members[name]) < len(entries):
            chosen.setdefault(tuple(members[name]), name)
    return tuple(Chip(name=name, count=len(images)) for images, name in chosen.items())
