"""A site of given records, made by the parts that make every site: recorder, catalog, index."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

from bucketlens.assembly import SitePages
from bucketlens.catalog import Catalog
from bucketlens.pipeline.recording import Pictures, Recorder
from bucketlens.records import FailureRecord
from bucketlens.settings import Settings
from bucketlens.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bucketlens.records import LabelRecord


class Site:
    """A folder with records, and the site that follows them."""

    def __init__(self, root: Path, **settings: object) -> None:
        """Nothing is there yet."""
        self.root = root / "site"
        (root / "metadata").mkdir(parents=True)
        self._records = open_store(str(root / "metadata"))
        self._pages = SitePages(open_store(str(self.root)), Settings(**settings))  # type: ignore[arg-type]
        self._recorder = Recorder(self._records, self._pages)
        self._catalog = Catalog(open_store(str(root)), self._records, clock=lambda: 1.8e9)

    def show(self, records: Iterable[LabelRecord | FailureRecord]) -> None:
        """Put records, with plain pictures of the right shapes, and bring the site up to date."""
        for record in records:
            standing = self._recorder.read(record.source.key)
            if isinstance(record, FailureRecord):
                assert self._recorder.put_failure(standing, record)
            else:
                size = record.image.width, record.image.height
                pictures = Pictures(jpeg(size, 320), jpeg(size, 1024))
                assert self._recorder.put_labels(standing, record, pictures)
        self.renew()

    def forget(self, key: str) -> None:
        """Remove an image and its record."""
        self._records.delete(self._recorder.read(key).name)
        self._pages.remove_image(key)
        self.renew()

    def renew(self) -> None:
        """Bring the site up to date with its records."""
        self._catalog.refresh()
        assert self._pages.update_index(self._catalog.snapshot())


def jpeg(size: tuple[int, int], long_side: int) -> bytes:
    """A grey picture."""
    scale = min(1.0, long_side / max(size))
    data = io.BytesIO()
    Image.new("RGB", (round(size[0] * scale), round(size[1] * scale)), "#888").save(data, "JPEG")
    return data.getvalue()
