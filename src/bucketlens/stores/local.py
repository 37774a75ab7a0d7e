"""A folder as a store.

Any file that is there can be read under its own name, also one that is not UTF-8 (its odd bytes
are surrogates in the key, as Python's file functions have them). Nothing outside the folder is
ever read or written, whatever links and keys say.

A put writes a temporary file beside its target and then renames it, so a reader sees the old or
the new bytes, and what a killed process leaves is passed over by listings and swept after a day.
Puts and deletes hold a lock between threads and processes while they look and rename: see
:mod:`bucketlens.stores.locks`. An etag is the file's time in nanoseconds and its size; puts set
the time, so two writes never share one.
"""

# Paths are text here: pathlib costs more than the system calls, and it tidies odd names.
# ruff: noqa: PTH108, PTH118, PTH120

from __future__ import annotations

import logging
import os
import re
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from bucketlens.errors import InputError, TransientError
from bucketlens.stores import files
from bucketlens.stores.base import Blob, ConflictError, check_size, missing
from bucketlens.stores.locks import FolderLocks
from bucketlens.stores.skipped import OWN_FOLDER, TEMPORARY, is_skipped
from bucketlens.stores.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bucketlens.stores.base import ListingIssue
    from bucketlens.types import ObjectInfo

log = logging.getLogger(__name__)

_NO_PATH = re.compile(r"(?:\A|/)\.{0,2}(?:/|\Z)|\0")
"""Keys with a segment that is empty, ``.`` or ``..``."""
_NO_WINDOWS_PATH = re.compile(r'[\\:*?"<>|]')

_READS = 3
"""Of a file that another program keeps writing into."""


