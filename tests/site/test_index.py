"""Which images are on which page of the index."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.site.samples import DAY, NOVEMBER, failure, record

from bucketlens.records import SourceFacts, Tombstone
from bucketlens.site.index import (
    CHIPS,
    IndexBuilder,
    IndexEntry,
    IndexPage,
    chips,
    entry_of,
    grouped,
)


def entry(
    key: str,
    *,
    seconds: float = NOVEMBER,
    labels: tuple[str, ...] = (),
    specific: int | None = None,
) -> IndexEntry:
    """An entry from plain values."""
    count = len(labels) if specific is None else specific
    return IndexEntry(
        key=key, seconds=seconds, width=300, height=200, labels=labels, specific=count
    )


def keys(page: IndexPage) -> list[str]:
    """The keys on a page, in order."""
    return [one.key for group in page.groups for one in group.entries]


def test_an_entry_names_specific_labels_first():
    """What a photo is called on the index is not the most general word."""
    made = entry_of(record(key="trip/a.jpg"))
    assert made.labels[: made.specific] == ("Golden Retriever", "Ball")
    assert made.labels[made.specific :] == ("Animal", "Mammal", "Canine", "Dog")
    assert (made.key, made.width, made.height) == ("trip/a.jpg", 4032, 3024)


def test_label_names_are_shared_between_entries():
    """Ten thousand entries hold each name once."""
    first, second = (entry_of(record(labels=record().labels)) for _ in range(2))
    assert all(a is b for a, b in zip(first.labels, second.labels, strict=True))


@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 7), st.integers(1, 20))
def test_the_newest_are_kept_in_order_however_they_come(
    days: list[int], per_page: int, newest: int
):
    """Pages hold the newest images, newest first, equal times by key, none twice."""
    entries = [entry(f"{n:02}.jpg", seconds=day * DAY) for n, day in enumerate(days)]
    index = IndexBuilder(newest=newest, per_page=per_page)
    for one in entries:
        index.add_entry(one)
    pages = list(index.pages())
    wanted = sorted(entries, key=lambda one: (-one.seconds, one.key))[:newest]
    assert [key for page in pages for key in keys(page)] == [one.key for one in wanted]
    assert all(len(keys(page)) <= per_page for page in pages)
    assert {page.total for page in pages} == {len(entries)}
    assert {page.shown for page in pages} == {len(wanted)}
    assert [page.number for page in pages] == list(range(1, len(pages) + 1))


def test_memory_holds_at_most_twice_the_newest():
    """However many records pass by."""
    index = IndexBuilder(newest=10)
    for number in range(1000):
        index.add_entry(entry(str(number), seconds=float(number)))
        assert len(index._entries) < 20


def test_the_order_of_arrival_makes_no_difference():
    """A listing in another order gives the same pages."""
    entries = [entry(f"{n}.jpg", seconds=n % 5, labels=("Dog",) * (n % 2)) for n in range(30)]
    shuffled = [*entries[1::2], *entries[28::-2]]
    builds = [IndexBuilder(newest=20, per_page=8) for _ in range(2)]
    for index, sequence in zip(builds, (entries, shuffled), strict=True):
        for one in sequence:
            index.add_entry(one)
    assert list(builds[0].pages()) == list(builds[1].pages())


def test_records_of_all_kinds_are_taken():
    """Images are shown, failures counted by reason, what is gone is passed over."""
    index = IndexBuilder()
    for one in (
        record(key="a.jpg"),
        failure(error="damaged"),
        failure(error="unsupported"),
        failure(error="damaged"),
        Tombstone(source=SourceFacts(key="gone.jpg", size=0), removed=NOVEMBER),
    ):
        index.add(one)
    (page,) = index.pages()
    assert keys(page) == ["a.jpg"]
    assert page.failures == {"damaged": 2, "unsupported": 1}


def test_no_records_make_one_empty_page():
    """There is always a first page to say that nothing is there."""
    (page,) = IndexBuilder().pages()
    assert (page.number, page.pages, page.groups, page.total) == (1, 1, (), 0)


@pytest.mark.parametrize(
    ("every", "headings"),
    [
        (1.0, ["November 2026", "October 2026"]),
        (40.0, ["2026", "2025"]),
        (400.0, [""]),
    ],
)
def test_headings_are_as_coarse_as_the_images_are_sparse(every: float, headings: list[str]):
    """A heading for each single image would be a list of headings."""
    groups = grouped([entry(f"{n}", seconds=NOVEMBER - n * every * DAY) for n in range(30)])
    assert [group.heading for group in groups][: len(headings)] == headings


def test_chips_are_the_labels_that_tell_images_apart():
    """Not what is on every image, and of labels on the same images only the most specific."""
    entries = [
        entry("1", labels=("Golden Retriever", "Dog", "Animal")),
        entry("2", labels=("Poodle", "Dog", "Canine", "Animal")),
        entry("3", labels=("Cat", "Feline", "Animal")),
        entry("4", labels=("Cat", "Feline", "Animal")),
        entry("5", labels=("Dog", "Canine", "Animal")),
    ]
    found = {chip.name: chip.count for chip in chips(entries)}
    assert found == {"Dog": 3, "Cat": 2, "Canine": 2, "Golden Retriever": 1, "Poodle": 1}


def test_chips_are_few():
    """The stylesheet has rules for so many."""
    assert len(chips([entry(str(n), labels=(f"Thing {n}",)) for n in range(50)])) == CHIPS
