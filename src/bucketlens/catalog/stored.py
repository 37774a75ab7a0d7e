"""Scores and embeddings taken from records, kept as columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bucketlens.catalog.arrays import numbers, objects
from bucketlens.catalog.extracts import own_scores
from bucketlens.labels.packing import pack

if TYPE_CHECKING:
    from bucketlens.catalog.arrays import Columns
    from bucketlens.labels.packing import Packed
    from bucketlens.types import Embedding


class _Row(NamedTuple):
    scored: int
    text: str
    packed: Packed | None
    embedding: Embedding | None


class StoredScores:
    """Rows of ``scores`` and ``embeddings``."""

    def __init__(self) -> None:
        """Begin with no rows."""
        self._rows: list[_Row] = []

    def add(self, scored: int, text: str, embedding: Embedding | None, record: bytes) -> None:
        """Take in an image's scores.

        Only those in the form that bucketlens writes are packed, so that what is packed says that
        the record's JSON may be passed on as it is.

        Args:
            scored: The id that they get.
            text: Without the embedding, as JSON; empty for none.
            embedding: See ``text``.
            record: What they were read from.
        """
        own = own_scores(text, embedding, record) if text else None
        self._rows.append(_Row(scored, text, pack(own) if own else None, embedding))

    def scores(self) -> Columns:
        """The columns of ``scores``."""
        rows = [row for row in self._rows if row.text]
        packed = [row.packed for row in rows]
        return {
            "id": np.array([row.scored for row in rows], dtype=np.int64),
            "scores": objects([row.text for row in rows]),
            "codes": objects([one and one.codes for one in packed]),
            "energy": numbers([one.energy if one else None for one in packed], np.float64),
            "objects": objects([one and one.objects for one in packed]),
        }

    def embeddings(self) -> Columns:
        """The columns of ``embeddings``."""
        rows = [(row.scored, row.embedding) for row in self._rows if row.embedding]
        return {
            "id": np.array([scored for scored, _ in rows], dtype=np.int64),
            "codes": objects([embedding.codes for _, embedding in rows]),
            "scale": np.array([embedding.scale for _, embedding in rows], dtype=np.float32),
        }
