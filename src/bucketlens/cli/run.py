"""``bucketlens run``: a whole source, restartable, with nothing lost."""

from __future__ import annotations

import shlex
import sys

import click

from bucketlens.cli.options import resolve_settings, setting_options


@click.command("run")
@click.argument("source")
@click.argument("out")
@click.option("--limit", type=click.IntRange(min=0), help="Look at the first so many images only.")
@click.option(
    "--keys",
    metavar="FILE",
    help="Look only at the images that FILE names: text, CSV, Parquet or an S3 Inventory.",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "dask"]),
    default="local",
    show_default=True,
    help="Label on this machine's cores, or on a cluster of Dask.",
)
@click.option("--scheduler", metavar="ADDRESS", help="Of a cluster; else dask makes one here.")
@click.option("--dashboard", metavar="HOST:PORT", help="Show how a cluster made here is busy.")
@click.option("--dry-run", is_flag=True, help="Say what would be done and how long it would take.")
@click.option(
    "--allow-deletes",
    is_flag=True,
    help="Remove records of images that are gone, even if they are many or all.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@setting_options(
    "min_confidence",
    "max_labels",
    "include",
    "exclude",
    "workers",
    "pages",
    "records_format",
    "classifier",
    "detector",
)
@click.pass_obj
def command(  # noqa: PLR0913 - one for each option
    config_file: str | None,
    /,
    source: str,
    out: str,
    limit: int | None,
    assignments: tuple[str, ...],
    *,
    keys: str | None,
    engine: str,
    scheduler: str | None,
    dashboard: str | None,
    dry_run: bool,
    allow_deletes: bool,
    as_json: bool,
    **flags: object,
) -> int:
    r"""Label every image of SOURCE and keep records and pages in OUT.

    SOURCE and OUT are folders or URLs. What is done already is skipped, what has changed is done
    again, what is gone is removed. Stop it at any time; the same command goes on. What flags say
    of labels and pages is kept in OUT/bucketlens.toml and holds for later runs.

    \b
    bucketlens run ~/Pictures ~/labels
    bucketlens run ~/Pictures ~/labels --include 'trips/**' --dry-run
    bucketlens run s3://photos s3://labels --engine dask --scheduler tls://10.0.0.5:8786
    """
    from bucketlens.cli.keeping import keep, tell_changes  # noqa: PLC0415 - not for help
    from bucketlens.cli.passes import Doing, perform  # noqa: PLC0415
    from bucketlens.cli.spanning import check_flags, open_on_engine  # noqa: PLC0415

    check_flags(engine, scheduler, dashboard, workers=flags["workers"])
    resolved = resolve_settings(config_file, assignments, out, **flags)
    work = open_on_engine(
        engine,
        source,
        out,
        resolved.settings,
        allow_deletes=allow_deletes,
        check=not dry_run,
        keys=keys,
        scheduler=scheduler,
        dashboard=dashboard,
    )
    scores, view = work.labeler.scorer.fingerprint, work.labeler.view.fingerprint
    tell_changes(work.private, resolved, scores=scores, view=view)
    if not dry_run:
        next(iter(work.source.list()), None)  # a source that is not there leaves no trace in OUT
        keep(work.private, resolved, scores=scores, view=view)
    again = shlex.join(["bucketlens", *sys.argv[1:]])
    return perform(work, Doing(again, limit=limit, dry_run=dry_run, as_json=as_json))
