"""How a site looks and what it offers, as its operator chose."""

from __future__ import annotations

import msgspec


class Design(msgspec.Struct, frozen=True, kw_only=True):
    """What all pages of a site have in common.

    Attributes:
        title: The title of the site.
        accent: The colour of links and marks: ``#0f766e``.
        extra_css: A stylesheet of the operator's own, applied last; empty for none.
        originals: The images themselves are published, and pages link to them.
        thumbnail_size: The long side of thumbnails, pixels: their place is kept while they load.
    """

    title: str = "bucketlens"
    accent: str = "#0f766e"
    extra_css: str = ""
    originals: bool = False
    thumbnail_size: int = 320
