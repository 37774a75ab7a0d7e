"""Columns to the pieces of a segment: one file for a few images, many small ones for many."""

from __future__ import annotations

import base64
import hashlib
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bucketlens.site.pieces.encoding import encode_positions, framed
from bucketlens.site.pieces.facts import SAMPLE, encode_facts, sample
from bucketlens.site.pieces.grouping import FACT_ENTRIES, FACT_SHARE, LIST_ENTRIES, group
from bucketlens.site.pieces.implied import by_label, find_implied
from bucketlens.site.pieces.lists import posting_lists
from bucketlens.site.pieces.manifest import Segment
from bucketlens.site.pieces.wrapping import Piece, wrap_packed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from bucketlens.site.pieces.columns import Columns, Row
    from bucketlens.site.pieces.grouping import Group
    from bucketlens.site.pieces.lists import PostingList

FLAT_MOST = 512
"""Images that a segment in one file holds at most: about 25 KB, which every search reads."""

SHARD = 64
"""Images whose rows stand in one file: some 2 KB, since the 40 that a page of results shows may
stand in 40 of them."""

HEAD, ALL, SAMPLED = "head", "all", "e"
LISTS, DETAILS, FACTS, BLOCKS, ROWS = "p", "s", "f", "a", "r"
"""Of names of pieces; a number follows."""


class Built(NamedTuple):
    """A segment and its files."""

    segment: Segment
    pieces: list[Piece]


class Head(msgspec.Struct, frozen=True):
    """What a reader needs of a segment before all else.

    Attributes:
        ids: Of the images, less the first one's, encoded as positions.
        first_month: What month 0 of the facts is, counted from January 1970.
        names: Of all lists, in their order: those of labels first, in the order of their numbers.
        counts: Their lengths.
        implied: Of each label, by number, the numbers of those that facts leave out beside it.
    """

    ids: str
    first_month: int
    names: list[int | str]
    counts: list[int]
    implied: list[list[int]]


def build_segment(columns: Columns, rows: Iterable[Row]) -> Built:
    """The pieces of a segment; it is named by what they hold.

    Args:
        columns: Of its images.
        rows: Of the same images, in the same order.
    """
    flat = len(columns.ids) <= FLAT_MOST
    contents = _files(columns, rows)
    files = [
        (stem, wrap_packed(stem, value))
        for stem, value in (_together(contents) if flat else contents)
    ]
    digest = hashlib.sha256()
    for _, piece in files:
        digest.update(hashlib.sha256(piece.data).digest())
    name = digest.hexdigest()[:16]
    ids = columns.ids
    return Built(
        Segment(name=name, flat=flat, count=len(ids), first=int(ids[0]), last=int(ids[-1])),
        [_placed(name, stem, piece) for stem, piece in files],
    )


def _placed(folder: str, stem: str, piece: Piece) -> Piece:
    """The piece under its full name, which it could not know before."""
    name = f"{folder}/{stem}"
    return Piece(name, piece.data.replace(f'("{stem}"'.encode(), f'("{name}"'.encode(), 1))


def _together(contents: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """One piece instead of many: JSON as it is, all else in Base64."""
    inside = {
        stem: msgspec.Raw(value) if stem == HEAD or stem.startswith(ROWS) else value
        for stem, value in contents
    }
    yield ALL, msgspec.json.encode(inside)


def _files(columns: Columns, rows: Iterable[Row]) -> Iterator[tuple[str, bytes]]:
    count = len(columns.ids)
    sorted_labels = by_label(columns)
    lists = posting_lists(columns, sorted_labels)
    implied = find_implied(columns, sorted_labels)
    facts = encode_facts(columns, implied.told)
    head = Head(
        ids=encoded_ids(columns.ids),
        first_month=facts.first_month,
        names=[one.name for one in lists],
        counts=[len(one.positions) for one in lists],
        implied=implied.by,
    )
    yield HEAD, msgspec.json.encode(head)
    for number, part in enumerate(group(head.counts, LIST_ENTRIES)):
        chosen = lists[part.first : part.end]
        yield f"{LISTS}{number}", framed([encode_positions(one.positions) for one in chosen])
        yield f"{DETAILS}{number}", framed([one.details.tobytes() for one in chosen])
    most = count // FACT_SHARE if count > FLAT_MOST else 0
    telling = [one for one in lists if one.has_facts and len(one.positions) <= most]
    for number, part in enumerate(_fact_groups(telling)):
        blocks = [facts.of(one.positions) for one in telling[part.first : part.end]]
        yield f"{FACTS}{number}", framed(blocks)
    for number, block in enumerate(facts.blocks()):
        yield f"{BLOCKS}{number}", block
    if count > SAMPLE:
        chosen_at = sample(count)
        yield SAMPLED, framed([encode_positions(chosen_at), facts.of(chosen_at)])
    remaining = iter(rows)
    for number in range(-(-count // SHARD)):
        yield f"{ROWS}{number}", msgspec.json.encode(list(islice(remaining, SHARD)))


def _fact_groups(lists: list[PostingList]) -> list[Group]:
    return group((len(one.positions) for one in lists), FACT_ENTRIES)


def encoded_ids(ids: NDArray) -> str:  # type: ignore[type-arg]
    """Ids as positions after the first one, in Base64."""
    return base64.b64encode(encode_positions(ids - ids[0])).decode()
