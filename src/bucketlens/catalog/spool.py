"""Records as they were put, kept for the update that follows, so that none is read back.

Nothing depends on it: a record that is not here, or is here in another version than the listing
shows, is read from its store.
"""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path
from typing import IO

MOST = 200_000
"""Records that are kept: about 50 MB of memory and 3 GB of temporary file; more are read back."""


class Spool:
    """A temporary file of records; safe to share between threads."""

    def __init__(self, most: int = MOST) -> None:
        """Make no file yet."""
        self._most = most
        self._lock = threading.Lock()
        self._file: IO[bytes] | None = None
        self._places: dict[str, tuple[int, int, str]] = {}
        self._size = 0

    @property
    def path(self) -> Path | None:
        """The file, once something was kept; all that was kept can be read there."""
        with self._lock:
            if self._file is None:
                return None
            self._file.flush()
            return Path(self._file.name)

    def add(self, name: str, etag: str, data: bytes) -> None:
        """Keep a record that was put under a name (without its suffix)."""
        with self._lock:
            if name not in self._places and len(self._places) >= self._most:
                return
            if self._file is None:
                self._file = tempfile.NamedTemporaryFile(prefix="bucketlens-records-")  # noqa: SIM115 - closed by `clear`
            self._file.write(data)
            self._places[name] = (self._size, len(data), etag)
            self._size += len(data)

    def find(self, name: str, etag: str) -> tuple[int, int, str] | None:
        """Where this version of a record lies: offset, size and etag."""
        place = self._places.get(name)
        return place if place is not None and place[2] == etag else None

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._places.clear()
            self._size = 0
            if self._file is not None:
                self._file.close()
                self._file = None
