"""``bucketlens relabel``: new settings on old scores."""

from __future__ import annotations

import json
import shlex
import sys
import threading
import time
from typing import TYPE_CHECKING

import click

from bucketlens.assembly import Collection, current_fingerprints
from bucketlens.assembly.relabelling import relabel_all
from bucketlens.cli import INTERRUPTED
from bucketlens.cli.interrupting import stopping
from bucketlens.cli.keeping import keep, tell_changes
from bucketlens.cli.options import resolve_settings, setting_options
from bucketlens.cli.turnover import document, tell
from bucketlens.errors import ConfigError
from bucketlens.pipeline.running import available_cores

if TYPE_CHECKING:
    from bucketlens.settings import Resolved


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
    What flags say is kept in OUT/bucketlens.toml and holds for later runs. A dry run keeps nothing
    and tells by the catalog which labels would come and go; --json names them all with examples.

    \b
    bucketlens relabel ~/labels --min-confidence 70 --dry-run
    bucketlens relabel ~/labels --set 'label_thresholds={"Dog": 80}'
    """
    resolved = resolve_settings(config_file, assignments, out, **flags)
    collection = Collection(out, resolved.settings, processes=available_cores())
    _settle_settings(collection, resolved, dry_run=dry_run)
    started = time.monotonic()
    stop = threading.Event()
    with stopping(stop):
        done = relabel_all(collection, resolved.settings, stop=stop, dry_run=dry_run)
    seconds = time.monotonic() - started
    if as_json:
        click.echo(json.dumps(document(done, seconds)))
    tell(done, seconds, dry_run=dry_run)
    if stop.is_set():
        command_line = shlex.join(["bucketlens", *sys.argv[1:]])
        click.echo(f"interrupted: this goes on where it stopped:\n    {command_line}", err=True)
        return INTERRUPTED
    return 0


def _settle_settings(collection: Collection, resolved: Resolved, *, dry_run: bool) -> None:
    """Say what differs from the last call, and keep what flags say."""
    if next(iter(collection.records.list()), None) is None:
        raise ConfigError(f"{collection.out} holds no records: `bucketlens run` makes them")
    now = current_fingerprints(resolved.settings)
    tell_changes(collection.private, resolved, scores=now.scores, view=now.view)
    if not dry_run:
        keep(collection.private, resolved, scores=now.scores, view=now.view)
