"""``bucketlens index``: the catalog and the site's index, brought up to date or made anew."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import click

from bucketlens.cli.options import resolve_settings, setting_options
from bucketlens.cli.printing import printable

if TYPE_CHECKING:
    from bucketlens.assembly import Collection


@click.command("index")
@click.argument("out")
@click.option("--rebuild", is_flag=True, help="Make the catalog anew, from the records alone.")
@click.option("--check", is_flag=True, help="Compare the catalog with all records.")
@click.option("--compact", is_flag=True, help="Merge its files, and drop what no longer holds.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
@setting_options("workers", "pages")
@click.pass_obj
def command(
    config_file: str | None,
    /,
    out: str,
    assignments: tuple[str, ...],
    *,
    rebuild: bool,
    check: bool,
    compact: bool,
    as_json: bool,
    **flags: object,
) -> int:
    r"""Bring the catalog and the site's index of OUT up to date with the records.

    Runs and workers do this themselves. The catalog holds nothing that the records do not, so it
    can be made anew at any time.

    \b
    bucketlens index ~/labels
    bucketlens index ~/labels --check
    bucketlens index ~/labels --rebuild
    """
    if rebuild + check + compact > 1:
        raise click.UsageError("say one of --rebuild, --check and --compact")
    from bucketlens.assembly import Collection  # noqa: PLC0415 - not for help
    from bucketlens.pipeline.running import available_cores  # noqa: PLC0415

    settings = resolve_settings(config_file, assignments, out, **flags).settings
    processes = settings.workers or available_cores()
    collection = Collection(out, settings, processes=processes)
    if check:
        return _check(collection, as_json=as_json)
    _renew(collection, rebuild=rebuild, compact=compact, as_json=as_json)
    return 0


def _renew(collection: Collection, *, rebuild: bool, compact: bool, as_json: bool) -> None:
    started = time.monotonic()
    catalog = collection.catalog
    if compact:
        collection.packs.compact()
    done = catalog.rebuild() if rebuild else catalog.refresh()
    if compact:
        catalog.compact()
    # Tombstones stay for the next run: whoever drops one looks at the source once more.
    collection.index.renew()
    seconds = time.monotonic() - started
    snapshot = catalog.snapshot()
    if as_json:
        outcome = {
            "images": snapshot.images,
            "labelled": snapshot.labelled,
            "added": done.added,
            "replaced": done.replaced,
            "removed": done.removed,
            "unreadable": done.unreadable,
            "change": snapshot.change,
            "seconds": round(seconds, 3),
        }
        click.echo(json.dumps(outcome))
    what = f"{done.added:,} added, {done.replaced:,} replaced, {done.removed:,} removed"
    click.echo(f"{snapshot.images:,} images in the catalog ({what}) in {seconds:.1f} s", err=True)
    if done.unreadable:
        click.echo(f"{done.unreadable:,} records are damaged; a run makes them anew", err=True)


def _check(collection: Collection, *, as_json: bool) -> int:
    found = collection.catalog.check()
    if as_json:
        counts = ("images", "behind", "surplus", "wrong", "unscored", "damaged")
        outcome = {name: getattr(found, name) for name in counts}
        click.echo(json.dumps({**outcome, "sound": found.sound, "examples": found.examples}))
    click.echo(f"{found.images:,} images in the catalog", err=True)
    for count, what in (
        (found.behind, "records are newer than the catalog"),
        (found.surplus, "images of the catalog have no record any more"),
        (found.wrong, "images are not what their records say"),
        (found.unscored, "images have no scores, or scores stand twice"),
        (found.damaged, "files of the catalog are missing or damaged"),
    ):
        if count:
            click.echo(f"  {count:,} {what}", err=True)
    for name in found.examples:
        click.echo(f"    {printable(name)}", err=True)
    if not found.sound:
        click.echo("`bucketlens index OUT --rebuild` makes the catalog anew", err=True)
        return 1
    if found.behind or found.surplus:
        click.echo("`bucketlens index OUT` brings it up to date", err=True)
        return 1
    click.echo("it says what the records say", err=True)
    return 0
