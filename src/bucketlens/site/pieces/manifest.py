"""What stands: one small file that is replaced by compare-and-swap."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bucketlens.errors import MissingError
from bucketlens.site.pieces.wrapping import CONTENT_TYPE, FOLDER, SUFFIX, unwrap, wrap

if TYPE_CHECKING:
    from bucketlens.stores import Store

FORMAT = 1
"""Raised when a reader of the old one could not read the new one; the index is then built anew."""

NAME = "manifest"
PATH = f"{FOLDER}{NAME}{SUFFIX}"
FRESH = "no-cache"


class Segment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A set of images that was written together.

    Attributes:
        name: The folder of its pieces.
        flat: Whether it is one piece.
        count: Images in it.
        first: The lowest id.
        last: The highest id.
        gone: Positions of images that left or stand in a newer segment, encoded, in Base64.
        gone_piece: The same as a piece, where they are many.
        gone_count: How many.
        patches: Pieces of rows, by number, that another one stands for.
    """

    name: str
    count: int
    first: int
    last: int
    flat: bool = False
    gone: str = ""
    gone_piece: str = ""
    gone_count: int = 0
    patches: dict[int, str] = {}

    @property
    def names(self) -> list[str]:
        """Its folder, and the pieces outside of it."""
        gone = [self.gone_piece] if self.gone_piece else []
        return [f"{self.name}/", *gone, *self.patches.values()]

    @property
    def live(self) -> int:
        """Images that it still stands for."""
        return self.count - self.gone_count


class Retired(msgspec.Struct, frozen=True, array_like=True):
    """What the manifest named until then; pages that are open still read it.

    Attributes:
        name: A piece, or with a slash at the end a folder of pieces.
        at: Seconds since the epoch.
    """

    name: str
    at: float


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One state of the index.

    Attributes:
        format: Of the pieces.
        lineage: Of the catalog: ids of another one mean other images.
        change: The catalog's, which this shows.
        look: Changes when the same catalog is to be shown otherwise.
        labels: The piece of the label table.
        overview: The piece of all counts.
        segments: The smallest first; each image stands in one of them.
        retired: What is to be swept a day later.
        swept: When files that nobody names were last looked for, seconds since the epoch.
    """

    format: int = FORMAT
    lineage: str
    change: int
    look: str
    labels: str
    overview: str
    segments: tuple[Segment, ...]
    retired: tuple[Retired, ...] = ()
    swept: float = 0.0

    @property
    def names(self) -> list[str]:
        """The pieces and folders that it leads to."""
        named = [name for segment in self.segments for name in segment.names]
        return [self.labels, self.overview, *named]


class Standing(NamedTuple):
    """What was read in the manifest's place: no etag where nothing stands."""

    manifest: Manifest | None
    etag: str | None


_DECODER = msgspec.json.Decoder(Manifest)


def read_manifest(store: Store) -> Standing:
    """The manifest that stands; None for one that is not there, damaged or of another format."""
    try:
        blob = store.get(PATH)
    except MissingError:
        return Standing(None, None)
    try:
        manifest = _DECODER.decode(unwrap(blob.data))
    except (ValueError, msgspec.MsgspecError):
        return Standing(None, blob.info.etag)
    return Standing(manifest if manifest.format == FORMAT else None, blob.info.etag)


def put_manifest(store: Store, manifest: Manifest, standing: Standing) -> None:
    """Replace what was read.

    Raises:
        ConflictError: Another one stands by now.
    """
    store.put(
        PATH,
        wrap(NAME, manifest).data,
        if_match=standing.etag,
        if_absent=standing.etag is None,
        content_type=CONTENT_TYPE,
        cache_control=FRESH,
    )
