"""Search over real catalogs, from their files and from memory, against the records themselves."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.catalog.albums import (
    KEYS,
    collections,
    colored,
    facets_of,
    holds,
    shown,
)
from tests.catalog.cabinets import NOON, Cabinet, failed, ids, labelled, new_cabinet

from bucketlens.catalog.search import CursorError, Search, Searcher
from bucketlens.query import COLORS, ORIENTATIONS, QueryError, parse, resolve
from bucketlens.records import FailureRecord, LabelRecord, decode_record

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from bucketlens.catalog.search import Facets, Found

    Ask: TypeAlias = Callable[[str, int, str | None], Found]

CLAUSES = (
    *("animal", "dog", "dogs", "golden retriever", "hotdog", "hot dog", "sea", "person", "human"),
    *('"Odd \\"one\\" (x)"', "category:animals-and-pets", 'category:"Food and Beverage"'),
    *("confidence>80", "confidence<60", "confidence>50 confidence<95", "confidence>98"),
    *("before:2026", "after:2026-02", "date:2026-01", "date:1969", "date:2024-02-29"),
    *("name:img_2*", "name:*.jpg", "name:trip/*", "name:x*y?.jpg", "name:[a]", "name:ß"),
    *(f"color:{word}" for word in COLORS[:4]),
    *(f"orientation:{word}" for word in ORIENTATIONS),
)


def queries() -> st.SearchStrategy[str]:
    """Texts of queries that can be read."""
    return st.recursive(
        st.sampled_from(CLAUSES),
        lambda inner: st.one_of(
            inner.map(lambda text: f"-({text})"),
            st.tuples(inner, inner).map(lambda pair: f"({pair[0]}) ({pair[1]})"),
            st.tuples(inner, inner).map(lambda pair: f"{pair[0]} OR {pair[1]}"),
            st.tuples(inner, inner).map(" ".join),
        ),
        max_leaves=5,
    )


def all_pages(ask: Ask, text: str, limit: int) -> tuple[list[Found], list[str]]:
    """All pages of a result, and the keys on them."""
    pages: list[Found] = []
    cursor = None
    while not pages or cursor:
        page = ask(text, limit, cursor)
        assert len(page.hits) == limit or page.cursor is None
        pages.append(page)
        cursor = page.cursor
    return pages, [hit.key for page in pages for hit in page.hits]


def counts(facets: Facets) -> dict[str, dict[str, int]]:
    """Facets as plain counts."""
    names = ("categories", "labels", "colors", "orientations", "months")
    return {name: {each.name: each.count for each in getattr(facets, name)} for name in names}


def check(cabinet: Cabinet, searcher: Searcher, texts: list[str]) -> None:
    """Both ways to search find what the records say."""
    snapshot = cabinet.catalog.snapshot()
    numbers = ids(snapshot)
    rows = cabinet.truth()
    known = {
        record.source.key: record for record in kept(cabinet) if isinstance(record, LabelRecord)
    }
    by_key = {row.key: numbers[name] for name, row in rows.items()}

    def once(text: str, limit: int, cursor: str | None) -> Found:
        with Search(snapshot, text) as search:
            return search.found(limit, cursor)

    for text in texts:
        try:
            with Search(snapshot, text) as search:
                condition = resolve(parse(text), search.vocabulary).node
                names = {each.id: each.name for each in search.vocabulary.labels}
                facets = search.facets()
        except QueryError as exc:
            with pytest.raises(QueryError, match=re.escape(exc.message)):
                searcher.search(text)
            continue
        found = [record for record in known.values() if holds(condition, record, names)]
        expected = sorted((r.source.key for r in found), key=lambda key: -by_key[key])
        pages, keys = all_pages(once, text, 3)
        assert keys == expected, text
        assert {page.total for page in pages} == {len(expected)}
        in_memory, same = all_pages(searcher.search, text, 3)
        assert same == expected, text
        assert [strip(page) for page in in_memory] == [strip(page) for page in pages], text
        assert counts(facets) == facets_of(found), text
        assert searcher.facets(text) == facets, text


def strip(page: Found) -> Found:
    """A page without the number of the update, which is the searcher's own."""
    return msgspec.structs.replace(page, change=0)


