"""What a local store does with single files, and what the system's errors mean for the caller."""

# Paths are text here: pathlib costs more than the system calls, and it tidies odd names.
# ruff: noqa: PTH103, PTH105, PTH106, PTH115, PTH116, PTH120, PTH123

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from bucketlens.errors import (
    BucketlensError,
    ConfigError,
    InputError,
    TransientError,
)
from bucketlens.stores.base import ForbiddenError, missing
from bucketlens.types import ObjectInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

_READ_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)  # opening a pipe must not wait for its other end
)


def _numbers(*names: str) -> frozenset[int]:
    """Those of these errors that this system knows."""
    return frozenset(getattr(errno, name) for name in names if hasattr(errno, name))


_MISSING = _numbers("ENOENT", "ENOTDIR", "ENAMETOOLONG", "EISDIR", "ELOOP", "EINVAL", "EILSEQ")
_FORBIDDEN = _numbers("EACCES", "EPERM")
_TRANSIENT = _numbers(
    *("EIO", "EAGAIN", "EBUSY", "EINTR", "EMFILE", "ENFILE", "ESTALE", "ETIMEDOUT", "EREMOTEIO")
)
_NO_LINKS = _numbers("EPERM", "ENOSYS", "EMLINK", "EXDEV", "ENOTSUP", "EOPNOTSUPP")
"""How file systems say that they have no hard links."""

_ATTEMPTS = 100
"""Of what another process can undo meanwhile; each failure means that another one got on."""


def file_info(key: str, status: os.stat_result) -> ObjectInfo:
    """The facts of a file; its etag is its time in nanoseconds and its size."""
    return ObjectInfo(
        key=key,
        etag=f"{status.st_mtime_ns:x}-{status.st_size:x}",
        size=status.st_size,
        modified=status.st_mtime,
    )


def is_inside(path: str, root: str) -> bool:
    """Whether a real path is the real path ``root`` or below it."""
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def status_of(path: str) -> os.stat_result | None:
    """The status of a file, or None if there is none."""
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


@contextmanager
def opened(path: str, *, key: str, root: str) -> Iterator[int]:
    """A regular file inside the root, open for reading.

    Raises:
        MissingError, ForbiddenError, TransientError: Also for errors in the body.
    """
    try:
        descriptor = os.open(path, _READ_FLAGS)
    except OSError as exc:
        raise read_error(key, root, exc) from exc
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise missing(key, root)
        if not is_inside(real_path(descriptor, path), root):
            raise ForbiddenError(f"the link {key!r} leads out of {root}")
        yield descriptor
    except OSError as exc:
        raise read_error(key, root, exc) from exc
    finally:
        os.close(descriptor)


def read_all(descriptor: int, size: int) -> bytes:
    """All bytes of a file of this size, and at least one more if it has grown."""
    data = os.read(descriptor, size + 1)
    if len(data) >= size:
        return data
    parts = [data]
    while data:
        data = os.read(descriptor, size + 1)
        parts.append(data)
    return b"".join(parts)


def write_all(file: IO[bytes], data: bytes) -> None:
    """Write all bytes, however many the system takes at once."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def create(path: str) -> IO[bytes]:
    """Create a file, and its folders, while another process may remove empty ones."""
    for _ in range(_ATTEMPTS):
        try:
            return open(path, "xb", buffering=0)
        except FileNotFoundError:
            with suppress(FileNotFoundError, FileExistsError):  # it was there, and is gone
                os.makedirs(os.path.dirname(path), exist_ok=True)
    return open(path, "xb", buffering=0)


def real_path(descriptor: int, path: str) -> str:
    """Where an open file really is; asked of the system where it says, so that no race fools it."""
    if sys.platform == "linux":
        with suppress(OSError):
            return os.readlink(f"/proc/self/fd/{descriptor}")
    return os.path.realpath(path)


def stamp(key: str, descriptor: int, before: os.stat_result | None) -> str:
    """Give a new file a time that makes its etag differ from that of what it replaces."""
    now = time.time_ns()
    etag = ""
    for step in (0, 1_000, 2_000_000_000):  # coarse clocks of file systems go up to two seconds
        os.utime(descriptor, ns=(now + step, now + step))
        etag = file_info(key, os.fstat(descriptor)).etag
        if before is None or etag != file_info(key, before).etag:
            break
    return etag


def install(temporary: str, path: str, *, new: bool) -> None:
    """Give a temporary file its name.

    Args:
        temporary: In the same folder; it may be left there.
        path: The name; what has it is replaced at once.
        new: Nothing may have the name, not even if a program made it that knows no locks. Where
            there are no hard links, only the caller's lock sees to that.

    Raises:
        FileExistsError: With ``new``, something has the name.
    """
    if new:
        try:
            os.link(temporary, path)
        except OSError as exc:
            if exc.errno not in _NO_LINKS:
                raise
        else:
            return
    os.replace(temporary, path)


def remove_empty(folder: str, root: str) -> None:
    """Remove a folder and those above it, below the root, as far as they are empty."""
    while len(folder) > len(root):
        try:
            os.rmdir(folder)
        except OSError:
            return  # not empty, or gone
        folder = os.path.dirname(folder)


def sync_folders(folder: str, root: str) -> None:
    """Force the entries of a folder and those above it, up to the root, to disk."""
    while len(folder) >= len(root) and os.name != "nt":  # Windows can't, and need not
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        folder = os.path.dirname(folder)


def read_error(key: str, root: str, exc: OSError) -> BucketlensError:
    """What a failed read means."""
    if exc.errno in _MISSING:
        return missing(key, root)
    if exc.errno in _FORBIDDEN:
        return ForbiddenError(f"{key!r} may not be read in {root}")
    what = f"{key!r} can't be read in {root}: {exc.strerror}"
    return TransientError(what) if exc.errno in _TRANSIENT else ForbiddenError(what)


def write_error(key: str, root: str, exc: OSError) -> BucketlensError:
    """What a failed write means."""
    what = f"{key!r} can't be written in {root}: {exc.strerror}"
    if exc.errno in _TRANSIENT:
        return TransientError(what)
    if exc.errno in _MISSING or exc.errno == errno.EEXIST:
        return InputError(what)
    return ConfigError(what)
