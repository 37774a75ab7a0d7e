"""Records that one process put and knows, handed to the update that follows: none is read back.

Nothing depends on it. An update compares the listing with the catalog as ever, and takes of what
was handed over only the rows of records that still stand in the same version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bucketlens.catalog.columns import Batch
from bucketlens.catalog.extracts import extract_outline
from bucketlens.catalog.pieces import write_piece

if TYPE_CHECKING:
    from bucketlens.catalog.files import Files
    from bucketlens.catalog.outdated import Row
    from bucketlens.catalog.pieces import Piece
    from bucketlens.records import Outline


class Version(NamedTuple):
    """A record as it stood, or as it was put, and the etag of that."""

    etag: str
    outline: Outline


class Handing:
    """Takes records that were put again with the same scores, and makes a piece of them.

    Args:
        files: Of the catalog, with the folder of whoever brings it up to date.
        number: Of the piece, which no other piece of the same update has.
    """

    def __init__(self, files: Files, number: int) -> None:
        """Hold nothing yet."""
        self._files = files
        self._batch = Batch(number)

    def add(self, row: Row, before: Version, after: Version) -> None:
        """Take a record that was put, if its scores are those that the catalog has."""
        if row.etag != before.etag or row.scored is None or row.digest is None:
            return
        outline = after.outline
        if outline.scores != before.outline.scores or not _is_text(outline.source.key):
            return
        known = (row.scored, row.digest)
        self._batch.add_viewed(extract_outline(outline), row.name, after.etag, known)

    def piece(self) -> Piece:
        """Write what was taken."""
        return write_piece(self._files, self._batch, keep_scores=False)


def _is_text(key: str) -> bool:
    """Whether UTF-8 can hold a key: how a record shows others is for its reader to know."""
    try:
        key.encode()
    except UnicodeEncodeError:
        return False
    return True
