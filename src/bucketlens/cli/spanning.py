"""The engine of a run: this machine's cores, or a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bucketlens.assembly import open_pass
from bucketlens.pipeline.running import available_cores

if TYPE_CHECKING:
    from bucketlens.pipeline.passing import Pass
    from bucketlens.settings import Settings


def check_flags(
    engine: str, scheduler: str | None, dashboard: str | None, *, workers: object
) -> None:
    """See that nothing is asked for that would have no effect.

    Raises:
        click.UsageError: Something is.
    """
    if engine != "dask":
        for name, value in (("--scheduler", scheduler), ("--dashboard", dashboard)):
            if value is not None:
                raise click.UsageError(f"{name} is for --engine dask")
    if scheduler is not None and dashboard is not None:
        raise click.UsageError("--dashboard is for a cluster made here: another has its own")
    if scheduler is not None and workers is not None:
        raise click.UsageError("--workers is for a cluster made here: another has its own")
    if dashboard is not None and ":" not in dashboard:
        raise click.UsageError(f"--dashboard {dashboard}: write it as HOST:PORT")


def open_on_engine(  # noqa: PLR0913 - what a run is asked for
    engine: str,
    source: str,
    out: str,
    settings: Settings,
    *,
    allow_deletes: bool,
    check: bool,
    keys: str | None,
    scheduler: str | None,
    dashboard: str | None,
) -> Pass:
    """A pass over SOURCE into OUT on the engine that was asked for.

    Raises:
        BucketlensError: As the openers of the engines.
    """
    cores = available_cores()
    if engine == "local":
        return open_pass(
            source,
            out,
            settings,
            allow_deletes=allow_deletes,
            check=check,
            processes=cores,
            keys=keys,
        )
    from bucketlens.cluster import Deployment, open_cluster_pass  # noqa: PLC0415 - an extra

    return open_cluster_pass(
        source,
        out,
        settings,
        Deployment(scheduler, settings.workers or cores, dashboard),
        allow_deletes=allow_deletes,
        check=check,
        processes=cores,
        keys=keys,
        tell=lambda line: click.echo(line, err=True),
    )
