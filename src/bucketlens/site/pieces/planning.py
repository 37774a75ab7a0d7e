"""What an update has to write: which images, and which segments they go into."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from bucketlens.site.pieces.leaving import thin
from bucketlens.site.pieces.tiers import SEGMENT_MOST, to_merge

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    from bucketlens.site.pieces.manifest import Manifest, Segment
    from bucketlens.site.pieces.wrapping import Piece
    from bucketlens.stores import Store

    Ids = NDArray[np.int64]


class CatalogChanges(Protocol):
    """What has changed since an earlier state of the catalog."""

    @property
    def complete(self) -> bool:
        """False where that is too long ago to be told."""

    @property
    def removed(self) -> NDArray[np.int64]:
        """Ids of images that left."""


class Plan(NamedTuple):
    """What an update will do.

    Attributes:
        new: The ids of the images of each segment to be built.
        kept: Segments that stay, with what they still stand for.
        pieces: To be written for those.
        retired: Files in the folders of those that patches stand for from now on.
    """

    new: list[Ids]
    kept: list[Segment]
    pieces: list[Piece]
    retired: list[str]


def plan_build(connection: duckdb.DuckDBPyConnection) -> Plan:
    """All anew."""
    return Plan(_parts(_ids(connection, "SELECT id FROM shown")), [], [], [])


def plan_update(
    store: Store,
    connection: duckdb.DuckDBPyConnection,
    standing: Manifest,
    changes: CatalogChanges,
) -> Plan:
    """Only what has changed, and the segments that it is merged with."""
    since = [standing.change]
    changed = _ids(connection, "SELECT id FROM shown WHERE change > ?", since)
    hidden = _ids(
        connection,
        "SELECT id FROM images WHERE change > ? AND NOT (kind = 'labels' AND page)",
        since,
    )
    removed = np.union1d(changes.removed.astype(np.int64), hidden)
    touched = np.union1d(changed, removed)
    pieces: list[Piece] = []
    retired: list[str] = []
    live: dict[str, Ids] = {}
    segments: list[Segment] = []
    rewritten: list[Segment] = []
    for segment in standing.segments:
        if not ((touched >= segment.first) & (touched <= segment.last)).any():
            segments.append(segment)
            continue
        thinned = thin(store, segment, changed, removed)
        pieces += thinned.pieces
        retired += thinned.retired
        live[segment.name] = thinned.ids
        (rewritten if thinned.names_some else segments).append(thinned.segment)
    batch = len(changed) + sum(segment.live for segment in rewritten)
    merged = [*rewritten, *to_merge(segments, batch)]
    names = {segment.name for segment in merged}
    gathered = [changed]
    for segment in merged:
        none_left = thin(store, segment, _NONE, _NONE) if segment.name not in live else None
        gathered.append(none_left.ids if none_left else live[segment.name])
    kept = [segment for segment in segments if segment.name not in names]
    wanted = {name for segment in kept for name in segment.names}
    return Plan(
        _parts(np.unique(np.concatenate(gathered))),
        kept,
        [piece for piece in pieces if piece.name in wanted],
        [name for name in retired if name.partition("/")[0] not in names],
    )


_NONE = np.zeros(0, np.int64)


def _ids(connection: duckdb.DuckDBPyConnection, query: str, given: list[int] | None = None) -> Ids:
    found: Ids = connection.execute(query, given or []).fetchnumpy()["id"].astype(np.int64)
    return np.sort(found)


def _parts(ids: Ids) -> list[Ids]:
    """Ids in as many segments as they need."""
    if not len(ids):
        return []
    return np.array_split(ids, -(-len(ids) // SEGMENT_MOST))
