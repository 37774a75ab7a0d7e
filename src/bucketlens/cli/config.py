"""``bucketlens config``: what is in force, and where each value comes from."""

from __future__ import annotations

import json

import click
import msgspec

from bucketlens.cli.options import resolve_settings, setting_options
from bucketlens.settings import FIELDS, describe


@click.command("config")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.argument("out", required=False)
@setting_options()
@click.pass_obj
def command(
    config_file: str | None,
    /,
    out: str | None,
    assignments: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    r"""Print the settings in force and where each comes from, also those kept with OUT.

    Later ones win: defaults, the settings file, the environment (BUCKETLENS_MIN_CONFIDENCE sets
    min_confidence), flags.

    \b
    bucketlens config
    bucketlens config ~/labels
    bucketlens --config lens.toml config --json
    """
    resolved = resolve_settings(config_file, assignments, out)
    values = msgspec.to_builtins(resolved.settings)
    if as_json:
        document = {
            name: {"value": values[name], "origin": resolved.origins[name]} for name in FIELDS
        }
        click.echo(json.dumps(document, indent=2))
        return
    width = max(map(len, FIELDS))
    for name in FIELDS:
        value = json.dumps(values[name], ensure_ascii=False)
        origin = resolved.origins[name]
        note = "" if origin == "default" else f"   [{origin}]"
        click.echo(f"{name:<{width}} = {value}{note}")
        click.echo(f"{'':<{width}}   # {describe(name)}")
