"""Writes the site into a store: what follows from one record, and the index of all.

Every write is safe to repeat, and the order of writes keeps readers whole: a page is written after
what it shows and removed before it; an index page after those that it leads to.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from bucketlens.errors import MissingError
from bucketlens.site import layout
from bucketlens.site.assets import assets
from bucketlens.site.pages import image_page, index_page
from bucketlens.site.public import encode_public_image

if TYPE_CHECKING:
    from bucketlens.records import LabelRecord
    from bucketlens.site.index import IndexBuilder

HTML = "text/html; charset=utf-8"
JSON = "application/json"
JPEG = "image/jpeg"

FRESH = "no-cache"
"""Pages and JSON change under the same name: a browser may keep them, but asks each time."""

MINUTES = "max-age=600"
"""Pictures change only when the image does; a look ten minutes late does no harm."""

FOREVER = "max-age=31536000, immutable"
"""Assets are named by their content."""


class SiteStore(Protocol):
    """What the writer needs of a store; names are safe ones, below the site's root."""

    def put(
        self,
        key: str,
        data: bytes,
        *,
        content_type: str | None = None,
        cache_control: str | None = None,
    ) -> object:
        """Write a file, over an old one if there is one."""

    def delete(self, key: str) -> object:
        """Remove a file; one that is not there is fine."""

    def head(self, key: str) -> object:
        """Whether a file is there: raises :class:`MissingError` if not."""


class SiteWriter:
    """Keeps the site in step with the records; may be used by several threads at once.

    Args:
        store: Where the site is.
        title: The title of the site.
        thumbnail_size: The long side of thumbnails, pixels.
    """

    def __init__(self, store: SiteStore, *, title: str, thumbnail_size: int) -> None:
        """Write nothing yet."""
        self._store = store
        self._title = title
        self._thumbnail_size = thumbnail_size
        self._assets_lock = threading.Lock()
        self._assets_written = False

    def write_image(self, record: LabelRecord, *, thumbnail: bytes, preview: bytes) -> None:
        """Write all that is derived from one image: two JPEGs, the public JSON, the page."""
        key = record.source.key
        self._put(layout.thumbnail_name(key), thumbnail, JPEG, MINUTES)
        self._put(layout.preview_name(key), preview, JPEG, MINUTES)
        self.write_page(record)

    def write_page(self, record: LabelRecord) -> None:
        """Write only what follows from the labels, when the pixels are the same as before."""
        self._write_assets()
        key = record.source.key
        self._put(layout.data_name(key), encode_public_image(record), JSON, FRESH)
        self._put_page(layout.page_name(key), image_page(record, title=self._title))

    def remove_image(self, key: str) -> None:
        """Remove all that was derived from an image; the next index is without it."""
        for name in (layout.page_name, layout.data_name, layout.preview_name):
            self._store.delete(name(key))
        self._store.delete(layout.thumbnail_name(key))

    def write_index(self, index: IndexBuilder) -> int:
        """Write the pages of the index and remove those that are too many.

        Returns:
            How many pages there are.
        """
        self._write_assets()
        pages = list(index.pages())
        for page in reversed(pages):
            html = index_page(page, title=self._title, thumbnail_size=self._thumbnail_size)
            self._put_page(layout.index_name(page.number), html)
        self._remove_surplus(len(pages))
        return len(pages)

    def _remove_surplus(self, count: int) -> None:
        """Remove old pages after the last, from the end, so that a gap never hides the rest."""
        last = count
        while self._exists(layout.index_name(last + 1)):
            last += 1
        for number in range(last, count, -1):
            self._store.delete(layout.index_name(number))

    def _exists(self, name: str) -> bool:
        try:
            self._store.head(name)
        except MissingError:
            return False
        return True

    def _write_assets(self) -> None:
        with self._assets_lock:
            if not self._assets_written:
                for asset in assets():
                    self._put(asset.name, asset.data, asset.content_type, FOREVER)
                self._assets_written = True

    def _put_page(self, name: str, html: str) -> None:
        self._put(name, html.encode("utf-8"), HTML, FRESH)

    def _put(self, name: str, data: bytes, content_type: str, cache_control: str) -> None:
        self._store.put(name, data, content_type=content_type, cache_control=cache_control)
