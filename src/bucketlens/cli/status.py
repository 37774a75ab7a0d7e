"""``bucketlens status``: what is there, what is stale and why, what failed, what made it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from bucketlens.assembly import Collection, current_fingerprints
from bucketlens.assembly.surveying import survey_collection
from bucketlens.cli.options import resolve_settings, setting_options
from bucketlens.cli.printing import printable

if TYPE_CHECKING:
    from bucketlens.pipeline.surveying import Survey

MOST_LABELS = 12


@click.command("status")
@click.argument("out")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@setting_options("classifier", "detector")
@click.pass_obj
def command(
    config_file: str | None,
    /,
    out: str,
    assignments: tuple[str, ...],
    *,
    as_json: bool,
    **flags: object,
) -> int:
    r"""Say what OUT holds, what is stale and why, what failed, and which models made it.

    \b
    bucketlens status ~/labels
    """
    settings = resolve_settings(config_file, assignments, out, **flags).settings
    found = survey_collection(Collection(out, settings), current_fingerprints(settings))
    if as_json:
        click.echo(json.dumps(_document(found), indent=2))
    else:
        _tell(out, found)
    return 1 if found.errors or found.damaged else 0


def _document(found: Survey) -> dict[str, Any]:
    """All counts as JSON can hold them (``asdict`` copies no Counter before Python 3.12)."""
    values = {field.name: getattr(found, field.name) for field in fields(found)}
    return {n: dict(v.most_common()) if isinstance(v, Counter) else v for n, v in values.items()}


def _tell(out: str, found: Survey) -> None:
    click.echo(f"{out}: {found.labelled:,} images labelled")
    if found.unlabelled:
        click.echo(f"  {found.unlabelled:,} of them show no label: nothing was sure enough")
    for models, count in found.models.most_common():
        click.echo(f"  {count:,} by {models}")
    if found.newest:
        when = datetime.fromtimestamp(found.newest, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        click.echo(f"  newest record of {when}")
    for reason, count in found.stale.most_common():
        click.echo(f"{count:,} stale, {reason}")
    if found.damaged:
        click.echo(f"{found.damaged:,} records are damaged; a run makes them anew")
    if found.tombstones:
        click.echo(f"{found.tombstones:,} images are gone and leave the index with the next run")
    if found.labels:
        most = ", ".join(
            f"{name} {count:,}" for name, count in found.labels.most_common(MOST_LABELS)
        )
        click.echo(f"most seen: {most}")
    for code, count in found.errors.most_common():
        click.echo(f"{count:,} failed: {code}")
    for key, reason, setting in found.failures:
        hint = f"  [{setting}]" if setting else ""
        click.echo(f"    {printable(key)}: {printable(reason)}{hint}")
