"""One state of the catalog, opened once for all who ask it in turn."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from bucketlens.catalog import Changes, Snapshot


class AskedState:
    """Opens the files of a state when it is first asked, and not again.

    That takes some 25 ms, as much as all questions about a small collection.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        """Open nothing yet."""
        self._snapshot = snapshot

    @property
    def lineage(self) -> str:
        """Ids of images mean something within one lineage only."""
        return self._snapshot.lineage

    @property
    def change(self) -> int:
        """Grows with every change."""
        return self._snapshot.change

    @cached_property
    def _opened(self) -> DuckDBPyConnection:
        return self._snapshot.connect()

    def connect(self) -> DuckDBPyConnection:
        """A connection of one's own: what one makes on it for oneself, others don't see."""
        return self._opened.cursor()

    def changes_since(self, change: int) -> Changes:
        """What changed after an earlier update of the same lineage."""
        return self._snapshot.changes_since(change)

    def close(self) -> None:
        """Close the files, if they were opened."""
        if "_opened" in self.__dict__:
            self._opened.close()
