"""A catalog that changes by chance, and the index of a site that follows it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import msgspec
from tests.site.catalogs import Image, MemoryCatalog, random_image, some_words
from tests.site.queries import Node, random_query

from bucketlens.site.pieces import SiteIndex
from bucketlens.site.pieces.manifest import Manifest, read_manifest
from bucketlens.site.pieces.wrapping import FOLDER, unpack, unwrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.site.catalogs import Snapshot

    from bucketlens.site.pieces import IndexUpdate
    from bucketlens.stores import Store

WORDS = 60


class Site:
    """A catalog, the index that follows it, and a clock.

    Args:
        store: Where the site is.
        images: How many there are in the beginning; the index is not written yet.
        seed: Of all that is left to chance.
    """

    def __init__(self, store: Store, images: int = 0, seed: int = 1) -> None:
        """Make the images."""
        self.chance = random.Random(seed)  # noqa: S311 - a test that can be repeated
        self.catalog = MemoryCatalog(some_words(WORDS))
        self.now = 1_800_000_000.0
        self.store = store
        self.index = SiteIndex(store, clock=lambda: self.now)
        self.serial = 0
        self.last: IndexUpdate | None = None
        self.add(images)

    def add(self, count: int) -> None:
        """New images."""
        for _ in range(count):
            self.catalog.add(self.image())

    def image(self) -> Image:
        """One more image by chance."""
        self.serial += 1
        return random_image(self.chance, WORDS, serial=self.serial)

    def change(self, replaced: int, removed: int) -> None:
        """Other images in the place of some; some leave."""
        for number in self.chance.sample(sorted(self.catalog.images), replaced):
            self.catalog.replace(number, self.image())
        for number in self.chance.sample(sorted(self.catalog.images), removed):
            self.catalog.remove(number)

    def update(self, publishes: Callable[[str], bool] | None = None) -> Snapshot:
        """Bring the index up to date; :attr:`last` says what that did."""
        snapshot = self.catalog.snapshot()
        self.last = self.index.update(snapshot, publishes=publishes)
        return snapshot

    def queries(self, count: int) -> list[Node]:
        """Queries by chance."""
        return [random_query(self.chance, WORDS) for _ in range(count)]

    @property
    def manifest(self) -> Manifest:
        """What stands."""
        found = read_manifest(self.store).manifest
        assert found is not None
        return found

    def names(self) -> list[str]:
        """The names of all files of the index, below its folder."""
        return [info.key.removeprefix(FOLDER) for info in self.store.list(FOLDER)]

    def texts(self) -> dict[str, bytes]:
        """What all files of the index hold, unpacked."""
        return {name: self.text(name) for name in self.names()}

    def text(self, name: str) -> bytes:
        """What a file of the index holds, unpacked."""
        value = unwrap(self.store.get(FOLDER + name).data)
        return unpack(msgspec.json.decode(value, type=str)) if value[:1] == b'"' else value
