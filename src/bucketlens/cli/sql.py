"""``bucketlens sql``: questions to the catalog."""

from __future__ import annotations

import csv
import sys
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import click
import msgspec

from bucketlens.cli.options import resolve_settings, setting_options
from bucketlens.cli.printing import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bucketlens.catalog.asking import Answer

MOST_ROWS = 1000
"""Rows of a table on a terminal; more are for programs."""


@click.command("sql")
@click.argument("out")
@click.argument("query")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV with a line of headings.")
@setting_options()
@click.pass_obj
def command(
    config_file: str | None,
    /,
    out: str,
    query: str,
    assignments: tuple[str, ...],
    *,
    as_json: bool,
    as_csv: bool,
) -> None:
    r"""Answer one SELECT over the tables of OUT's catalog, in the SQL of DuckDB.

    The tables are images, labels, vocabulary, scores and embeddings; the docs list their columns.
    Nothing can be changed, and no other file be read.

    \b
    bucketlens sql ~/labels "select kind, count(*) from images group by kind"
    bucketlens sql ~/labels "select name from vocabulary order by name" --csv
    """
    if as_json and as_csv:
        raise click.UsageError("say one of --json and --csv")
    from bucketlens.assembly import Collection  # noqa: PLC0415 - not for help
    from bucketlens.catalog.asking import asked  # noqa: PLC0415

    collection = Collection(out, resolve_settings(config_file, assignments, out).settings)
    with asked(collection.catalog.snapshot(), query) as answer:
        if as_json:
            encoder = msgspec.json.Encoder()
            for row in answer.rows:
                line = encoder.encode(dict(zip(answer.columns, row, strict=True)))
                click.echo(line.decode())
        elif as_csv:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(answer.columns)
            writer.writerows([_text(value) for value in row] for row in answer.rows)
        else:
            _show(answer)


def _show(answer: Answer) -> None:
    """The first rows as a table with as wide columns as they need."""
    rows = [[printable(_text(value)) for value in row] for row in islice(answer.rows, MOST_ROWS)]
    numbers = [all(_is_number(row[i]) for row in rows) for i in range(len(answer.columns))]
    heads = [printable(column) for column in answer.columns]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    click.echo(_line(heads, widths, numbers))
    click.echo("  ".join("-" * width for width in widths))
    for row in rows:
        click.echo(_line(row, widths, numbers))
    if next(answer.rows, None) is not None:
        click.echo(f"there are more than {MOST_ROWS:,} rows: --csv or --json gives all", err=True)


def _line(cells: Iterable[str], widths: list[int], numbers: list[bool]) -> str:
    padded = (
        cell.rjust(width) if number else cell.ljust(width)
        for cell, width, number in zip(cells, widths, numbers, strict=True)
    )
    return "  ".join(padded).rstrip()


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).removeprefix("-").isdigit() or not text


def _text(value: Any) -> str:  # noqa: ANN401 - whatever a query gives
    """A value as a cell shows it."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return "; ".join(map(_text, value))
    return str(value)
