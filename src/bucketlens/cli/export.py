"""``bucketlens export``: the catalog as one table for other programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bucketlens.cli.options import resolve_settings, setting_options
from bucketlens.errors import ConfigError

if TYPE_CHECKING:
    from bucketlens.catalog import Snapshot


@click.command("export")
@click.argument("out")
@click.argument("path", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--csv", "form", flag_value="csv", help="Write CSV with a line of headings.")
@click.option("--jsonl", "form", flag_value="jsonl", help="Write one JSON object a line.")
@click.option("--parquet", "form", flag_value="parquet", help="Write a Parquet file.")
@setting_options()
@click.pass_obj
def command(
    config_file: str | None,
    /,
    out: str,
    path: Path | None,
    form: str | None,
    assignments: tuple[str, ...],
) -> None:
    r"""Write OUT's catalog as one table: a row an image, newest first, its labels within it.

    CSV and JSON lines go to standard output where there is no PATH.

    \b
    bucketlens export ~/labels --csv labels.csv
    bucketlens export ~/labels --jsonl
    bucketlens export ~/labels --parquet labels.parquet
    """
    if form is None:
        raise click.UsageError("say one of --csv, --jsonl and --parquet")
    if form == "parquet" and path is None:
        raise click.UsageError("--parquet needs a PATH")
    from bucketlens.assembly import Collection  # noqa: PLC0415 - not for help

    collection = Collection(out, resolve_settings(config_file, assignments, out).settings)
    try:
        count = _write(collection.catalog.snapshot(), form, path)
    except OSError as exc:
        if path is None:
            raise
        raise ConfigError(f"{path} can't be written: {exc.strerror}") from exc
    if path is not None:
        click.echo(f"{count:,} images written to {path}", err=True)


def _write(snapshot: Snapshot, form: str, path: Path | None) -> int:
    from bucketlens.catalog.exporting import write_csv, write_jsonl, write_parquet  # noqa: PLC0415

    if form == "parquet":
        assert path is not None  # noqa: S101 - the command saw to it
        return write_parquet(snapshot, path)
    if form == "jsonl":
        if path is None:
            return write_jsonl(snapshot, sys.stdout.buffer)
        with path.open("wb") as file:
            return write_jsonl(snapshot, file)
    if path is None:
        return write_csv(snapshot, sys.stdout)
    with path.open("w", encoding="utf-8", newline="") as text:
        return write_csv(snapshot, text)
