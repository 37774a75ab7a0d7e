"""Records relabelled, and handed to the catalog as they were put."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketlens.catalog.handing import Handing, Version
from bucketlens.records import RECORD_SUFFIX, LabelRecord, Outline, decode_outline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bucketlens.catalog.files import Files
    from bucketlens.catalog.outdated import Row
    from bucketlens.catalog.pieces import Piece
    from bucketlens.pipeline.relabelled import Relabelled
    from bucketlens.pipeline.relabelling import Relabeler
    from bucketlens.pipeline.standing import Standing


class Rewriter:
    """Relabels records, and keeps what was put for the catalog.

    Args:
        relabeler: Makes what relabels them; it is given whom to tell of each record that was put.
        files: Of the catalog.
    """

    def __init__(
        self, relabeler: Callable[[Callable[[Standing, Standing], None]], Relabeler], files: Files
    ) -> None:
        """Relabel nothing yet."""
        self._relabeler = relabeler(self._take)
        self._files = files
        self._rows: dict[str, Row] = {}
        self._handing = Handing(files, 0)

    def relabel(self, rows: Sequence[Row], piece: int) -> tuple[Relabelled, Piece]:
        """Relabel records.

        Args:
            rows: What the catalog knows of them.
            piece: Number of the piece that they become.
        """
        self._handing = Handing(self._files, piece)
        self._rows = {row.name + RECORD_SUFFIX: row for row in rows}
        packed = {name: row.etag for name, row in self._rows.items() if row.packed and row.etag}
        done = self._relabeler.relabel(self._rows, packed)
        return done, self._handing.piece()

    def _take(self, before: Standing, after: Standing) -> None:
        was, now = _version(before), _version(after)
        if was is not None and now is not None:
            self._handing.add(self._rows[before.name], was, now)


def _version(standing: Standing) -> Version | None:
    record = standing.outlined
    if isinstance(record, LabelRecord):
        record = decode_outline(standing.data)
    if not isinstance(record, Outline) or standing.etag is None:
        return None
    return Version(standing.etag, record)
