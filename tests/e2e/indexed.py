"""What the site's index holds, whatever order and number of updates it came from."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec

from bucketlens.site.pieces.leaving import gone_of, read_piece
from bucketlens.site.pieces.manifest import read_manifest
from bucketlens.site.pieces.segments import ALL, ROWS, SHARD

if TYPE_CHECKING:
    from bucketlens.site.pieces.manifest import Segment
    from bucketlens.stores import Store

INDEX = "data/index/"


def index_state(site: Store) -> bytes:
    """All rows of the images that it finds, and its counts, as JSON; ids are left out."""
    manifest = read_manifest(site).manifest
    assert manifest is not None
    table = msgspec.json.decode(read_piece(site, manifest.labels))
    names = {word[0]: word[1] for word in table[1]}
    rows = [_named(row, names) for segment in manifest.segments for row in _rows(site, segment)]
    overview = msgspec.json.decode(read_piece(site, manifest.overview))
    overview["labels"] = sorted([names[label], count] for label, count in overview["labels"])
    assert overview["total"] == len(rows)
    return msgspec.json.encode([sorted(rows), overview])


def _rows(site: Store, segment: Segment) -> list[Any]:
    assert segment.flat, "these collections are small"
    files = msgspec.json.decode(read_piece(site, f"{segment.name}/{ALL}"))
    rows = chain.from_iterable(files[f"{ROWS}{n}"] for n in range(-(-segment.count // SHARD)))
    gone = set(gone_of(site, segment).tolist())
    return [row for position, row in enumerate(rows) if position not in gone]


def _named(row: list[Any], names: dict[int, str]) -> list[Any]:
    *facts, labels, name = row
    return [*facts[:4], facts[4] or "", [names[label] for label in labels], name]
