"""Files of the index that no manifest of the last day names are removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketlens.site.pieces.manifest import NAME
from bucketlens.site.pieces.wrapping import FOLDER, SUFFIX

if TYPE_CHECKING:
    from bucketlens.site.pieces.manifest import Manifest, Retired
    from bucketlens.stores import Store

DAY = 24 * 3600.0
"""How long a page that is open may go on with the state that it began with."""

WEEK = 7 * DAY


def is_due(manifest: Manifest, now: float) -> bool:
    """Whether something may be swept: retired for a day, or a week since the last look."""
    return now - manifest.swept > WEEK or any(now - one.at > DAY for one in manifest.retired)


def sweep(store: Store, manifest: Manifest, now: float) -> tuple[Retired, ...]:
    """Remove what is retired for a day, and what killed indexers left.

    Returns:
        What stays retired.
    """
    kept = tuple(one for one in manifest.retired if now - one.at <= DAY)
    dropped = {one.name for one in manifest.retired if now - one.at > DAY}
    named = {NAME, *manifest.names, *(one.name for one in kept)}
    for info in store.list(FOLDER):
        name = info.key.removeprefix(FOLDER).removesuffix(SUFFIX)
        folder = f"{name.partition('/')[0]}/"
        stays = name in named or (folder in named and name not in dropped)
        # What is young may be another indexer's, even under a name that was there before.
        if not stays and now - info.modified > DAY:
            store.delete(info.key)
    return kept
