"""The catalog: what all records say, in a few Parquet files that answer questions at once.

    listing of records -> what differs -> pieces -> a segment, named by the next manifest
                          (comparing)    (pieces)   (composing)        (manifest)

Everything here is derived from the records and can be made again from them at any time. Segments
are immutable, and one manifest, replaced by compare-and-swap, says which of them are the catalog.
Small updates add small segments, newer rows win, :mod:`merging` keeps the segments few, and
:mod:`sweeping` removes what nothing names any more.
"""

from bucketlens.catalog.catalog import Catalog
from bucketlens.catalog.engine import CatalogError
from bucketlens.catalog.snapshot import Changes, Snapshot
from bucketlens.catalog.updating import Refreshed

__all__ = ["Catalog", "CatalogError", "Changes", "Refreshed", "Snapshot"]
