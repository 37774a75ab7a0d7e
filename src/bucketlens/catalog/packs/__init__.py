"""Records by the thousand in Parquet files, for archives where one file each costs too much."""

from bucketlens.catalog.packs.compacting import compact, merge_small, purge, sweep
from bucketlens.catalog.packs.packs import Packs
from bucketlens.catalog.packs.view import PackedStore
from bucketlens.catalog.packs.writing import NewRow, PackWriter

__all__ = [
    "NewRow",
    "PackWriter",
    "PackedStore",
    "Packs",
    "compact",
    "merge_small",
    "purge",
    "sweep",
]
