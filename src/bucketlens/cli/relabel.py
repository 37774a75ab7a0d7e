"""``bucketlens relabel``: new settings on old scores."""

from __future__ import annotations

import json
import time

import click

from bucketlens.assembly import Collection
from bucketlens.cli.options import resolve_settings, setting_options
from bucketlens.cli.relabelling import relabel_all

MOST_LABELS = 15


@click.command("relabel")
@click.argument("out")
@click.option("--dry-run", is_flag=True, help="Say which labels would come and go; change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@setting_options("min_confidence", "max_labels", "workers", "pages", "classifier", "detector")
@click.pass_obj
def command(
    config_file: str | None,
    /,
    out: str,
    assignments: tuple[str, ...],
    *,
    dry_run: bool,
    as_json: bool,
    **flags: object,
) -> int:
    r"""Make all labels of OUT again from stored scores, under the present settings.

    No image is read and no model runs, so that a new threshold costs minutes for a million images.

    \b
    bucketlens relabel ~/labels --min-confidence 70 --dry-run
    bucketlens relabel ~/labels --set 'label_thresholds={"Dog": 80}'
    """
    settings = resolve_settings(config_file, assignments, **flags).settings
    started = time.monotonic()
    done = relabel_all(Collection(out, settings), settings, dry_run=dry_run)
    seconds = time.monotonic() - started
    if as_json:
        summary = {
            "changed": done.changed,
            "same": done.same,
            "stale": done.stale,
            "passed_over": done.passed_over,
            "gained": dict(done.gained.most_common()),
            "lost": dict(done.lost.most_common()),
            "seconds": round(seconds, 3),
        }
        click.echo(json.dumps(summary))
    would = "would get" if dry_run else "got"
    rate = done.seen / seconds if seconds else 0.0
    click.echo(
        f"{done.changed:,} images {would} other labels, {done.same:,} keep theirs"
        f" ({rate:,.0f} records/s)",
        err=True,
    )
    for verb, counts in (("gained", done.gained), ("lost", done.lost)):
        if counts:
            most = ", ".join(f"{name} {count:,}" for name, count in counts.most_common(MOST_LABELS))
            click.echo(f"  {verb}: {most}", err=True)
    if done.stale:
        click.echo(
            f"{done.stale:,} were made by other models: `bucketlens run` reads them again", err=True
        )
    return 0
