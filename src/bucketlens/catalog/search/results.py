"""What a search gives."""

from __future__ import annotations

import base64
import binascii

import msgspec

from bucketlens.errors import InputError

MOST_LABELS = 40
"""Labels that facets tell of: more than a page shows, fewer than there are."""


class HitLabel(msgspec.Struct, frozen=True):
    """A label of an image, 0 to 100."""

    name: str
    confidence: float


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """An image that was found.

    Attributes:
        id: Of the image in the catalog; a newer image has a higher one. A rebuild gives others.
        key: Of the object, below the source.
        name: The safe name, that of its record, page and thumbnail, without suffix.
        taken: The day that its page shows: ``2026-11-22``.
        width: Of the upright image, pixels.
        height: Of the upright image, pixels.
        color: Its most dominant colour, ``#6a8d3f``.
        labels: The most specific first, then the surest.
        confidence: How sure the least sure of the labels is that the query asked for and the
            image has; of a query that asked for none, the surest label; None without labels.
    """

    id: int
    key: str
    name: str
    taken: str
    width: int | None
    height: int | None
    color: str | None
    labels: tuple[HitLabel, ...]
    confidence: float | None


class FacetCount(msgspec.Struct, frozen=True):
    """A value that images of a result have, and how many."""

    name: str
    count: int


class Facets(msgspec.Struct, frozen=True, kw_only=True):
    """What the images of a result have in common, the most frequent first.

    Attributes:
        exact: Counted, not estimated; always so here.
        categories: All.
        labels: The :data:`MOST_LABELS` most frequent.
        colors: Simple words.
        orientations: ``landscape``, ``portrait``, ``square``.
        months: ``2026-11``, the newest first.
    """

    exact: bool = True
    categories: tuple[FacetCount, ...] = ()
    labels: tuple[FacetCount, ...] = ()
    colors: tuple[FacetCount, ...] = ()
    orientations: tuple[FacetCount, ...] = ()
    months: tuple[FacetCount, ...] = ()


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a result, the newest images first.

    Attributes:
        total: Images that were found, on all pages together.
        searched: Images that there are.
        offset: Found images that stand before this page.
        cursor: Gives the next page; None on the last one.
        query: The query's normal text, with words that together are a name in quotes.
        warnings: What was answered a little otherwise than it was asked.
        change: Number of the catalog's update that this speaks of.
    """

    total: int
    searched: int
    offset: int
    hits: tuple[Hit, ...]
    cursor: str | None
    query: str
    warnings: tuple[str, ...]
    change: int


class Standing(msgspec.Struct, frozen=True):
    """What a search knows of: another state of the catalog has another lineage or change.

    Attributes:
        lineage: The catalog's; a rebuild makes another one.
        change: Number of its last update.
        images: That can be found.
    """

    lineage: str
    change: int
    images: int


class CursorError(InputError):
    """A cursor that this catalog did not give, or not since it was made anew."""

    code = "cursor"
    exit_status = 2
    http_status = 400


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended: images with lower ids come next, whatever was added since."""

    lineage: str
    change: int
    last: int


def write_cursor(lineage: str, change: int, last: int) -> str:
    """The cursor of the page after an image."""
    data = msgspec.json.encode(_Cursor(lineage, change, last))
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def read_cursor(text: str, lineage: str) -> int:
    """The id of the last image that was shown.

    Ids only grow, so new images can't move what a cursor stands for; they come before it.

    Raises:
        CursorError: It is none, or the catalog was numbered anew since.
    """
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        cursor = msgspec.json.decode(data, type=_Cursor)
    except (binascii.Error, ValueError) as exc:
        raise CursorError("this is no cursor of a search") from exc
    if cursor.lineage != lineage:
        raise CursorError("the catalog was made anew since this cursor was given; search again")
    return cursor.last
