"""Locks between threads and processes on the files of one folder.

A lock is the operating system's on the folder itself, so it needs no file of its own, is the same
for all who write there by whatever root, and is gone when its holder is, however that ended. Each
use opens the folder anew: such locks exclude threads of one process too, and a forked child
inherits nothing.

Where folders can't be locked (Windows, NFS), it is a lock on one of 256 small files below the
root of the store, chosen by the hash of the key; all writers must then use the same root.
"""

from __future__ import annotations

import errno
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

_FOLDERS_HAVE_NO_LOCKS = {
    *(errno.EBADF, errno.EINVAL, errno.EISDIR, errno.ENOSYS, errno.ENOLCK),
    *(getattr(errno, name, errno.ENOSYS) for name in ("ENOTSUP", "EOPNOTSUPP")),
}
"""NFS gives the first: it wants a file that is open for writing."""


class FolderLocks:
    """The locks of one store.

    Args:
        files: Where the lock files are made, if they are needed.
    """

    def __init__(self, files: str) -> None:
        """Lock folders until that turns out to be impossible."""
        self._files = files
        self._by_files = sys.platform == "win32"

    @contextmanager
    def held(self, key: str, folder: str) -> Iterator[None]:
        """Hold the lock of a key; waits while another thread or process holds it.

        Args:
            key: Of the object.
            folder: That its file is in.

        Raises:
            FileNotFoundError: There is no such folder.
            ConfigError: The file system has no locks at all.
        """
        descriptor = self._acquired(key, folder)
        try:
            yield
        finally:
            os.close(descriptor)  # which releases the lock

    def _acquired(self, key: str, folder: str) -> int:
        if not self._by_files:
            try:
                return _locked_folder(folder)
            except OSError as exc:
                if exc.errno not in _FOLDERS_HAVE_NO_LOCKS:
                    raise
                self._by_files = True
        try:
            return self._locked_file(key_hash(key) % STRIPES)
        except OSError as exc:
            raise ConfigError(
                f"no lock can be had on {self._files} ({exc.strerror}); outputs need a folder on "
                "a file system with locks"
            ) from exc

    def _locked_file(self, stripe: int) -> int:
        Path(self._files).mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(f"{self._files}/{stripe:02x}", flags, 0o666)
        return _lock(descriptor)


def _locked_folder(folder: str) -> int:
    while True:
        descriptor = _lock(os.open(folder, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0)))
        try:
            current = os.stat(folder)  # noqa: PTH116 - paths are text here
            if os.path.samestat(os.fstat(descriptor), current):
                return descriptor
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)  # removed and made again while we waited


def _lock(descriptor: int) -> int:
    try:
        _acquire(descriptor)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


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
