"""Labels as a table on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketlens.types import Label

BAR = 20


def print_labels(labels: Sequence[Label]) -> None:
    """One line a label: confidence, a bar, the name, how many, what it is a kind of."""
    if not labels:
        click.echo("  nothing that is sure enough to be shown")
    width = max((len(label.name) for label in labels), default=0)
    for label in labels:
        filled = round(label.confidence / 100 * BAR)
        bar = "█" * filled + "·" * (BAR - filled)
        count = f" x{len(label.instances)}" if label.instances else ""
        parents = " < ".join(parent.name for parent in label.parents)
        line = f"  {label.confidence:5.1f} {bar} {label.name + count:<{width + 4}} {parents}"
        click.echo(line.rstrip())
