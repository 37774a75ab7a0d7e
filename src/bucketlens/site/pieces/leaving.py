"""Images that leave a segment: marked as gone at once, and taken out of the files that name them.

What is left of them in the segment is a number in some lists, under which nobody finds a name; it
goes when the segment is merged.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from bucketlens.errors import MissingError
from bucketlens.site.pieces.encoding import decode_positions, encode_positions
from bucketlens.site.pieces.segments import ALL, HEAD, ROWS, SHARD
from bucketlens.site.pieces.wrapping import (
    FOLDER,
    SUFFIX,
    BrokenPieceError,
    Piece,
    named_by_content,
    unwrap_packed,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bucketlens.site.pieces.manifest import Segment
    from bucketlens.stores import Store

INLINE_MOST = 1000
"""Bytes of positions that the manifest itself holds."""

GONE = "g"
"""Of names of pieces that list what is gone."""

EMPTY_ROW = 0
"""What stands in the place of an image that left."""


class _Ids(msgspec.Struct):
    """The part of a head that says whose it is."""

    ids: str


class _Flat(msgspec.Struct):
    """The part of a segment in one piece that does."""

    head: _Ids


class Thinned(NamedTuple):
    """A segment after some images left it.

    Attributes:
        segment: What the manifest is to say of it.
        ids: Of the images that it still stands for.
        pieces: To be written.
        retired: Files in the segment's folder that a patch stands for from now on.
        names_some: Whether it is one piece that still names images that were removed, so that it
            has to be written anew.
    """

    segment: Segment
    ids: NDArray[np.int64]
    pieces: list[Piece]
    retired: list[str]
    names_some: bool


def read_piece(store: Store, name: str) -> bytes:
    """The content of a piece that the manifest leads to.

    Raises:
        BrokenPieceError: It is not there or damaged.
    """
    try:
        blob = store.get(f"{FOLDER}{name}{SUFFIX}")
    except MissingError as exc:
        raise BrokenPieceError(f"the piece {name} is not there") from exc
    return unwrap_packed(name, blob.data)


def ids_of(store: Store, segment: Segment) -> NDArray[np.int64]:
    """The ids of all images in a segment, ascending."""
    raw = read_piece(store, f"{segment.name}/{ALL if segment.flat else HEAD}")
    if segment.flat:
        ids = msgspec.json.decode(raw, type=_Flat).head.ids
    else:
        ids = msgspec.json.decode(raw, type=_Ids).ids
    return decode_positions(base64.b64decode(ids)) + segment.first


def gone_of(store: Store, segment: Segment) -> NDArray[np.int64]:
    """The positions in a segment that it does not stand for any more."""
    if segment.gone_piece:
        return decode_positions(read_piece(store, segment.gone_piece))
    return decode_positions(base64.b64decode(segment.gone)) if segment.gone else np.zeros(0, int)


def thin(
    store: Store, segment: Segment, changed: NDArray[np.int64], removed: NDArray[np.int64]
) -> Thinned:
    """Let images leave a segment.

    Args:
        store: The site.
        segment: Any.
        changed: Ids of images that a newer segment will show.
        removed: Ids of images that are not shown any more.
    """
    ids = ids_of(store, segment)
    before = gone_of(store, segment)
    live = np.ones(len(ids), bool)
    live[before] = False
    left = np.flatnonzero(live & np.isin(ids, removed))
    moved = np.flatnonzero(live & np.isin(ids, changed))
    if not len(left) and not len(moved):
        return Thinned(segment, ids[live], [], [], names_some=False)
    live[left] = False
    live[moved] = False
    positions = np.flatnonzero(~live)
    encoded = encode_positions(positions)
    pieces: list[Piece] = []
    patches = dict(segment.patches)
    retired: list[str] = []
    if not segment.flat:
        for number in sorted({position // SHARD for position in left.tolist()}):
            standing = patches.get(number)
            if standing is None:
                standing = f"{segment.name}/{ROWS}{number}"
                retired.append(standing)
            chosen = left[left // SHARD == number] % SHARD
            piece = _without(store, standing, chosen)
            pieces.append(piece)
            patches[number] = piece.name
    inline = len(encoded) <= INLINE_MOST
    if not inline:
        pieces.append(named_by_content(GONE, encoded))
    thinned = msgspec.structs.replace(
        segment,
        gone=base64.b64encode(encoded).decode() if inline else "",
        gone_piece="" if inline else pieces[-1].name,
        gone_count=len(positions),
        patches=patches,
    )
    return Thinned(thinned, ids[live], pieces, retired, names_some=segment.flat and len(left) > 0)


def _without(store: Store, standing: str, places: NDArray[np.int64]) -> Piece:
    rows = msgspec.json.decode(read_piece(store, standing), type=list[msgspec.Raw])
    for place in places.tolist():
        rows[place] = msgspec.Raw(msgspec.json.encode(EMPTY_ROW))
    return named_by_content(ROWS, msgspec.json.encode(rows))
