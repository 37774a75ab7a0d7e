"""The overview page: counts as bars, a timeline, and what could not be labelled."""

import msgspec
import pytest
from tests.site.documents import Document

from bucketlens.site import Design, overview_page
from bucketlens.site.overview import MOST_COLUMNS, TIMELINE, timeline
from bucketlens.site.pieces.overview import Overview

NAMES = {0: "Dog", 1: "Golden Retriever"}
OVERVIEW = Overview(
    total=4,
    labels=[(0, 3), (1, 1)],
    categories=[("Animals and Pets", 3)],
    colors=[("blue", 2)],
    orientations=[("landscape", 4)],
    months=[("2026-11", 3), ("2026-09", 1)],
    failures=[("damaged", 2), ("too_large", 1)],
    models=[("efficientnet-lite2 1", 4)],
)


def page(overview: Overview = OVERVIEW) -> Document:
    """The overview page, parsed."""
    return Document(overview_page(overview, NAMES, Design(title="Photos")))


def test_it_tells_how_many_there_are():
    """Images, labels, categories and years."""
    words = " ".join(page().text.split())
    for text in ("images4", "labels2", "categories1", "from2026"):
        assert text in words


def test_labels_categories_and_years_lead_to_searches():
    """In the words of the query language."""
    assert page().searches("overview.html") == [
        "date:2026",
        'category:"Animals and Pets"',
        "Dog",
        '"Golden Retriever"',
    ]


def test_bars_are_as_long_as_their_counts():
    """The most frequent one fills the width."""
    widths = [bar["width"] for bar in page().classes("fill")]
    assert widths[1:3] == ["100.00%", "33.33%"]


def test_failures_are_told_by_reason_and_not_named():
    """In words, not in codes."""
    words = " ".join(page().text.split())
    assert "damaged2" in words
    assert "over a size limit1" in words
    assert "bucketlens status OUT" in words


def test_nothing_is_an_overview_too():
    """A site of no images shows no empty charts."""
    empty = msgspec.structs.replace(
        OVERVIEW, total=0, labels=[], categories=[], months=[], failures=[], models=[]
    )
    document = page(empty)
    assert not document.classes("timeline")
    assert "Every file could be labelled" in document.text


def test_the_timeline_leaves_room_for_months_without_images():
    """September and November are two of twelve columns apart."""
    first, last = timeline(OVERVIEW.months[::-1])
    assert (first.name, last.name) == ("September 2026", "November 2026")
    assert float(last.left.rstrip("%")) - float(first.left.rstrip("%")) == pytest.approx(
        200 / 12, abs=0.1
    )
    assert (last.top, last.height) == ("0.0", f"{TIMELINE:.1f}")
    assert last.count == "3 images"


def test_a_long_timeline_shows_years():
    """A camera's clock at 1970 does not make a thousand columns."""
    columns = timeline([("2026-11", 5), ("2026-01", 2), ("1970-01", 1)])
    assert [column.name for column in columns] == ["1970", "2026"]
    assert columns[1].count == "7 images"
    assert len(timeline([("2026-11", 1), ("2010-01", 1)])) == 2
    assert MOST_COLUMNS >= 12 * 17
