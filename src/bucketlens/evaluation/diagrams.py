"""Diagrams as numbers: where each mark of an SVG lies. Templates only print them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bucketlens.evaluation.calibration import Calibration
    from bucketlens.evaluation.metrics import Share
    from bucketlens.evaluation.thresholds import SweepRow

SIDE = 240.0
"""Width and height of the plotted square, in units of the SVG."""

LEAST_DOT, MOST_DOT = 3.0, 8.0
"""Radii of marks; their areas follow the number of answers."""


class Dot(msgspec.Struct, frozen=True):
    """A bin of the reliability diagram; ``y`` counts downwards, as in an SVG.

    Attributes:
        x: The mean confidence.
        y: The share that is right.
        ideal: Where it would lie if confidences held.
        radius: By the number of answers.
        text: The same in words.
    """

    x: float
    y: float
    ideal: float
    radius: float
    text: str


class Tick(msgspec.Struct, frozen=True):
    """A number on an axis."""

    at: float
    text: str


class Reliability(msgspec.Struct, frozen=True):
    """A reliability diagram; ``start`` is the confidence at the origin, in percent."""

    start: float
    dots: tuple[Dot, ...]
    across: tuple[Tick, ...]
    upwards: tuple[Tick, ...]


class Line(msgspec.Struct, frozen=True):
    """A curve: its name, its ``points`` attribute and its last point."""

    name: str
    points: str
    end_y: float


class SweepChart(msgspec.Struct, frozen=True):
    """Curves over thresholds; ``present`` is where the threshold in force lies."""

    lines: tuple[Line, ...]
    across: tuple[Tick, ...]
    upwards: tuple[Tick, ...]
    present: float


def reliability_diagram(calibration: Calibration) -> Reliability:
    """Confidence across, share that is right upwards; both axes begin below the lowest bin."""
    lowest = min(min(b.confidence, b.right) for b in calibration.bins)
    start = 10.0 * math.floor(min(90.0, 100.0 * lowest) / 10.0)
    most = max(b.count for b in calibration.bins)

    def place(value: float) -> float:
        return round((100.0 * value - start) / (100.0 - start) * SIDE, 1)

    dots = tuple(
        Dot(
            x=place(b.confidence),
            y=round(SIDE - place(b.right), 1),
            ideal=round(SIDE - place(b.confidence), 1),
            radius=round(max(LEAST_DOT, MOST_DOT * math.sqrt(b.count / most)), 1),
            text=(
                f"{b.count:,} answers from {100 * b.low:.0f} to {100 * b.high:.0f} %, on average"
                f" {100 * b.confidence:.1f} %: {100 * b.right:.1f} % are right"
            ),
        )
        for b in calibration.bins
    )
    ticks = _ticks(start, 100.0, 20.0 if start < 50.0 else 10.0)  # noqa: PLR2004 - half the range
    return Reliability(start, dots, ticks, _upwards(ticks))


def sweep_chart(rows: Sequence[SweepRow], present: float) -> SweepChart:
    """Precision, coverage and recall over thresholds; a measure without values has no line."""
    low, high = rows[0].threshold, rows[-1].threshold
    measures: tuple[tuple[str, Callable[[SweepRow], Share]], ...] = (
        ("precision", lambda row: row.precision),
        ("coverage", lambda row: row.coverage),
        ("recall", lambda row: row.recall),
    )

    def across(threshold: float) -> float:
        return round((threshold - low) / (high - low) * SIDE, 1)

    lines = []
    for name, measure in measures:
        points = [
            (across(row.threshold), round(SIDE * (1.0 - value), 1))
            for row in rows
            if (value := measure(row).value) is not None
        ]
        if points:
            text = " ".join(f"{x:g},{y:g}" for x, y in points)
            lines.append(Line(name, text, points[-1][1]))
    return SweepChart(
        lines=tuple(lines),
        across=_ticks(low, high, 10.0),
        upwards=_upwards(_ticks(0.0, 100.0, 20.0)),
        present=across(present),
    )


def _ticks(start: float, end: float, step: float) -> tuple[Tick, ...]:
    """Numbers from ``start`` to ``end``, and how far along the axis each lies."""
    count = int((end - start) // step)
    values = [start + i * step for i in range(count + 1)]
    return tuple(Tick(round((v - start) / (end - start) * SIDE, 1), f"{v:g}") for v in values)


def _upwards(ticks: Sequence[Tick]) -> tuple[Tick, ...]:
    return tuple(Tick(round(SIDE - tick.at, 1), tick.text) for tick in ticks)
