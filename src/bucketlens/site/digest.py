"""What the index page and the overview say, asked of the catalog.

The tables ``images``, ``labels`` and ``vocabulary`` are those of docs/catalog.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bucketlens.site.pieces.overview import Overview, read_overview, show_images
from bucketlens.site.shell import NEWEST, Shell, ShellImage

if TYPE_CHECKING:
    from collections.abc import Callable

    from duckdb import DuckDBPyConnection

NEWEST_IMAGES = "SELECT id, key, name, width, height FROM shown ORDER BY id DESC LIMIT ?"

SPECIFIC_LABELS = """
SELECT image, vocabulary.name FROM labels JOIN vocabulary ON vocabulary.id = label
WHERE specific AND image IN (SELECT unnest(?))
ORDER BY image, confidence DESC, vocabulary.name
"""


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """What the index page and the overview say, of one state of the catalog.

    Attributes:
        shell: The index page.
        overview: Counts of all kinds.
        names: Of labels, by the ids that the overview counts them by.
    """

    shell: Shell
    overview: Overview
    names: dict[int, str]


def digest(
    connection: DuckDBPyConnection,
    publishes: Callable[[str], bool] | None = None,
    overview: Overview | None = None,
) -> Digest:
    """Ask one state of the catalog.

    Args:
        connection: With the tables of the catalog; it gets a view ``shown``.
        publishes: Which keys are shown; None for all that have a page.
        overview: Of the same state, where it was read already.
    """
    show_images(connection, publishes)
    overview = overview or read_overview(connection)
    failed = sum(count for _, count in overview.failures)
    names = dict(connection.execute("SELECT id, name FROM vocabulary").fetchall())
    shell = Shell(newest=_newest(connection), total=overview.total, failed=failed)
    return Digest(shell=shell, overview=overview, names=names)


def _newest(connection: DuckDBPyConnection) -> tuple[ShellImage, ...]:
    """The newest images, with their most specific labels."""
    images = connection.execute(NEWEST_IMAGES, [NEWEST]).fetchall()
    labels: dict[int, list[str]] = {}
    ids = [row[0] for row in images]
    for image, label in connection.execute(SPECIFIC_LABELS, [ids]).fetchall():
        labels.setdefault(image, []).append(label)
    return tuple(
        ShellImage(key=key, name=name, width=width, height=height, labels=(*labels.get(id_, ()),))
        for id_, key, name, width, height in images
    )
