"""The image that a request is about: the bytes that it carries, or an object of a known bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketlens.errors import ConfigError, InputError, TooLargeError
from bucketlens.server.protocol.errors import ImageTooLargeError, InvalidS3ObjectError
from bucketlens.stores import open_store, store_options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bucketlens.server.protocol.requests import S3Object
    from bucketlens.settings import Settings
    from bucketlens.stores import Store

UNVERSIONED = "null"


class Buckets:
    """The stores that bucket names in requests stand for; no other place is ever read.

    Args:
        stores: By the name of the bucket.
    """

    def __init__(self, stores: Mapping[str, Store]) -> None:
        """Hold the stores."""
        self._stores = stores

    def read(self, place: S3Object, max_bytes: int) -> bytes:
        """The bytes of an object; blocks.

        Raises:
            InvalidS3ObjectError: It can't be read, for whatever reason: a caller learns no more.
            ImageTooLargeError: It has more than ``max_bytes``.
            TransientError: Its store is busy or down.
        """
        store = self._stores.get(place.bucket or "")
        if store is None or not place.name:
            raise InvalidS3ObjectError
        try:
            blob = store.get(place.name, max_bytes=max_bytes)
        except TooLargeError as exc:
            raise ImageTooLargeError from exc
        except (InputError, ConfigError) as exc:
            raise InvalidS3ObjectError from exc
        # Stores give the present version only, so another one is as good as not there.
        if place.version not in {None, blob.info.version or UNVERSIONED}:
            raise InvalidS3ObjectError
        return blob.data


def open_buckets(settings: Settings) -> Buckets:
    """The buckets of the settings.

    Raises:
        ConfigError: A location is no store.
    """
    options = store_options(settings, source=True)
    return Buckets({name: open_store(place, options) for name, place in settings.buckets.items()})
