"""Pieces into the store, several at once."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from bucketlens.site.pieces.wrapping import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bucketlens.site.pieces.wrapping import Piece
    from bucketlens.stores import Store

FOREVER = "max-age=31536000, immutable"
WRITERS = 8
"""Threads that put pieces: a bucket answers many at once, a folder loses little by it."""


class PieceWriter:
    """Puts pieces, a few at once, and counts them.

    Attributes:
        pieces: Files written so far.
        bytes: Of these.
    """

    def __init__(self, store: Store) -> None:
        """Write nothing yet."""
        self.pieces = 0
        self.bytes = 0
        self._store = store

    def put(self, pieces: Iterable[Piece]) -> None:
        """Put all of them; all stand when this returns."""
        waiting: deque[Future[object]] = deque()
        with ThreadPoolExecutor(WRITERS) as writers:
            for piece in pieces:
                waiting.append(writers.submit(self._put_one, piece))
                if len(waiting) > 4 * WRITERS:
                    waiting.popleft().result()
                self.pieces += 1
                self.bytes += len(piece.data)
            while waiting:
                waiting.popleft().result()

    def _put_one(self, piece: Piece) -> None:
        self._store.put(piece.path, piece.data, content_type=CONTENT_TYPE, cache_control=FOREVER)
