"""``bucketlens edits``: all that people said about images."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bucketlens.cli.options import resolve_settings
from bucketlens.cli.printing import printable
from bucketlens.edits import EditError, decode_edits, edits_lines
from bucketlens.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bucketlens.assembly import Collection
    from bucketlens.edits import Edit, ImageEdits
    from bucketlens.settings import Settings


@click.command("edits")
@click.argument("out")
@click.option("--export", "target", metavar="FILE", help="Write them as JSON lines; - to print.")
@click.option(
    "--import",
    "origin",
    metavar="FILE",
    help="Join in what was exported; of two words on a label the later one holds.",
)
@click.pass_obj
def command(config_file: str | None, /, out: str, target: str | None, origin: str | None) -> None:
    r"""Show which labels people added in OUT and took away, who and when.

    \b
    bucketlens edits ~/labels
    bucketlens edits ~/labels --export edits.jsonl
    bucketlens edits ~/elsewhere --import edits.jsonl
    """
    from bucketlens.assembly import Collection  # noqa: PLC0415 - help stays light

    if target and origin:
        raise click.UsageError("--export and --import are two calls")
    settings = resolve_settings(config_file, (), out).settings
    collection = Collection(out, settings)
    if origin:
        _take_in(collection, settings, origin)
    elif target == "-":
        sys.stdout.buffer.writelines(edits_lines(collection.edits.all()))
    elif target:
        _export(collection, Path(target))
    else:
        for one in collection.edits.all():
            print_edits(one.key, one.edits)


def print_edits(key: str, edits: Iterable[Edit]) -> None:
    """Edits of one image, for people to read."""
    click.echo(printable(key))
    for edit in edits:
        day = datetime.fromtimestamp(edit.at, UTC).strftime("%Y-%m-%d")
        sign = "-" if edit.removed else "+"
        click.echo(f"  {sign} {edit.label}  ({printable(edit.by)}, {day})")


def _export(collection: Collection, target: Path) -> None:
    lines = list(edits_lines(collection.edits.all()))
    try:
        target.write_bytes(b"".join(lines))
    except OSError as exc:
        raise ConfigError(f"{target} can't be written: {exc.strerror}") from exc
    click.echo(f"edits of {len(lines):,} images written to {target}", err=True)


def _take_in(collection: Collection, settings: Settings, origin: str) -> None:
    from bucketlens.assembly.editing import open_editor  # noqa: PLC0415
    from bucketlens.pipeline.indexing import renew_index  # noqa: PLC0415

    found = list(_read(origin))  # all of it is looked at before anything is taken
    editor = open_editor(collection, settings)
    keys = [key for one in found for key in editor.take_in(one)]
    renew_index(collection.records, collection.index, keys)
    click.echo(
        f"edits of {len(found):,} images taken in; {len(set(keys)):,} images here show them",
        err=True,
    )


def _read(origin: str) -> Iterable[ImageEdits]:
    try:
        lines = Path(origin).read_bytes().splitlines()
    except OSError as exc:
        raise ConfigError(f"{origin} can't be read: {exc.strerror}") from exc
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield decode_edits(line)
            except EditError as exc:
                raise ConfigError(f"{origin}, line {number}: {exc.message}") from exc