class LocalStore:
    """The files below a folder.

    Args:
        root: The folder; the first put makes it.
        source: Whether it holds people's files: what systems and programs put among them is not
            shown then, and nothing is swept.
        hidden: With ``source``, show also what begins with a dot.
        fsync: Force each file and its folder's entry to disk.
        fresh: A folder that is not there is an empty one, and no mistake.
        on_issue: Told of what a listing could not show; without one, it is logged.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        source: bool = False,
        hidden: bool = False,
        fsync: bool = False,
        fresh: bool = False,
        on_issue: Callable[[ListingIssue], None] | None = None,
    ) -> None:
        """Remember where and how; nothing is touched yet."""
        self._root = os.path.realpath(root)
        self._source = source
        self._hidden = hidden
        self._fsync = fsync
        self._fresh = fresh
        self._on_issue = on_issue or _log_issue
        self._locks = FolderLocks(os.path.join(self._root, OWN_FOLDER, "locks"))

    @property
    def location(self) -> str:
        """The folder's real path."""
        return self._root

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """The files whose keys begin with ``prefix``, sorted by key."""
        folder = prefix.rpartition("/")[0]
        if folder and (not self._is_path(folder) or self._is_skipped(folder)):
            return
        if self._fresh and not os.path.lexists(self._root):
            return
        walk = Walk(self._root, self._is_skipped, self._on_issue, sweep=not self._source)
        yield from walk.files(prefix)

    def head(self, key: str) -> ObjectInfo:
        """The facts of one file."""
        with self._opened(key) as descriptor:
            return files.file_info(key, os.fstat(descriptor))

    def get(self, key: str, *, max_bytes: int | None = None) -> Blob:
        """The bytes of one file; read again if another program writes into it meanwhile."""
        for _ in range(_READS):
            with self._opened(key) as descriptor:
                info = files.file_info(key, os.fstat(descriptor))
                check_size(key, info.size, max_bytes)
                data = files.read_all(descriptor, info.size)
                after = files.file_info(key, os.fstat(descriptor))
            if len(data) == info.size and after == info:
                return Blob(data, info)
        raise TransientError(f"{key!r} is being written in {self._root}")

    def put(
        self,
        key: str,
        data: bytes,
        *,
        if_match: str | None = None,
        if_absent: bool = False,
        content_type: str | None = None,  # noqa: ARG002 - a folder keeps neither
        cache_control: str | None = None,  # noqa: ARG002
    ) -> str:
        """Write one file at once, if the condition holds."""
        path = self._path(key)
        try:
            with self._temporary(path) as (file, temporary):
                files.write_all(file, data)
                if self._fsync:
                    os.fsync(file.fileno())
                with self._locks.held(key, os.path.dirname(path)):
                    before = files.status_of(path)
                    self._check(key, before, if_match=if_match, if_absent=if_absent)
                    etag = files.stamp(key, file.fileno(), before)
                    file.close()  # Windows renames no open file
                    self._install(key, temporary, path, new=if_absent)
            if self._fsync:
                files.sync_folders(os.path.dirname(path), self._root)
        except OSError as exc:
            raise files.write_error(key, self._root, exc) from exc
        return etag

    def delete(self, key: str) -> None:
        """Remove one file and the folders that are empty then."""
        if not self._is_path(key):
            return
        path = self._path(key)
        folder = os.path.dirname(path)
        if not files.is_inside(os.path.realpath(folder), self._root) or not os.path.lexists(path):
            return
        try:
            with (
                suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError),
                self._locks.held(key, folder),
            ):
                os.unlink(path)
                files.remove_empty(folder, self._root)
        except OSError as exc:
            raise files.write_error(key, self._root, exc) from exc

    def url(self, key: str) -> str:
        """``file:///…``, percent-encoded."""
        return Path(self._path(key)).as_uri()

    def _is_path(self, key: str) -> bool:
        """Whether a file below the root could have this name."""
        if _NO_PATH.search(key) or (os.name == "nt" and _NO_WINDOWS_PATH.search(key)):
            return False
        try:
            os.fsencode(key)
        except UnicodeEncodeError:  # a surrogate that stands for no byte
            return False
        segments = key.split("/")
        return OWN_FOLDER not in segments and not TEMPORARY.fullmatch(segments[-1])

    def _path(self, key: str) -> str:
        if not self._is_path(key):
            raise InputError(f"a folder can't hold a file named {key!r}")
        return f"{self._root}{os.sep}{key}"

    def _is_skipped(self, key: str) -> bool:
        """Whether a key, or the name of one entry, is passed over by the rules for sources."""
        return self._source and any(
            is_skipped(name, hidden=self._hidden) for name in key.split("/")
        )

    @contextmanager
    def _opened(self, key: str) -> Iterator[int]:
        if not self._is_path(key) or self._is_skipped(key):
            raise missing(key, self._root)
        with files.opened(self._path(key), key=key, root=self._root) as descriptor:
            yield descriptor

    @contextmanager
    def _temporary(self, path: str) -> Iterator[tuple[IO[bytes], str]]:
        """A new file beside ``path``, open for writing; removed at the end if it is still there."""
        temporary = f"{os.path.dirname(path)}{os.sep}.bucketlens-{os.urandom(8).hex()}.tmp"
        file = files.create(temporary)
        try:
            if not files.is_inside(files.real_path(file.fileno(), temporary), self._root):
                raise InputError(f"a link leads {path!r} out of {self._root}")
            yield file, temporary
        finally:
            file.close()
            with suppress(FileNotFoundError):
                os.unlink(temporary)

    def _check(
        self, key: str, before: os.stat_result | None, *, if_match: str | None, if_absent: bool
    ) -> None:
        if if_absent and before is not None:
            raise ConflictError(f"{key!r} is there already in {self._root}")
        if if_match is not None and (
            before is None or files.file_info(key, before).etag != if_match
        ):
            raise ConflictError(f"{key!r} has changed in {self._root}")

    def _install(self, key: str, temporary: str, path: str, *, new: bool) -> None:
        try:
            files.install(temporary, path, new=new)
        except FileExistsError as exc:
            raise ConflictError(f"{key!r} is there already in {self._root}") from exc


def _log_issue(issue: ListingIssue) -> None:
    log.warning("not listed: %s", issue.reason)
