"""Records of a collection in packs, written and kept as the settings say."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bucketlens.catalog.packs import (
    PackedStore,
    Packs,
    PackWriter,
    compact,
    merge_small,
    purge,
    sweep,
)
from bucketlens.names import output_name
from bucketlens.pipeline.packing import Packer
from bucketlens.records import RECORD_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Collection

    from bucketlens.settings import Settings
    from bucketlens.stores import Store


class CollectionPacks:
    """The packs of one collection.

    Args:
        private: Where they are.
        loose: Records with a file of their own.
        listed: The same, but a folder that is not there is empty.
        settings: ``records_format`` and those that begin with ``pack_``.
    """

    def __init__(self, private: Store, loose: Store, listed: Store, settings: Settings) -> None:
        """Read nothing yet."""
        self._settings = settings
        self._wanted = settings.records_format == "parquet"
        # A record that others packed is found whatever the settings of this call say.
        self._packs = Packs(private, wanted=self._wanted)
        self.records = PackedStore(loose, self._packs, listed)

    @property
    def packer(self) -> Packer | None:
        """What writes records by the thousand; None where each gets a file of its own."""
        if not self._wanted:
            return None
        return Packer(
            takes=self.records.takes,
            write=PackWriter(self._packs, time.time).write,
            records=self._settings.pack_records,
            size=self._settings.pack_bytes,
            seconds=self._settings.pack_seconds,
        )

    def tidy(self) -> None:
        """Merge the packs that many short runs left."""
        if self._wanted and self._packs.look():
            merge_small(
                self._packs,
                rows=self._settings.pack_records,
                size=self._settings.pack_bytes,
            )
            sweep(self._packs, time.time())

    def compact(self) -> None:
        """Write all packs anew, with what stands loose where packs are wanted."""
        if self._wanted and (self._packs.look() or next(iter(self.records.list()), None)):
            compact(
                self.records,
                rows=self._settings.pack_records,
                size=self._settings.pack_bytes,
                now=time.time(),
            )

    def purge(self, keys: Collection[str]) -> None:
        """Leave nothing of images that are gone."""
        if self._packs.look():
            purge(self.records, {output_name(key, RECORD_SUFFIX) for key in keys})
