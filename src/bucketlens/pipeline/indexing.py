"""What is made from all records together, renewed; then the tombstones that it has seen go.

The catalog and the site's index follow the records. A tombstone stands in the place of a record
until neither shows its image any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bucketlens.pipeline.sweeping import drop_tombstone
from bucketlens.pipeline.verifying import ShownFiles

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from bucketlens.stores import Store


class Grave(Protocol):
    """A tombstone that was seen."""

    @property
    def key(self) -> str:
        """The image's key."""

    @property
    def name(self) -> str:
        """Of the tombstone, in the records' store."""

    @property
    def etag(self) -> str:
        """Of the tombstone."""


class Index(Protocol):
    """What is made from all records."""

    def listen(self) -> None:
        """Keep what is put from now on for the next renewal, where that saves reading it back."""

    def renew(self, keys: Collection[str] | None = None) -> Iterable[Grave]:
        """Bring all of it up to date; the tombstones whose images it does not show.

        Args:
            keys: Of the images whose records may have changed; without, all records are listed.

        Raises:
            ConfigError: The catalog can't be read.
            TransientError: A store is away, or others kept coming first.
        """

    def labelled(self) -> Iterator[str]:
        """The names of all images with labels, as of the last renewal.

        Raises:
            ConfigError: The catalog can't be read.
            TransientError: A store is away.
        """


class IndexPages(ShownFiles, Protocol):
    """What knows for which images there are files in the site."""

    def image_keys(self) -> Iterator[str]:
        """The keys of all images that anything was written for."""

    def remove_image(self, key: str) -> None:
        """Remove what was written for one image."""


def renew_index(records: Store, index: Index, keys: Collection[str] | None = None) -> list[str]:
    """Bring catalog and site up to date, and drop the tombstones that they have seen.

    Args:
        records: The records' store.
        index: What is made from them.
        keys: Of the images whose records may have changed; without, all records are listed.

    Returns:
        The keys whose tombstones were dropped; each is to be settled once more, since an image
        that came back in that moment may have lost its record.

    Raises:
        ConfigError: The catalog can't be read.
        TransientError: A store is away, or others kept coming first.
    """
    graves = index.renew(keys)
    return [grave.key for grave in graves if drop_tombstone(records, grave.name, grave.etag)]
