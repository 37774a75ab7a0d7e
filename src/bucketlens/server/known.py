"""Images that are there already, found by their content."""

from __future__ import annotations

import logging
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from bucketlens.errors import BucketlensError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bucketlens.catalog import Catalog

log = logging.getLogger(__name__)

MOST_REMEMBERED = 20_000
"""Uploads that came lately, which the catalog may not show yet."""

SAME = "SELECT key FROM images WHERE size = ? AND sha256 = ? AND key_bytes IS NULL LIMIT 3"


class KnownImages:
    """Finds images by content: those that came lately, and those that the catalog has.

    Args:
        catalog: Of the collection.
    """

    def __init__(self, catalog: Catalog) -> None:
        """Remember nothing yet."""
        self._catalog = catalog
        self._recent: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()

    def remember(self, sha256: str, key: str) -> None:
        """Remember what came just now."""
        with self._lock:
            self._recent[sha256] = key
            while len(self._recent) > MOST_REMEMBERED:
                self._recent.popitem(last=False)

    def find(self, sha256: str, size: int) -> Iterator[str]:
        """Keys under which these bytes stand, or stood a moment ago; the caller looks again."""
        with self._lock:
            recent = self._recent.get(sha256)
        if recent is not None:
            yield recent
        try:
            with self._catalog.snapshot().connect() as connection:
                rows = connection.execute(SAME, [size, sha256]).fetchall()
        except BucketlensError as exc:  # then it is stored twice, which harms nothing
            log.warning("duplicates are not looked for", extra={"fields": {"reason": exc.message}})
            return
        yield from (key for (key,) in rows)
