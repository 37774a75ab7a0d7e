"""The site's index, renewed from the records when they are not what it was last made from.

A small state document remembers a digest of the listing of records that the index shows. It is
replaced by compare-and-swap after the pages are written: of two indexers at once, the one that
comes second finds the state changed and looks again, so that an older listing never stands last.
Tombstones go when an index without their images stands.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

import msgspec

from bucketlens.errors import MissingError, TransientError
from bucketlens.pipeline.sweeping import drop_tombstone
from bucketlens.records import (
    RECORD_SUFFIX,
    LabelRecord,
    Record,
    Tombstone,
    UnreadableRecordError,
    decode_record,
)
from bucketlens.stores import ConflictError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bucketlens.stores import Store

STATE_NAME = "state/index.json"
ATTEMPTS = 8
MODULUS = 2**64


class IndexState(msgspec.Struct, frozen=True, kw_only=True):
    """What the index was last made from.

    Attributes:
        digest: Of the names and versions of all records, in hex; the order does not matter.
        look: Changes when the same records would be shown otherwise.
    """

    digest: str
    look: str


class IndexPages(Protocol):
    """What writes the index."""

    @property
    def look(self) -> str:
        """Changes when the same records would be shown otherwise."""

    def write_index(self, records: Iterator[Record]) -> None:
        """Write all index pages from all records."""

    def image_keys(self) -> Iterator[str]:
        """The keys of all images that anything was written for."""

    def remove_image(self, key: str) -> None:
        """Remove what was written for one image."""


class _Listing:
    """The records that stand, read one by one; what they were is known when all were read."""

    def __init__(self, records: Store) -> None:
        self.digest = 0
        self.tombstones: list[tuple[str, str, str]] = []
        self._records = records

    def __iter__(self) -> Iterator[Record]:
        for info in self._records.list():
            if not info.key.endswith(RECORD_SUFFIX):
                continue
            try:
                blob = self._records.get(info.key)
                record = decode_record(blob.data)
            except (MissingError, UnreadableRecordError):
                self.digest = (self.digest + _mark(info.key, info.etag)) % MODULUS
                continue
            if isinstance(record, Tombstone):
                self.tombstones.append((record.source.key, info.key, blob.info.etag))
            else:
                self.digest = (self.digest + _mark(info.key, blob.info.etag)) % MODULUS
                yield record


def renew_index(records: Store, private: Store, pages: IndexPages) -> list[str]:
    """Bring the index up to date, and drop the tombstones that it has seen.

    Args:
        records: The records' store.
        private: The store that holds the state document.
        pages: Writes the pages.

    Returns:
        The keys whose tombstones were dropped; each is to be settled once more, since an image
        that came back in that moment may have lost its record.

    Raises:
        TransientError: Other indexers kept coming first.
    """
    for attempt in range(ATTEMPTS):
        state, etag = _read_state(private)
        # After a lost race our pages may have come after the winner's: they are written again.
        current = attempt == 0 and state is not None
        if current and state == IndexState(digest=_listed(records), look=pages.look):
            return []
        listing = _Listing(records)
        pages.write_index(record for record in listing if _has_page(record))
        renewed = IndexState(digest=f"{listing.digest:016x}", look=pages.look)
        try:
            private.put(
                STATE_NAME,
                msgspec.json.encode(renewed),
                if_match=etag,
                if_absent=etag is None,
                content_type="application/json",
            )
        except ConflictError:
            continue
        dropped = listing.tombstones
        return [key for key, name, etag in dropped if drop_tombstone(records, name, etag)]
    raise TransientError(f"the index was renewed by others {ATTEMPTS} times while it was written")


def standing_records(records: Store) -> Iterator[LabelRecord]:
    """All label records of a store, as they are read."""
    return (record for record in _Listing(records) if isinstance(record, LabelRecord))


def _has_page(record: Record) -> bool:
    """Whether the index can lead somewhere: not where records were made without pages."""
    return not isinstance(record, LabelRecord) or record.observed.page is not None


def _listed(records: Store) -> str:
    marks = (_mark(i.key, i.etag) for i in records.list() if i.key.endswith(RECORD_SUFFIX))
    return f"{sum(marks) % MODULUS:016x}"


def _mark(name: str, etag: str) -> int:
    text = f"{name}\0{etag}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


def _read_state(private: Store) -> tuple[IndexState | None, str | None]:
    try:
        blob = private.get(STATE_NAME)
    except MissingError:
        return None, None
    try:
        return msgspec.json.decode(blob.data, type=IndexState), blob.info.etag
    except msgspec.MsgspecError:
        return None, blob.info.etag
