"""Writes the site into a store: what follows from one record, the index page and the overview.

Every write is safe to repeat, and the order of writes keeps readers whole: a page is written after
what it shows and removed before it; the index page after the overview that it leads to.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple, Protocol

from bucketlens.errors import MissingError
from bucketlens.site import layout
from bucketlens.site.assets import assets_of
from bucketlens.site.overview import overview_page
from bucketlens.site.pages import image_page
from bucketlens.site.public import encode_public_image
from bucketlens.site.shell import index_page

if TYPE_CHECKING:
    from bucketlens.records import LabelRecord
    from bucketlens.site.design import Design
    from bucketlens.site.digest import Digest

HTML = "text/html; charset=utf-8"
JSON = "application/json"
JPEG = "image/jpeg"
BINARY = "application/octet-stream"

VIEWABLE_TYPES = frozenset({"jpeg", "png", "webp", "avif", "gif"})
"""Formats that browsers show. Everything else is a download, whatever it might be taken for."""

FRESH = "no-cache"
"""Pages and JSON change under the same name: a browser may keep them, but asks each time."""

MINUTES = "max-age=600"
"""Pictures change only when the image does; a look ten minutes late does no harm."""

FOREVER = "max-age=31536000, immutable"
"""Assets are named by their content."""


class SiteFile(NamedTuple):
    """A file of the site, with how it is to be served."""

    name: str
    data: bytes
    content_type: str
    cache_control: str


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
        design: What all its pages have in common.
    """

    def __init__(self, store: SiteStore, design: Design) -> None:
        """Write nothing yet."""
        self._store = store
        self._design = design
        self._assets_lock = threading.Lock()
        self._assets_written = False

    def image_files(
        self, record: LabelRecord, thumbnail: bytes, preview: bytes, original: bytes | None = None
    ) -> list[SiteFile]:
        """All that is derived from one image, in the order in which it is to be put.

        Whoever puts it has called :meth:`write_assets` before.

        Args:
            record: What was seen in it.
            thumbnail: JPEG.
            preview: JPEG.
            original: The image itself; a file only where originals are published.
        """
        key = record.source.key
        files = []
        if self._design.originals and original is not None:
            kind = record.image.format
            content_type = f"image/{kind}" if kind in VIEWABLE_TYPES else BINARY
            files.append(SiteFile(layout.original_name(key), original, content_type, MINUTES))
        files.append(SiteFile(layout.thumbnail_name(key), thumbnail, JPEG, MINUTES))
        files.append(SiteFile(layout.preview_name(key), preview, JPEG, MINUTES))
        return files + self.page_files(record)

    def page_files(self, record: LabelRecord) -> list[SiteFile]:
        """What follows from the labels alone, likewise: the public JSON and the page."""
        key = record.source.key
        page = image_page(record, self._design).encode("utf-8")
        return [
            SiteFile(layout.data_name(key), encode_public_image(record), JSON, FRESH),
            SiteFile(layout.page_name(key), page, HTML, FRESH),
        ]

    def remove_image(self, key: str) -> None:
        """Remove all that was derived from an image; the next index is without it."""
        names = (layout.page_name, layout.data_name, layout.original_name, layout.preview_name)
        for name in names:
            self._store.delete(name(key))
        self._store.delete(layout.thumbnail_name(key))

    def write_index(self, digest: Digest) -> None:
        """Write the overview and the index page, and remove what older versions wrote."""
        self.write_assets()
        self._put_page(layout.OVERVIEW, overview_page(digest.overview, digest.names, self._design))
        self._put_page(layout.INDEX, index_page(digest.shell, self._design))
        self._remove_numbered()

    def _remove_numbered(self) -> None:
        """Remove index-2.html and those that follow, from the end, so that no gap hides the rest.

        Until version 0.1 the index was a row of numbered pages.
        """
        last = 1
        while self._exists(_numbered(last + 1)):
            last += 1
        for number in range(last, 1, -1):
            self._store.delete(_numbered(number))

    def _exists(self, name: str) -> bool:
        try:
            self._store.head(name)
        except MissingError:
            return False
        return True

    def write_assets(self) -> None:
        """Write what all pages share, once."""
        with self._assets_lock:
            if not self._assets_written:
                for asset in assets_of(self._design).files:
                    self._put(SiteFile(asset.name, asset.data, asset.content_type, FOREVER))
                self._assets_written = True

    def _put_page(self, name: str, html: str) -> None:
        self._put(SiteFile(name, html.encode("utf-8"), HTML, FRESH))

    def _put(self, file: SiteFile) -> None:
        self._store.put(
            file.name, file.data, content_type=file.content_type, cache_control=file.cache_control
        )


def _numbered(number: int) -> str:
    return f"index-{number}.html"
