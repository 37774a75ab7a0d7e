"""Where objects are: memory, folders and buckets behind the same six verbs."""

from bucketlens.stores.amazon import AmazonBucket, amazon_bucket
from bucketlens.stores.base import (
    Blob,
    ConflictError,
    ForbiddenError,
    ListingIssue,
    Store,
    is_remote,
    replace_document,
)
from bucketlens.stores.counting import CountingStore, Traffic
from bucketlens.stores.opening import StoreOptions, open_store, prefix_within, store_options
from bucketlens.stores.probe import check_conditional_puts
from bucketlens.stores.reach import S3Options
from bucketlens.stores.retries import RetryPolicy
from bucketlens.stores.strain import NO_STRAIN, STRAIN, Strain, StrainSince
from bucketlens.stores.wrapping import Verb, WrappedStore

__all__ = [
    "NO_STRAIN",
    "STRAIN",
    "AmazonBucket",
    "Blob",
    "ConflictError",
    "CountingStore",
    "ForbiddenError",
    "ListingIssue",
    "RetryPolicy",
    "S3Options",
    "Store",
    "StoreOptions",
    "Strain",
    "StrainSince",
    "Traffic",
    "Verb",
    "WrappedStore",
    "amazon_bucket",
    "check_conditional_puts",
    "is_remote",
    "open_store",
    "prefix_within",
    "replace_document",
    "store_options",
]
