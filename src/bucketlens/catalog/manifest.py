"""The manifest: which files are the catalog, replaced at once by compare-and-swap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bucketlens.catalog.engine import CatalogError
from bucketlens.catalog.schema import SCHEMA_VERSION
from bucketlens.errors import MissingError
from bucketlens.stores import replace_document

if TYPE_CHECKING:
    from bucketlens.stores import Store

FOLDER = "catalog/"
MANIFEST = "catalog/manifest.json"


class FileFacts(msgspec.Struct, frozen=True):
    """A file of the catalog; never changed, and its name is never given again.

    Attributes:
        name: Below the private store.
        rows: How many it holds.
        size: Bytes.
        digest: BLAKE2b of its bytes, 128 bits in hex.
    """

    name: str
    rows: int
    size: int
    digest: str


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """What one update, or several merged ones, said.

    Attributes:
        first: Number of the first update in it.
        last: Number of the last one.
        images: Rows of images.
        labels: Rows of their labels.
        gone: Ids whose rows in older segments no longer hold.
    """

    first: int
    last: int
    images: tuple[FileFacts, ...] = ()
    labels: tuple[FileFacts, ...] = ()
    gone: tuple[FileFacts, ...] = ()

    @property
    def rows(self) -> int:
        """Rows of images and of what is gone."""
        return sum(file.rows for file in (*self.images, *self.gone))

    @property
    def files(self) -> tuple[FileFacts, ...]:
        """All its files."""
        return (*self.images, *self.labels, *self.gone)


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One state of the catalog.

    Attributes:
        schema_version: Of its tables.
        lineage: Changes when images are numbered anew, so that ids of before mean nothing.
        change: Number of the last update.
        horizon: Removals are known that came after this change.
        next_image: The first id that no image was given.
        next_label: The first id that no label was given.
        images: Rows of images that hold.
        labelled: Those of them that have labels.
        segments: Oldest first; what a newer one says holds.
        vocabulary: The labels by id.
        scores: Stored scores, by ``images.scored``.
        embeddings: Embeddings, likewise.
    """

    schema_version: int = SCHEMA_VERSION
    lineage: str = ""
    change: int = 0
    horizon: int = 0
    next_image: int = 1
    next_label: int = 1
    images: int = 0
    labelled: int = 0
    segments: tuple[Segment, ...] = ()
    vocabulary: tuple[FileFacts, ...] = ()
    scores: tuple[FileFacts, ...] = ()
    embeddings: tuple[FileFacts, ...] = ()

    @property
    def files(self) -> tuple[FileFacts, ...]:
        """All files that are named."""
        own = (*self.vocabulary, *self.scores, *self.embeddings)
        return (*own, *(file for segment in self.segments for file in segment.files))


class Standing(msgspec.Struct, frozen=True):
    """A manifest as it was read, and the version that a new one replaces."""

    manifest: Manifest
    etag: str | None


def read_manifest(private: Store) -> Standing:
    """The manifest that stands; an empty one where there is none.

    Raises:
        CatalogError: It is damaged or of another version.
    """
    try:
        blob = private.get(MANIFEST)
    except MissingError:
        return Standing(Manifest(), None)
    try:
        manifest = _DECODER.decode(blob.data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        raise CatalogError(f"{private.url(MANIFEST)} is damaged ({exc})") from exc
    if manifest.schema_version != SCHEMA_VERSION:
        raise CatalogError(
            f"{private.url(MANIFEST)} is of version {manifest.schema_version}, and this"
            f" bucketlens reads version {SCHEMA_VERSION}"
        )
    return Standing(manifest, blob.info.etag)


def replace_manifest(private: Store, before: str | None, manifest: Manifest) -> bool:
    """Make a manifest the one that stands; False when another one came first."""
    data = msgspec.json.encode(manifest)
    return replace_document(private, MANIFEST, before, data) is not None


# Made when the module is, not when first needed: see bucketlens.records.
_DECODER: msgspec.json.Decoder[Manifest] = msgspec.json.Decoder(Manifest)
