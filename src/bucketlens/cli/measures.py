"""What was measured, as a table on standard error: one column a set."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from bucketlens.cli.printing import printable
from bucketlens.evaluation.summary import summarise

if TYPE_CHECKING:
    from bucketlens.evaluation.results import Evaluation, SetResult
    from bucketlens.evaluation.summary import Summary

FIRST_COLUMN, COLUMN = 35, 22
"""Characters that the names of measures take, and a set."""

SETS_ABREAST = 6
"""Where there is no terminal to ask how wide it is."""

NAMED = 8
"""Unknown names and failures that are listed; the report and the JSON have all."""


def print_evaluation(evaluation: Evaluation) -> None:
    """Print the table, as many sets abreast as there is room, then what could not be measured."""
    width = None if sys.stderr.isatty() else FIRST_COLUMN + SETS_ABREAST * COLUMN
    console = Console(stderr=True, highlight=False, width=width)
    summary = summarise(evaluation)
    abreast = max(1, (console.width - FIRST_COLUMN) // COLUMN)
    for start in range(0, len(summary.heads), abreast):
        console.print(_table(evaluation, summary, slice(start, start + abreast)), markup=False)
        console.print()
    for result in evaluation.sets:
        _tell_unknown(result, console)
        _tell_failures(result, console)


def _table(evaluation: Evaluation, summary: Summary, sets: slice) -> Table:
    table = Table(show_edge=False)
    table.add_column(f"shown from {evaluation.threshold:g} %", overflow="fold")
    for head in summary.heads[sets]:
        table.add_column(printable(head), justify="right", overflow="fold")
    for row in summary.rows:
        if any(row.cells[sets]):
            table.add_row(row.name, *row.cells[sets])
    return table


def _tell_unknown(result: SetResult, console: Console) -> None:
    if not result.unknown:
        return
    names = ", ".join(printable(name) for name in list(result.unknown)[:NAMED])
    more = f" and {len(result.unknown) - NAMED:,} more" if len(result.unknown) > NAMED else ""
    console.print(f"{printable(result.name)}: not in the taxonomy: {names}{more}", markup=False)


def _tell_failures(result: SetResult, console: Console) -> None:
    for failure in result.failures[:NAMED]:
        line = f"{printable(result.name)}: {printable(failure.file)}: {printable(failure.reason)}"
        console.print(line, markup=False)
    if len(result.failures) > NAMED:
        more = len(result.failures) - NAMED
        console.print(f"{printable(result.name)}: and {more:,} more failed", markup=False)
