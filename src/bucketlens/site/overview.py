"""The overview page: how many images there are, of what, and from when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bucketlens.site import layout, wording
from bucketlens.site.clauses import category_clause, date_clause, label_clause
from bucketlens.site.rendering import frame, template
from bucketlens.site.view import length

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bucketlens.site.design import Design

MOST_LABELS = 40
"""Labels that are shown; the search proposes all."""

MOST_COLUMNS = 240
"""Columns of the timeline: twenty years of months. Beyond that it shows years."""

TIMELINE = 120
"""Height of the timeline, pixels."""

THINNEST = 2
"""Height of the column of a single image, so that it can be seen."""

REASONS: Mapping[str, str] = {
    "unsupported": "not an image format that is read",
    "too_large": "over a size limit",
    "damaged": "damaged",
    "missing": "gone or not readable",
}


class Count(msgspec.Struct, frozen=True):
    """How many images something is said of."""

    name: str
    count: int


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """What is in the collection; most frequent first, months in order of time.

    Attributes:
        total: Images that were labelled.
        categories: Images with a label of each category.
        labels: Images with each label, at most :data:`MOST_LABELS`.
        label_names: How many labels there are in all.
        months: Images of each month: ``2026-11``.
        failures: Files without labels, by the reason's code.
        models: Images by what labelled them.
    """

    total: int = 0
    categories: tuple[Count, ...] = ()
    labels: tuple[Count, ...] = ()
    label_names: int = 0
    months: tuple[Count, ...] = ()
    failures: tuple[Count, ...] = ()
    models: tuple[Count, ...] = ()


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


def overview_page(overview: Overview, design: Design) -> str:
    """The overview page."""
    return template("overview.html").render(
        **frame(design, kind="overview", depth=0),
        sums=_sums(overview),
        columns=timeline(overview.months),
        years=[_bar(one, 1, date_clause) for one in reversed(_by_year(overview.months))],
        categories=_bars(overview.categories, category_clause),
        labels=_bars(overview.labels, label_clause),
        all_labels=len(overview.labels) == overview.label_names,
        models=_bars(overview.models, None),
        failures=_bars([Count(_reason(c.name), c.count) for c in overview.failures], None),
    )


def timeline(months: Sequence[Count]) -> list[Column]:
    """Columns for all months from the first to the last, or for years where that is too many."""
    columns = _filled(months)
    if len(columns) > MOST_COLUMNS:
        columns = list(_by_year(months))
    most = max((column.count for column in columns), default=1)
    step = 1 / max(len(columns), 1)
    heights = [max(THINNEST, TIMELINE * one.count / most) if one.count else 0 for one in columns]
    return [
        Column(
            name=wording.date_name(one.name),
            count=wording.counted(one.count, "image"),
            left=length(number * step + step * 0.1),
            width=length(step * 0.8),
            top=f"{TIMELINE - height:.1f}",
            height=f"{height:.1f}",
        )
        for number, (one, height) in enumerate(zip(columns, heights, strict=True))
        if height
    ]


def _filled(months: Sequence[Count]) -> list[Count]:
    """All months between the first and the last, also those without images."""
    if not months:
        return []
    counts = {month.name: month.count for month in months}
    first, last = (_months_since(name) for name in (min(counts), max(counts)))
    names = (f"{number // 12:04}-{number % 12 + 1:02}" for number in range(first, last + 1))
    return [Count(name, counts.get(name, 0)) for name in names]


def _months_since(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:7]) - 1


def _by_year(months: Sequence[Count]) -> tuple[Count, ...]:
    years: dict[str, int] = {}
    for month in months:
        years[month.name[:4]] = years.get(month.name[:4], 0) + month.count
    return tuple(Count(year, count) for year, count in sorted(years.items()))


def _sums(overview: Overview) -> list[tuple[str, str]]:
    names = [month.name for month in overview.months]
    spans = (
        [(wording.date_name(min(names)[:4]), wording.date_name(max(names)[:4]))] if names else []
    )
    span = [(f"{first}–{last}" if first != last else first, "taken in") for first, last in spans]
    return [
        (f"{overview.total:,}", "image" if overview.total == 1 else "images"),
        (f"{overview.label_names:,}", "labels"),
        (f"{len(overview.categories):,}", "categories"),
        *span,
    ]


def _bars(counts: Sequence[Count], clause: Callable[[str], str] | None) -> list[Bar]:
    most = max((count.count for count in counts), default=1)
    return [_bar(count, most, clause) for count in counts]


def _bar(count: Count, most: int, clause: Callable[[str], str] | None) -> Bar:
    return Bar(
        name=wording.shown(count.name),
        count=f"{count.count:,}",
        width=length(count.count / most),
        search=layout.search_link(clause(count.name)) if clause else "",
    )


def _reason(code: str) -> str:
    return REASONS.get(code, code)
