"""``bucketlens taxonomy``: the tree of labels, for people to read."""

from __future__ import annotations

import click

from bucketlens.errors import ConfigError
from bucketlens.labels import load_taxonomy


@click.command("taxonomy")
@click.argument("label", required=False)
def command(label: str | None) -> None:
    r"""Print the tree of labels, or the part below LABEL.

    \b
    bucketlens taxonomy
    bucketlens taxonomy Dog
    """
    taxonomy = load_taxonomy()
    if label is not None and taxonomy.resolve(label) is None:
        raise ConfigError(f"there is no label {label!r}; `bucketlens taxonomy` lists all")
    for line in taxonomy.tree_lines(label):
        click.echo(line)
