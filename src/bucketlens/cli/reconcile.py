"""``bucketlens reconcile``: what events missed, found by looking."""

from __future__ import annotations

import shlex
import sys

import click

from bucketlens.cli.options import resolve_settings, setting_options


@click.command("reconcile")
@click.argument("source")
@click.argument("out")
@click.option("--dry-run", is_flag=True, help="Say what differs and change nothing.")
@click.option(
    "--allow-deletes",
    is_flag=True,
    help="Remove records of images that are gone, even if they are many or all.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@setting_options("include", "exclude", "workers", "pages")
@click.pass_obj
def command(
    config_file: str | None,
    /,
    source: str,
    out: str,
    assignments: tuple[str, ...],
    *,
    dry_run: bool,
    allow_deletes: bool,
    as_json: bool,
    **flags: object,
) -> int:
    r"""Compare SOURCE with OUT and repair whatever differs.

    Events that were lost, records that were deleted or damaged, pages whose images are gone, pages
    and pictures that are missing or left over: all are found by looking, beside workers that go on
    with their events. A second call finds nothing to do. It uses the settings kept in
    OUT/bucketlens.toml, and changes none of them.

    \b
    bucketlens reconcile s3://photos/uploads s3://labels --dry-run
    bucketlens reconcile s3://photos/uploads s3://labels
    """
    from bucketlens.assembly import open_pass  # noqa: PLC0415 - not for help
    from bucketlens.cli.passes import Doing, perform  # noqa: PLC0415
    from bucketlens.pipeline.running import available_cores  # noqa: PLC0415

    settings = resolve_settings(config_file, assignments, out, **flags).settings
    work = open_pass(
        source,
        out,
        settings,
        allow_deletes=allow_deletes,
        check=not dry_run,
        processes=available_cores(),
        verify=True,
    )
    again = shlex.join(["bucketlens", *sys.argv[1:]])
    return perform(work, Doing(again, dry_run=dry_run, as_json=as_json))
