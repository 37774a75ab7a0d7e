"""``bucketlens models``: which models look at images, and where they come from."""

from __future__ import annotations

import json

import click
import msgspec

from bucketlens.assembly import find_models
from bucketlens.cli.options import resolve_settings, setting_options
from bucketlens.models.rekognition import REKOGNITION
from bucketlens.pipeline.asking import SERVICE
from bucketlens.pipeline.scoring import model_facts


@click.command("models")
@click.option("--json", "as_json", is_flag=True, help="Print the whole cards as JSON.")
@setting_options("classifier", "detector")
@click.pass_obj
def command(
    config_file: str | None, /, assignments: tuple[str, ...], *, as_json: bool, **flags: object
) -> None:
    r"""List the models in force and where they come from.

    \b
    bucketlens models
    bucketlens models --classifier ./my-model --json
    """
    settings = resolve_settings(config_file, assignments, **flags).settings
    folders = find_models(settings).folders()
    if as_json:
        cards = [msgspec.to_builtins(folder.card) for folder in folders]
        click.echo(json.dumps(cards, indent=2))
        return
    if settings.classifier == REKOGNITION:
        click.echo(f"{SERVICE.name} {SERVICE.version} ({SERVICE.kind})")
        click.echo("    DetectLabels of Amazon Rekognition; each image costs money")
    for folder in folders:
        card = folder.card
        kind = model_facts(card).kind
        click.echo(f"{card.name} {card.version} ({kind}, {card.label_count:,} labels)")
        click.echo(f"    folder   {folder.path}")
        click.echo(f"    licence  {card.licence}")
        click.echo(f"    sha256   {card.model_sha256}")
        for source in card.sources:
            click.echo(f"    made of  {source.name} {source.version} ({source.registry})")
        for m in card.measured:
            click.echo(
                f"    {m.metric:<8} {100 * m.value:.1f} % on {m.dataset} ({m.images} photos)"
            )
        for remark in card.remarks:
            click.echo(f"    {remark}")
