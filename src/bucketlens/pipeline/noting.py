"""Where people's edits are kept: one small document a picture, replaced by compare-and-swap.

``edits/<sha256>.json`` in the private store holds what people said of the picture with these bytes.
An edit is put there first and into the record after, so whoever labels the image in between reads
it, and a pass that finds a record of other edits makes its labels again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bucketlens.edits import Edit, EditError, ImageEdits, decode_edits, encode_edits
from bucketlens.errors import ConfigError, MissingError, TransientError
from bucketlens.stores import ConflictError, ForbiddenError, replace_document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bucketlens.stores import Store

FOLDER = "edits/"
SUFFIX = ".json"

ATTEMPTS = 20
"""Races that one edit may lose; each means that another one was kept."""

FRESH_SECONDS = 60.0
"""How long one listing of the edits is believed; a pass begins with a new one."""


class Noted(NamedTuple):
    """What people said of a picture, and the store's mark of that; no mark where nothing stands."""

    edits: tuple[Edit, ...] = ()
    mark: str | None = None


@dataclass(slots=True)
class _Listing:
    """The marks of all edits, as the store listed them."""

    at: float
    marks: dict[str, str]


class EditBook:
    """What people said of the pictures of one collection; safe to share between threads.

    Args:
        private: Where it is kept, below ``edits/``.
        fresh_seconds: How long one listing is believed.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        private: Store,
        *,
        fresh_seconds: float = FRESH_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read nothing yet."""
        self._private = private
        self._fresh_seconds = fresh_seconds
        self._clock = clock
        self._listing: _Listing | None = None
        self._lock = Lock()

    def find(self, sha256: str | None) -> Noted:
        """What people said of the picture with these bytes, as it stands now.

        Raises:
            ConfigError: The document is damaged, or may not be read. Nothing is labelled as if
                there was none, since that would take back what people said.
        """
        if sha256 is None:
            return Noted()
        found = self._read(sha256)
        self._note(sha256, found[1])
        return Noted(found[0].edits if found[0] else (), found[1])

    def mark(self, sha256: str | None) -> str | None:
        """The mark of what people said of a picture, as a listing showed it a moment ago.

        Records tell the mark that their labels follow, so that a pass reads no edits to find out
        which labels are stale.
        """
        with self._lock:
            if self._listing is None or (self._clock() - self._listing.at >= self._fresh_seconds):
                self._listing = _Listing(self._clock(), dict(self._marks()))
            return self._listing.marks.get(sha256 or "")

    def pictures(self) -> list[str]:
        """sha256 of all pictures that people said something of."""
        return [sha256 for sha256, _ in self._marks()]

    def change(
        self, sha256: str, key: str, change: Callable[[tuple[Edit, ...]], tuple[Edit, ...]]
    ) -> Noted:
        """Change what is said of a picture; tried again until nobody else came between.

        Args:
            sha256: Of the picture.
            key: An image with these bytes.
            change: From the edits that stand to those that are to stand; may be called again.

        Raises:
            EditError: By ``change``.
            TransientError: Others kept coming first.
        """
        for _ in range(ATTEMPTS):
            before, mark = self._read(sha256)
            standing = before.edits if before else ()
            wanted = change(standing)
            if wanted == standing:
                return Noted(standing, mark)
            data = encode_edits(ImageEdits(sha256=sha256, key=key, edits=wanted))
            mark = replace_document(self._private, _name(sha256), mark, data)
            if mark is not None:
                self._note(sha256, mark)
                return Noted(wanted, mark)
        raise TransientError(f"the edits of {key!r} were changed by others {ATTEMPTS} times")

    def all(self) -> Iterator[ImageEdits]:
        """All that people said, in the order of the store."""
        for info in self._private.list(FOLDER):
            found, _ = self._read(info.key.removeprefix(FOLDER).removesuffix(SUFFIX))
            if found is not None:
                yield found

    def hand_over(self, sha256: str, key: str) -> None:
        """Name another image with these bytes, in the place of one that is forgotten."""
        found, mark = self._read(sha256)
        if found is None or found.key == key:
            return
        data = encode_edits(msgspec.structs.replace(found, key=key))
        try:
            self._private.put(_name(sha256), data, if_match=mark, content_type="application/json")
        except ConflictError:
            self.hand_over(sha256, key)

    def forget(self, sha256: str) -> bool:
        """Remove what was said of a picture; whether anything was."""
        there = self._read(sha256)[1] is not None
        self._private.delete(_name(sha256))
        self._note(sha256, None)
        return there

    def _read(self, sha256: str) -> tuple[ImageEdits | None, str | None]:
        name = _name(sha256)
        try:
            blob = self._private.get(name)
        except ForbiddenError as exc:
            raise ConfigError(
                f"{self._private.url(name)} may not be read, so nobody can tell what people said"
            ) from exc
        except MissingError:
            return None, None
        try:
            return decode_edits(blob.data), blob.info.etag
        except EditError as exc:
            raise ConfigError(
                f"{self._private.url(name)} is damaged ({exc.message}): repair it or remove it"
            ) from exc

    def _marks(self) -> Iterator[tuple[str, str]]:
        for info in self._private.list(FOLDER):
            if info.key.endswith(SUFFIX):
                yield info.key.removeprefix(FOLDER).removesuffix(SUFFIX), info.etag

    def _note(self, sha256: str, mark: str | None) -> None:
        """Keep the listing true to what was seen since."""
        with self._lock:
            if self._listing is None:
                return
            if mark is None:
                self._listing.marks.pop(sha256, None)
            else:
                self._listing.marks[sha256] = mark


def _name(sha256: str) -> str:
    return f"{FOLDER}{sha256}{SUFFIX}"
