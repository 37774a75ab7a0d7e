"""Records as they were put, kept for the update that follows, so that none is read back.

Nothing depends on it: a record that is not here, or is here in another version than the listing
shows, is read from its store.
"""

from __future__ import annotations

import os
import tempfile
import threading
import weakref
from pathlib import Path
from typing import IO

MOST_BYTES = 256 * 1024 * 1024
"""That are kept, of some 20,000 records; more are read back."""


class Spool:
    """A temporary file of records; safe to share between threads. Opened, it begins to keep."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Keep nothing yet."""
        self._most_bytes = most_bytes
        self._keeps = False
        self._lock = threading.Lock()
        self._file: IO[bytes] | None = None
        self._path = Path()
        self._places: dict[str, tuple[int, int, str]] = {}
        self._size = 0

    def open(self) -> None:
        """Keep what is added from now on."""
        self._keeps = True

    @property
    def path(self) -> Path | None:
        """The file, once something was kept; all that was kept can be read there."""
        with self._lock:
            if self._file is None:
                return None
            self._file.flush()
            return self._path

    def add(self, name: str, etag: str, data: bytes) -> None:
        """Keep a record that was put under a name (without its suffix)."""
        with self._lock:
            if not self._keeps or self._size + len(data) > self._most_bytes:
                return
            if self._file is None:
                handle, path = tempfile.mkstemp(prefix="bucketlens-records-")
                self._file, self._path = os.fdopen(handle, "wb"), Path(path)
                weakref.finalize(self, self._path.unlink, missing_ok=True)
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
                self._path.unlink(missing_ok=True)
