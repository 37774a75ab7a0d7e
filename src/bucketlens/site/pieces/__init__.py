"""The site's index: files that a browser fetches as it needs them, so that search has no server.

    catalog -> columns -> lists, facts, rows -> pieces of a segment -> one manifest

A segment holds what there is to know of a set of images and never changes. An update adds a small
one, says which images of older ones it replaces, and now and then merges a few. The manifest names
what stands and is replaced by compare-and-swap, so a reader sees one state. docs/site-format.md
describes every byte; ``static/js/index.js`` reads it.
"""

from bucketlens.site.pieces.updating import CatalogState, IndexUpdate, SiteIndex

__all__ = ["CatalogState", "IndexUpdate", "SiteIndex"]
