"""The manifest of packs: which files hold records, replaced at once by compare-and-swap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bucketlens.catalog.manifest import FileFacts
from bucketlens.errors import ConfigError, MissingError
from bucketlens.stores import replace_document

if TYPE_CHECKING:
    from bucketlens.stores import Store

FOLDER = "packs/"
MANIFEST = "packs/manifest.json"
SCHEMA_VERSION = 1


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """Some thousand records; never changed.

    Attributes:
        rows: How many.
        first: The first name of them, by code points.
        last: The last one.
        names: File of their names, etags, sizes and times.
        records: File of their bytes, in the same order.
    """

    rows: int
    first: str
    last: str
    names: FileFacts
    records: FileFacts

    @property
    def files(self) -> tuple[FileFacts, ...]:
        """Both files."""
        return (self.names, self.records)


class PackManifest(msgspec.Struct, frozen=True, kw_only=True):
    """One state of the packs.

    Attributes:
        schema_version: Of their tables.
        packs: Oldest first; of a name that stands in several, the newest holds.
    """

    schema_version: int = SCHEMA_VERSION
    packs: tuple[Pack, ...] = ()


class Standing(msgspec.Struct, frozen=True):
    """A manifest as it was read, and the version that a new one replaces."""

    manifest: PackManifest
    etag: str | None


def read_manifest(private: Store) -> Standing:
    """The manifest that stands; an empty one where there is none.

    Raises:
        ConfigError: It is damaged, or of another version.
        ForbiddenError: It may not be read.
    """
    try:
        blob = private.get(MANIFEST)
    except MissingError as exc:
        if type(exc) is MissingError:
            return Standing(PackManifest(), None)
        raise
    try:
        manifest = _DECODER.decode(blob.data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        raise ConfigError(
            f"{private.url(MANIFEST)} is damaged ({exc}): records in packs can't be found without"
            " it; put back an older one, which only loses what was recorded since"
        ) from exc
    if manifest.schema_version != SCHEMA_VERSION:
        raise ConfigError(
            f"{private.url(MANIFEST)} is of version {manifest.schema_version}, and this"
            f" bucketlens reads version {SCHEMA_VERSION}"
        )
    return Standing(manifest, blob.info.etag)


def replace_manifest(private: Store, before: str | None, manifest: PackManifest) -> str | None:
    """Make a manifest the one that stands; its etag, or None when another one came first."""
    return replace_document(private, MANIFEST, before, msgspec.json.encode(manifest))


# Made when the module is, not when first needed: see bucketlens.records.
_DECODER: msgspec.json.Decoder[PackManifest] = msgspec.json.Decoder(PackManifest)
