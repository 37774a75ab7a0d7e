"""Which stores are buckets of Amazon S3 itself, so that other services of AWS can read them."""

from __future__ import annotations

from dataclasses import dataclass

from bucketlens.stores.reach import Reach, S3Options

_SCHEME = "s3://"


@dataclass(frozen=True, slots=True)
class AmazonBucket:
    """A part of a bucket of Amazon S3.

    Attributes:
        bucket: Its name.
        prefix: Of all keys, with its trailing slash.
        region: As it is reached, which is where it is: S3 refuses requests from elsewhere.
    """

    bucket: str
    prefix: str
    region: str


def amazon_bucket(location: str, options: S3Options | None = None) -> AmazonBucket | None:
    """The bucket behind a store's location; None where it is none of Amazon's own.

    None also where it is read without credentials, or where who asks pays: other services would
    do neither.
    """
    if not location.startswith(_SCHEME):
        return None
    bucket, _, prefix = location.removeprefix(_SCHEME).partition("/")
    options = options or S3Options()
    if options.anonymous or options.requester_pays:
        return None
    reach = Reach(bucket, options)
    if reach.endpoint:
        return None
    if prefix and not prefix.endswith("/"):
        prefix += "/"
    return AmazonBucket(bucket, prefix, reach.region)
