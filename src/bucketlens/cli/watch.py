"""``bucketlens watch``: images labelled as they arrive in a folder or bucket."""

from __future__ import annotations

import logging
import os
import sys
import threading

import click

from bucketlens.cli import INTERRUPTED
from bucketlens.cli.heaps import share_heaps
from bucketlens.cli.interrupting import stopping
from bucketlens.cli.logs import OURS, log_to_standard_error
from bucketlens.cli.options import resolve_settings, setting_options


@click.command("watch")
@click.argument("source")
@click.argument("out")
@click.option("--queue", "queue_url", metavar="URL", help="Queue of SQS that tells of changes.")
@setting_options("include", "exclude", "workers", "pages", "classifier", "detector")
@click.pass_obj
def command(
    config_file: str | None,
    /,
    source: str,
    out: str,
    assignments: tuple[str, ...],
    **flags: object,
) -> int:
    r"""Watch SOURCE, label what arrives, and keep OUT in step, until it is stopped.

    What was there before is labelled too, behind what has just come. Ctrl-C or SIGTERM finishes
    what is begun; what is left then, the next start finds. Each line of the log is one JSON
    object, on standard error.

    \b
    bucketlens watch ~/Pictures ~/labels
    bucketlens watch s3://photos/uploads s3://labels --queue "$QUEUE_URL"
    """
    from bucketlens.live import open_live  # noqa: PLC0415

    settings = resolve_settings(config_file, assignments, out, **flags).settings
    share_heaps()
    log_to_standard_error()
    log = logging.getLogger(OURS)
    stop = threading.Event()
    with stopping(stop, lambda line: log.info(line.strip())):
        live = open_live(source, out, settings)
        live.start()
        log.info("ready", extra={"fields": {"source": source, "out": out}})
        stop.wait()
        whole = live.stop()
    log.info("ended", extra={"fields": {"whole": whole, **live.status().outcomes}})
    if not whole:  # threads that hang would keep the process from ending
        sys.stderr.flush()
        os._exit(INTERRUPTED)
    return 0
