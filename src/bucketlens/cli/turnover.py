"""What a relabelling did, or would do, for people and for programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from bucketlens.cli.printing import printable

if TYPE_CHECKING:
    from bucketlens.pipeline.relabelled import Relabelled, Turnover

MOST_LABELS = 15
"""Rows of the table; JSON has all."""

WIDTH = 120
"""Of the table where no terminal says its own."""


def document(done: Relabelled, seconds: float) -> dict[str, Any]:
    """The summary as JSON can hold it."""
    return {
        "changed": done.changed,
        "same": done.same,
        "stale": done.stale,
        "passed_over": done.passed_over,
        "busy": done.busy,
        "written": done.written,
        "gained": dict(done.gained.counts.most_common()),
        "lost": dict(done.lost.counts.most_common()),
        "examples": {
            "gained": _examples(done.gained),
            "lost": _examples(done.lost),
        },
        "seconds": round(seconds, 3),
        "indexing_seconds": round(done.indexing_seconds, 3),
    }


def _examples(turnover: Turnover) -> dict[str, list[str]]:
    """Keys by label, as JSON can hold them."""
    return {
        label: [key.encode("utf-8", "replace").decode() for key in turnover.examples[label]]
        for label, _ in turnover.counts.most_common()
    }


def tell(done: Relabelled, seconds: float, *, dry_run: bool) -> None:
    """Print counts, and a table of the labels that came and went."""
    would = "would get" if dry_run else "got"
    rate = done.seen / seconds if seconds else 0.0
    click.echo(
        f"{done.changed:,} images {would} other labels, {done.same:,} keep theirs"
        f" ({rate:,.0f} records/s)",
        err=True,
    )
    labels = done.gained.counts + done.lost.counts
    if labels:
        console = Console(
            stderr=True, highlight=False, width=None if sys.stderr.isatty() else WIDTH
        )
        most = [label for label, _ in labels.most_common(MOST_LABELS)]
        console.print(_table(done, most), markup=False)
    if len(labels) > MOST_LABELS:
        more = len(labels) - MOST_LABELS
        click.echo(f"and {more:,} more labels; --json names them all", err=True)
    if done.stale:
        click.echo(
            f"{done.stale:,} were made by other models: `bucketlens run` reads them again", err=True
        )
    if done.busy:
        click.echo(f"{done.busy:,} were changed by others all the while and left to them", err=True)


def _table(done: Relabelled, labels: list[str]) -> Table:
    table = Table(show_edge=False)
    table.add_column("label", overflow="fold")
    for heading in ("gained", "lost"):
        table.add_column(heading, justify="right")
    table.add_column("such as", overflow="fold")
    for label in labels:
        cells = [
            f"{turnover.counts[label]:,}" if turnover.counts[label] else ""
            for turnover in (done.gained, done.lost)
        ]
        keys = [*done.gained.examples.get(label, ()), *done.lost.examples.get(label, ())]
        table.add_row(printable(label), *cells, printable(keys[0]))
    return table
