"""``bucketlens plan``: what a run would take, told before anything runs."""

from __future__ import annotations

import json
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from bucketlens.cli.options import resolve_settings, setting_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECONDS_BETWEEN = 5.0
"""Two lines that say how far the count is, where there is no terminal."""


def _number(_context: click.Context, _option: click.Parameter, value: str | None) -> int | None:
    """A whole number as people write large ones: 100000000, 100e6 or 100_000_000."""
    if value is None:
        return None
    try:
        number = float(value)
    except ValueError as exc:
        raise click.BadParameter(f"{value!r} is no number") from exc
    if not 0 <= number <= 1e12:  # noqa: PLR2004 - infinity and typing errors are above
        raise click.BadParameter("it must be between 0 and 1e12")
    return round(number)


@click.command("plan")
@click.argument("source")
@click.argument("out", required=False)
@click.option(
    "--cores",
    type=click.IntRange(min=1),
    multiple=True,
    help="Also tell how long so many cores would take. Repeatable.",
)
@click.option(
    "--objects",
    callback=_number,
    metavar="N",
    help="Reckon as if so many images like these were to be labelled, such as 100e6.",
)
@click.option(
    "--sample",
    type=click.IntRange(min=2, max=10_000),
    default=32,
    show_default=True,
    help="Images that are tried.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@setting_options("include", "exclude", "pages", "records_format", "classifier", "detector")
@click.pass_obj
def command(
    config_file: str | None,
    /,
    source: str,
    out: str | None,
    cores: tuple[int, ...],
    objects: int | None,
    sample: int,
    assignments: tuple[str, ...],
    *,
    as_json: bool,
    **flags: object,
) -> int:
    r"""Say what a run over SOURCE would take: time, disk, requests and money.

    SOURCE is counted, and some of its images, drawn by lot, are labelled into a temporary folder.
    With OUT, what is done already is left out. Nothing is changed, and no service is asked.

    \b
    bucketlens plan ~/Pictures
    bucketlens plan s3://photos s3://labels --cores 64 --cores 512
    """
    from bucketlens.assembly.planning import plan  # noqa: PLC0415 - not for help
    from bucketlens.cli.planning import document, show  # noqa: PLC0415

    settings = resolve_settings(config_file, assignments, out, **flags).settings
    with _progress() as told:
        planned = plan(source, out, settings, sample=sample, told=told)
    found = document(planned, settings, (source, out), cores=cores, objects=objects)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        show(found)
    return 0


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    """Say how far the count is: in place on a terminal, a line now and then elsewhere."""
    terminal = sys.stderr.isatty()
    last = time.monotonic()

    def told(count: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < (0.2 if terminal else SECONDS_BETWEEN):
            return
        last = now
        start = "\r" if terminal else ""
        with suppress(OSError):
            click.echo(f"{start}{count:,} images counted", err=True, nl=not terminal)

    yield told
    if terminal:
        click.echo("\r\x1b[K", err=True, nl=False)