def kept(cabinet: Cabinet) -> list[LabelRecord | FailureRecord]:
    """The records that there are."""
    found = [decode_record(cabinet.records.get(info.key).data) for info in cabinet.records.list()]
    return [record for record in found if isinstance(record, LabelRecord | FailureRecord)]


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    states=st.lists(collections(), min_size=1, max_size=3),
    gone=st.lists(st.sampled_from(KEYS), max_size=4),
    texts=st.lists(queries(), min_size=3, max_size=6),
)
def test_search_finds_what_the_records_say(
    states: list[dict[str, LabelRecord | FailureRecord]], gone: list[str], texts: list[str]
):
    """After any updates, for any query: the same from files, from memory and by looking at all."""
    cabinet = new_cabinet()
    searcher = Searcher(cabinet.catalog.snapshot)
    for state in states:
        cabinet.put(*state.values())
        for key in gone:
            if key in {record.source.key for record in kept(cabinet)} and key not in state:
                cabinet.remove(key)
        cabinet.catalog.refresh()
        searcher.refresh()
        check(cabinet, searcher, texts)


@pytest.fixture(scope="module")
def searcher() -> Searcher:
    """A searcher over some dogs, a sea and a failure, the newest first in this order."""
    cabinet = new_cabinet()
    cabinet.put(
        msgspec.structs.replace(
            labelled("trip/dog.jpg", shown("Dog", 97.31), shown("Animal", 99.5), modified=NOON),
            image_properties=colored(["blue", "red"]),
        ),
        labelled("sea.jpg", shown("Sea", 60.0), modified=NOON - 1),
        labelled("both.jpg", shown("Dog", 70.0), shown("Sea", 80.0), modified=NOON - 2),
        labelled("none.jpg", modified=NOON - 3),
        failed("broken.jpg", modified=NOON - 4),
    )
    cabinet.catalog.refresh()
    return Searcher(cabinet.catalog.snapshot)


def test_a_hit_says_what_a_table_shows(searcher: Searcher):
    """Key, safe name, day, size, colour, labels, and how sure it is to be what was asked for."""
    hit = searcher.search("dog").hits[0]
    assert (hit.key, hit.name, hit.taken) == ("trip/dog.jpg", "trip/dog.jpg", "2026-11-22")
    assert (hit.width, hit.height, hit.color) == (400, 300, "#000203")
    assert [(each.name, each.confidence) for each in hit.labels] == [
        ("Dog", 97.31),
        ("Animal", 99.5),
    ]


@pytest.mark.parametrize(
    ("text", "confidences"),
    [
        ("dog", [97.31, 70.0]),
        ("dog sea", [70.0]),
        ("dog OR sea", [97.31, 60.0, 70.0]),
        ("dog -sea", [97.31]),
        ("category:travel-and-adventure", [60.0, 80.0]),
        ("", [99.5, 60.0, 80.0, None]),
    ],
)
def test_how_sure_a_hit_is(searcher: Searcher, text: str, confidences: list[float | None]):
    """The least sure of the labels that were asked for; else the surest of all."""
    assert [hit.confidence for hit in searcher.search(text).hits] == confidences


def test_a_result_says_what_was_asked(searcher: Searcher):
    """Warnings and the normal text of the query come with the result."""
    found = searcher.search("dogs  colour:Blue confidence>83")
    assert found.query == "dogs color:blue confidence>83"
    assert found.warnings == ("confidence goes by steps: 80 instead of 83",)
    assert found.total == 1


