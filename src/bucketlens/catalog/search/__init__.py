"""Search over the catalog: one query, answered from its files or from memory.

:class:`Search` answers once, straight from the files, for the command line. :class:`Searcher`
holds everything that is searched in memory, for a server. Both give the same answers.
"""

from bucketlens.catalog.search.asking import Search
from bucketlens.catalog.search.results import (
    CursorError,
    FacetCount,
    Facets,
    Found,
    Hit,
    HitLabel,
    Standing,
)
from bucketlens.catalog.search.searcher import Searcher

__all__ = [
    "CursorError",
    "FacetCount",
    "Facets",
    "Found",
    "Hit",
    "HitLabel",
    "Search",
    "Searcher",
    "Standing",
]
