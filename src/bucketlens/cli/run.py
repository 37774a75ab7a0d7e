"""``bucketlens run``: a whole source, restartable, with nothing lost."""

from __future__ import annotations

import shlex

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
    again, what is gone is removed. Stop it at any time; the same command goes on.

    \b
    bucketlens run ~/Pictures ~/labels
    bucketlens run ~/Pictures ~/labels --include 'trips/**' --dry-run
    """
    from bucketlens.cli.passes import Doing, open_pass, perform  # noqa: PLC0415 - help stays light

    settings = resolve_settings(config_file, assignments, **flags).settings
    work = open_pass(source, out, settings, allow_deletes=allow_deletes, check=not dry_run)
    again = f"run {shlex.quote(source)} {shlex.quote(out)}"
    return perform(work, Doing(again, limit=limit, dry_run=dry_run, as_json=as_json))