def test_an_unknown_word_is_refused(searcher: Searcher):
    """With its place and what is near to it."""
    with pytest.raises(QueryError) as raised:
        searcher.search("sea animl")
    assert (raised.value.start, raised.value.end) == (4, 9)
    assert raised.value.suggestions == ("Animal",)


@pytest.mark.parametrize("cursor", ["nonsense", "!!", "WzEsMl0", "\u2603", "A" * 4001])
def test_a_foreign_cursor_is_refused(searcher: Searcher, cursor: str):
    """Whatever stands in it."""
    with pytest.raises(CursorError):
        searcher.search("", cursor=cursor)


def test_a_cursor_outlives_updates_but_no_renumbering():
    """New images do not move what comes next; a catalog that is made anew has other numbers."""
    cabinet = new_cabinet()
    cabinet.put(*(labelled(f"{i}.jpg", shown("Dog", 90), modified=NOON + i) for i in range(6)))
    cabinet.catalog.refresh()
    searcher = Searcher(cabinet.catalog.snapshot)
    first = searcher.search("dog", limit=2)
    assert [hit.key for hit in first.hits] == ["5.jpg", "4.jpg"]
    cabinet.put(labelled("new.jpg", shown("Dog", 90), modified=NOON + 99))
    cabinet.remove("3.jpg")
    cabinet.catalog.refresh()
    assert searcher.refresh()
    assert not searcher.refresh()
    second = searcher.search("dog", limit=2, cursor=first.cursor)
    assert [hit.key for hit in second.hits] == ["2.jpg", "1.jpg"]
    assert second.total == 6
    cabinet.catalog.rebuild()
    searcher.refresh()
    with pytest.raises(CursorError, match="made anew"):
        searcher.search("dog", cursor=first.cursor)


def test_an_empty_catalog_is_searched():
    """Before the first image there is nothing to be found, and no word is known."""
    cabinet = new_cabinet()
    searcher = Searcher(cabinet.catalog.snapshot)
    assert searcher.search("").total == 0
    assert searcher.facets("color:red").labels == ()
    assert searcher.complete("d") == []
    with pytest.raises(QueryError), Search(cabinet.catalog.snapshot(), "dog"):
        pass
    with Search(cabinet.catalog.snapshot(), "") as search:
        assert search.found(5).hits == ()


def test_threads_search_while_the_catalog_changes():
    """Each answer is of one state, whichever."""
    cabinet = new_cabinet()
    cabinet.put(*(labelled(f"{i}.jpg", shown("Dog", 90)) for i in range(20)))
    cabinet.catalog.refresh()
    searcher = Searcher(cabinet.catalog.snapshot)
    searcher.refresh()
    done = Event()

    def ask() -> int:
        asked = 0
        while not done.is_set() or asked == 0:
            found = searcher.search("dog", limit=100)
            assert found.total == len(found.hits) == 20 + 5 * (found.change - 1)
            asked += 1
            done.wait(0.01)
        return asked

    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(ask) for _ in range(4)]
        for change in range(4):
            names = [f"more-{change}-{i}.jpg" for i in range(5)]
            cabinet.put(*(labelled(name, shown("Dog", 90)) for name in names))
            cabinet.catalog.refresh()
            searcher.refresh()
        done.set()
        assert all(answer.result() > 0 for answer in answers)
    assert searcher.total == 40


def test_no_pattern_takes_long():
    """A pattern made to be slow is answered at once, not after the age of the universe."""
    cabinet = new_cabinet()
    cabinet.put(labelled("a" * 200 + ".jpg", shown("Dog", 90)))
    cabinet.catalog.refresh()
    searcher = Searcher(cabinet.catalog.snapshot)
    pattern = "*a" * 30 + "*b"
    assert searcher.search(f"name:{pattern}").total == 0
    assert searcher.search(f"name:{pattern[:-1]}g").total == 1
    with Search(cabinet.catalog.snapshot(), f"name:{pattern}") as search:
        assert search.found(5).total == 0
