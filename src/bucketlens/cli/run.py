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
def command(
    config_file: str | None,
    /,
    source: str,
    out: str,
    limit: int | None,
    assignments: tuple[str, ...],
    *,
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
    """
    from bucketlens.assembly import open_pass  # noqa: PLC0415 - not for help
    from bucketlens.cli.keeping import keep, tell_changes  # noqa: PLC0415
    from bucketlens.cli.passes import Doing, perform  # noqa: PLC0415
    from bucketlens.pipeline.running import available_cores  # noqa: PLC0415

    resolved = resolve_settings(config_file, assignments, out, **flags)
    work = open_pass(
        source,
        out,
        resolved.settings,
        allow_deletes=allow_deletes,
        check=not dry_run,
        processes=available_cores(),
    )
    scores, view = work.labeler.scorer.fingerprint, work.labeler.view.fingerprint
    tell_changes(work.private, resolved, scores=scores, view=view)
    if not dry_run:
        next(iter(work.source.list()), None)  # a source that is not there leaves no trace in OUT
        keep(work.private, resolved, scores=scores, view=view)
    again = shlex.join(["bucketlens", *sys.argv[1:]])
    return perform(work, Doing(again, limit=limit, dry_run=dry_run, as_json=as_json))
