"""When segments are merged: each holds at least twice what all smaller ones do together.

So there are never many (about one for each doubling of the collection over an update), and an
image is written again only a few times in its life.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketlens.site.pieces.segments import FLAT_MOST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketlens.site.pieces.manifest import Segment

FACTOR = 2
SEGMENT_MOST = 1_000_000
"""Images in a segment: bounds the memory of a build to some 700 MB."""

GONE_SHARE = 4
"""A segment is written anew when more than one in so many of its images is gone."""

PATCHES_MOST = 256
"""Or when so many of its files of rows were replaced."""


def is_worn(segment: Segment) -> bool:
    """Whether so much of a segment is gone that it is better written anew."""
    return segment.gone_count * GONE_SHARE > segment.count or len(segment.patches) > PATCHES_MOST


def to_merge(segments: Sequence[Segment], batch: int) -> list[Segment]:
    """Which segments become one with a batch of new or changed images.

    Args:
        segments: Those that stand, the smallest first.
        batch: Images that are written anyway.
    """
    chosen = [segment for segment in segments if is_worn(segment)]
    size = batch + sum(segment.live for segment in chosen)
    if not size:
        return chosen
    for segment in segments:
        if segment in chosen:
            continue
        if segment.live >= max(FACTOR * size, 1) and size + segment.live > FLAT_MOST:
            break
        if size + segment.live > SEGMENT_MOST:
            break
        chosen.append(segment)
        size += segment.live
    return chosen
