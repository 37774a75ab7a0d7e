"""Puts files that show an image so that who comes late can't spoil what a winner wrote.

Two processes may settle the same image. The one whose record loses must not write a file after the
other's record stands: if it was killed then, that record would vouch for the wrong file. No lock
holds between machines, so each put of a file is on a condition that the winner's own put breaks:

- where no record vouches for files, a file is only created (:class:`NewFiles`);
- else the record is claimed first, and then a file replaces the very one that stood there while
  the claim was seen to stand (:class:`ClaimedFiles`). Whoever claims the record later writes later,
  so our put finds another file than we saw, and fails.

A removal can't be put on a condition. What a late one takes away, and what is written after one,
differs from what the records say, which a pass that looks finds (``verifying``).
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Protocol

from bucketlens.errors import MissingError, TransientError
from bucketlens.stores import ConflictError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bucketlens.stores import Store

ATTEMPTS = 8
"""Times that others may come between the look at a file and its put."""

FIRST_WAIT, LONGEST_WAIT = 0.01, 1.0
"""Seconds that a loser waits at most, the first time and ever."""


def give_way(losses: int) -> None:
    """Wait a while before an image is settled again that others are at work on.

    A claim ends the one before it, so that several who try again at once would end each other's
    for ever. Each waits a random time, which may be twice as long with each loss.

    Args:
        losses: How often the caller lost in a row; with none it does not wait.
    """
    if losses:
        longest = min(FIRST_WAIT * 2**losses, LONGEST_WAIT)
        time.sleep(random.uniform(0, longest))  # noqa: S311 - no secret


class File(Protocol):
    """A file that shows an image, as it is to be put."""

    @property
    def name(self) -> str:
        """Below the root of the site."""

    @property
    def data(self) -> bytes:
        """All of it."""

    @property
    def content_type(self) -> str:
        """As it is served."""

    @property
    def cache_control(self) -> str:
        """As it is served."""


class Fence(Protocol):
    """Puts the files of one image."""

    def put(self, store: Store, files: Sequence[File]) -> None:
        """Put files one after another; those before one that can't be put are put.

        Raises:
            ConflictError: Somebody else is at work on the image.
        """


class NewFiles:
    """Creates files, and replaces none."""

    def put(self, store: Store, files: Sequence[File]) -> None:
        """Create each."""
        for file in files:
            _put(store, file, None)


class ClaimedFiles:
    """Replaces files that stood while the claim did.

    Args:
        is_ours: Whether the claim still stands, asked of the store.
    """

    def __init__(self, is_ours: Callable[[], bool]) -> None:
        """Look at nothing yet."""
        self._is_ours = is_ours

    def put(self, store: Store, files: Sequence[File]) -> None:
        """Look at all, then replace each."""
        for file, etag in zip(files, self._look(store, files), strict=True):
            try:
                _put(store, file, etag)
            except ConflictError:
                self._put_again(store, file)

    def _look(self, store: Store, files: Sequence[File]) -> list[str | None]:
        """See what stands in the place of files, and only then that the claim does."""
        etags = [_etag(store, file.name) for file in files]
        if not self._is_ours():
            raise ConflictError(f"another process writes {files[0].name!r} too")
        return etags

    def _put_again(self, store: Store, file: File) -> None:
        """Replace a file that somebody else wrote after the first look."""
        for _ in range(ATTEMPTS):
            (etag,) = self._look(store, [file])
            try:
                _put(store, file, etag)
            except ConflictError:
                continue
            return
        raise TransientError(f"{file.name!r} was written by others {ATTEMPTS} times")


def _put(store: Store, file: File, etag: str | None) -> None:
    """Replace a file with this etag; without one, create it."""
    store.put(
        file.name,
        file.data,
        if_match=etag,
        if_absent=etag is None,
        content_type=file.content_type,
        cache_control=file.cache_control,
    )


def _etag(store: Store, name: str) -> str | None:
    try:
        return store.head(name).etag
    except MissingError:
        return None
