"""Locks between threads and processes on one folder, by key.

A lock is a lock of the operating system on one of 256 small files, chosen by the hash of the key,
so it is gone when its holder is, however that ended. Each use opens the file anew: such locks
exclude threads of one process too, and a forked child inherits nothing.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bucketlens.errors import ConfigError
from bucketlens.names import key_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

STRIPES = 256


class FolderLocks:
    """The locks in one folder, which is made when the first one is taken."""

    def __init__(self, folder: str) -> None:
        """Remember the folder."""
        self._folder = folder

    @contextmanager
    def held(self, key: str) -> Iterator[None]:
        """Hold the lock of a key; waits while another thread or process holds it.

        Raises:
            ConfigError: The file system knows no locks, or the folder may not be written to.
        """
        descriptor = self._open(key_hash(key) % STRIPES)
        try:
            try:
                _acquire(descriptor)
            except OSError as exc:
                raise ConfigError(
                    f"the file system of {self._folder} gives no locks ({exc.strerror}); outputs "
                    "need a folder on one that does"
                ) from exc
            yield
        finally:
            os.close(descriptor)  # which releases the lock

    def _open(self, stripe: int) -> int:
        path = f"{self._folder}/{stripe:02x}"
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        try:
            return os.open(path, flags, 0o666)
        except FileNotFoundError:
            Path(self._folder).mkdir(parents=True, exist_ok=True)
            return os.open(path, flags, 0o666)


if sys.platform == "win32":
    import msvcrt

    def _acquire(descriptor: int) -> None:
        while True:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
            except OSError:  # after ten seconds of trying
                time.sleep(0.01)
            else:
                return

else:
    import fcntl

    def _acquire(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
