"""The overview page: how many images there are, of what, and from when."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from bucketlens.site import layout, wording
from bucketlens.site.clauses import category_clause, date_clause, label_clause
from bucketlens.site.rendering import frame, template
from bucketlens.site.view import length

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bucketlens.site.design import Design
    from bucketlens.site.pieces.overview import Overview

Count = tuple[str, int]
"""A name and how many images it is said of."""

MOST_LABELS = 40
"""Labels that are shown; the search proposes all."""

MOST_COLUMNS = 240
"""Columns of the timeline: twenty years of months. Beyond that it shows years."""

TIMELINE = 120
"""Height of the timeline, pixels."""

PLACES = 12
"""Columns that the timeline has room for at least, so that a single month is no wall."""

THINNEST = 2
"""Height of the column of a single image, so that it can be seen."""

REASONS: Mapping[str, str] = {
    "unsupported": "not an image format that is read",
    "too_large": "over a size limit",
    "damaged": "damaged",
    "missing": "gone or not readable",
    "crash": "bucketlens fails on them",
}


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """A name, its count and the length of its bar; perhaps it leads to a search."""

    name: str
    count: str
    width: str = "0%"
    search: str = ""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A month or year of the timeline, in pixels and shares of its width."""

    name: str
    count: str
    left: str
    width: str
    top: str
    height: str


def overview_page(overview: Overview, names: Mapping[int, str], design: Design) -> str:
    """The overview page.

    Args:
        overview: How many images there are of each kind.
        names: Of labels, by id.
        design: What all pages of the site have in common.
    """
    # By name where counts are equal: the ids tell only in which order things came.
    named = ((names[label], count) for label, count in overview.labels)
    labels = sorted(named, key=lambda entry: (-entry[1], entry[0]))[:MOST_LABELS]
    failures = [(REASONS.get(code, code), count) for code, count in overview.failures]
    return template("overview.html").render(
        **frame(design, kind="overview", depth=0),
        sums=_sums(overview),
        columns=timeline(overview.months),
        years=[_bar(year, 1, date_clause) for year in _by_year(overview.months)],
        categories=_bars(overview.categories, category_clause),
        labels=_bars(labels, label_clause),
        all_labels=len(overview.labels) <= MOST_LABELS,
        models=_bars(overview.models, None),
        failures=_bars(failures, None),
    )


def timeline(months: Sequence[Count]) -> list[Column]:
    """Columns for all months from the first to the last, or for years where that is too many."""
    counts = dict(months)
    names = _span(counts, wording.month_names)
    if len(names) > MOST_COLUMNS:
        counts = dict(_by_year(months))
        names = _span(counts, wording.year_names)
    most = max(counts.values(), default=1)
    step = 1 / max(len(names), PLACES)
    return [
        _column(name, counts[name], TIMELINE * counts[name] / most, place * step, step)
        for place, name in enumerate(names)
        if name in counts
    ]


def _span(counts: Mapping[str, int], between: Callable[[str, str], list[str]]) -> list[str]:
    return between(min(counts), max(counts)) if counts else []


def _column(name: str, count: int, height: float, left: float, step: float) -> Column:
    tall = max(THINNEST, height)
    return Column(
        name=wording.date_name(name),
        count=wording.counted(count, "image"),
        left=length(left + step * 0.1),
        width=length(step * 0.8),
        top=f"{TIMELINE - tall:.1f}",
        height=f"{tall:.1f}",
    )


def _by_year(months: Sequence[Count]) -> list[Count]:
    """Years instead of months, the latest first."""
    years: Counter[str] = Counter()
    for month, count in months:
        years[month[:4]] += count
    return sorted(years.items(), reverse=True)


def _sums(overview: Overview) -> list[tuple[str, str]]:
    years = _by_year(overview.months)
    first, last = (years[-1][0], years[0][0]) if years else ("", "")
    span = first if first == last else f"{first} to {last}"
    return [
        (f"{overview.total:,}", "image" if overview.total == 1 else "images"),
        (f"{len(overview.labels):,}", "labels"),
        (f"{len(overview.categories):,}", "categories"),
        *([(span, "from")] if span else []),
    ]


def _bars(counts: Sequence[Count], clause: Callable[[str], str] | None) -> list[Bar]:
    most = max((count for _, count in counts), default=1)
    return [_bar(count, most, clause) for count in counts]


def _bar(entry: Count, most: int, clause: Callable[[str], str] | None) -> Bar:
    name, count = entry
    return Bar(
        name=wording.shown(name),
        count=f"{count:,}",
        width=length(count / most),
        search=layout.search_link(clause(name)) if clause else "",
    )
