"""List the files below a folder: sorted, streamed, and never stopped by one odd entry."""

# Paths are text here: pathlib costs more than the system calls, and it tidies odd names.
# ruff: noqa: PTH108, PTH110, PTH112, PTH114, PTH116, PTH120

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bucketlens.errors import ConfigError
from bucketlens.stores.base import ListingIssue
from bucketlens.stores.files import file_info, is_inside
from bucketlens.stores.skipped import OWN_FOLDER, TEMPORARY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bucketlens.types import ObjectInfo

STALE_SECONDS = 24 * 3600
"""A temporary file older than this was left behind by a process that was killed."""


@dataclass(frozen=True, slots=True)
class Walk:
    """One way to list a folder.

    Attributes:
        root: Real path of the folder.
        skips: Says for the name of a file or folder whether it is passed over.
        report: Told of what could not be shown.
        sweep: Whether temporary files that were left behind are removed on the way.
    """

    root: str
    skips: Callable[[str], bool]
    report: Callable[[ListingIssue], None]
    sweep: bool = False

    def files(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """The files whose keys begin with ``prefix``, sorted by key.

        One folder's names are held at a time for each level of depth; ``name/`` stands for a
        folder, so sorting each folder sorts the whole.
        """
        start, slash, beginning = prefix.rpartition("/")
        real = os.path.realpath(self._path(start))
        if not is_inside(real, self.root):
            return
        linked = real != self._path(start)
        names = self._names(start + slash, linked=linked, top=True)
        levels = [(start + slash, iter([n for n in names if n.startswith(beginning)]), linked)]
        while levels:
            folder, waiting, linked = levels[-1]
            name = next(waiting, None)
            if name is None:
                levels.pop()
            elif name.endswith("/"):
                linked = linked or os.path.islink(self._path(folder + name[:-1]))
                inner = self._names(folder + name, linked=linked)
                levels.append((folder + name, iter(inner), linked))
            else:
                info = self._file(folder + name)
                if info is not None:
                    yield info

    def _path(self, key: str) -> str:
        # os.path.join takes longer than the system call that follows. No key begins with a slash.
        return (
            f"{self.root}{'' if self.root.endswith(os.sep) else os.sep}{key}" if key else self.root
        )

    def _file(self, key: str) -> ObjectInfo | None:
        try:
            return file_info(key, os.stat(self._path(key)))
        except FileNotFoundError:
            return None  # gone since its folder was read
        except OSError as exc:
            self.report(ListingIssue(key, f"{key!r} can't be looked at: {exc.strerror}"))
            return None

    def _names(self, folder: str, *, linked: bool, top: bool = False) -> list[str]:
        """What stands in a folder, sorted; folders end in a slash."""
        names: list[str] = []
        try:
            with os.scandir(self._path(folder)) as entries:
                for entry in entries:
                    if TEMPORARY.fullmatch(entry.name):
                        self._left_behind(entry)
                    elif entry.name != OWN_FOLDER and not self.skips(entry.name):
                        name = self._shown(folder, entry, linked=linked)
                        if name is not None:
                            names.append(name)
        except (FileNotFoundError, NotADirectoryError) as exc:
            if top:
                self._check_root(exc)
        except OSError as exc:
            if folder == "":
                raise ConfigError(f"the folder {self.root} can't be read: {exc.strerror}") from exc
            self.report(ListingIssue(folder, f"{folder!r} can't be read: {exc.strerror}"))
        names.sort()
        return names

    def _shown(self, folder: str, entry: os.DirEntry[str], *, linked: bool) -> str | None:
        """The entry's name, if it is a file or a folder that is followed; a folder's with a slash.

        Most entries are plain files, which one call tells.
        """
        try:
            if entry.is_file(follow_symlinks=False):
                return entry.name
            if entry.is_symlink():
                reason = self._refused_link(entry, linked=linked)
                if reason is not None:
                    key = folder + entry.name
                    self.report(ListingIssue(key, f"the link {key!r} {reason}"))
                    return None
            if entry.is_dir():
                return entry.name + "/"
            if entry.is_file():
                return entry.name
        except OSError as exc:
            key = folder + entry.name
            self.report(ListingIssue(key, f"{key!r} can't be looked at: {exc.strerror}"))
        return None

    def _refused_link(self, entry: os.DirEntry[str], *, linked: bool) -> str | None:
        """Why a link is not followed, if it is not.

        What a link inside the root leads to is shown under its own name too, so nothing is lost
        by not following links below links; without that rule a few of them make endless trees.
        """
        target = os.path.realpath(entry.path)
        if not is_inside(target, self.root):
            return "leads out of the folder"
        if not os.path.exists(target):
            return "leads to nothing"
        if is_inside(os.path.realpath(os.path.dirname(entry.path)), target):
            return "leads to a folder that it is in"
        if linked and os.path.isdir(target):
            return "stands below another link"
        return None

    def _left_behind(self, entry: os.DirEntry[str]) -> None:
        if not self.sweep:
            return
        try:
            if entry.stat(follow_symlinks=False).st_mtime < time.time() - STALE_SECONDS:
                os.unlink(entry.path)
        except OSError:
            pass  # another process was faster, or it is tried again with the next listing

    def _check_root(self, cause: OSError) -> None:
        if not os.path.lexists(self.root):
            raise ConfigError(f"the folder {self.root} does not exist") from cause
        if not os.path.isdir(self.root):
            raise ConfigError(f"{self.root} is not a folder") from cause
