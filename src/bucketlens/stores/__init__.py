"""Where objects are: memory, folders and buckets behind the same six verbs."""

from bucketlens.stores.base import Blob, ConflictError, ForbiddenError, ListingIssue, Store
from bucketlens.stores.opening import StoreOptions, open_store

__all__ = [
    "Blob",
    "ConflictError",
    "ForbiddenError",
    "ListingIssue",
    "Store",
    "StoreOptions",
    "open_store",
]
