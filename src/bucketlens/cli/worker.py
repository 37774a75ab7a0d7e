"""``bucketlens worker``: images labelled as a queue tells of them."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import click
from msgspec.structs import asdict

from bucketlens.cli import INTERRUPTED
from bucketlens.cli.heaps import share_heaps
from bucketlens.cli.interrupting import stopping
from bucketlens.cli.logs import OURS, log_to_standard_error
from bucketlens.cli.options import resolve_settings, setting_options
from bucketlens.stores import STRAIN

if TYPE_CHECKING:
    from bucketlens.worker import Done

TRANSIENT = 75


@click.command("worker")
@click.argument("source")
@click.argument("out")
@click.option("--queue", "queue_url", required=True, metavar="URL", help="The queue of SQS.")
@click.option("--once", is_flag=True, help="End when the queue is empty.")
@setting_options("include", "exclude", "workers", "pages", "classifier", "detector")
@click.pass_obj
def command(
    config_file: str | None,
    /,
    source: str,
    out: str,
    queue_url: str,
    assignments: tuple[str, ...],
    *,
    once: bool,
    **flags: object,
) -> int:
    r"""Label the images of SOURCE as a queue tells of them, and keep OUT in step.

    SOURCE is a bucket whose notifications go to the queue, directly, through SNS or through
    EventBridge. Any number of workers may share a queue. Ctrl-C or SIGTERM finishes what is begun
    and gives back the rest; what went wrong comes back, and then goes to the queue's dead letters.
    Each line of the log is one JSON object, on standard error.

    \b
    bucketlens worker s3://photos/uploads s3://labels --queue "$QUEUE_URL"
    bucketlens worker s3://photos/uploads s3://labels --queue "$QUEUE_URL" --once
    """
    from bucketlens.worker import open_worker  # noqa: PLC0415

    settings = resolve_settings(config_file, assignments, out, **flags).settings
    share_heaps()
    log_to_standard_error()
    log = logging.getLogger(OURS)
    stop = threading.Event()
    with stopping(stop, lambda line: log.info(line.strip())):
        work = open_worker(source, out, queue_url, settings)
        log.info("ready", extra={"fields": {"source": source, "out": out, "queue": queue_url}})
        done = work.run(stop, once=once)
    log.info("ended", extra={"fields": _summary(done)})
    if stop.is_set():
        return INTERRUPTED if once else 0
    return exit_status(done)


def exit_status(done: Done) -> int:
    """0 when all is settled and labelled; 75 when messages went back; 1 when images failed."""
    if done.returned:
        return TRANSIENT
    return 1 if any(count for what, count in done.outcomes.items() if what.value == "failed") else 0


def _summary(done: Done) -> dict[str, int]:
    counts = {outcome.value: count for outcome, count in done.outcomes.items()}
    stores = {f"store_{name}": count for name, count in asdict(STRAIN.now).items()}
    return {"deleted": done.deleted, "returned": done.returned, **counts, **stores}
