"""An image taken out of everything that is kept about it.

Removing an image from the source leaves traces for a while: a tombstone until the index has seen
it, old segments until they are swept a day later, edits for the day that it comes back. Forgetting
leaves none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bucketlens.edits import readable
from bucketlens.errors import TransientError
from bucketlens.pipeline.fencing import give_way
from bucketlens.pipeline.sweeping import drop_tombstone
from bucketlens.records import SourceFacts, Tombstone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bucketlens.pipeline.indexing import Grave
    from bucketlens.pipeline.noting import EditBook
    from bucketlens.pipeline.recording import Recorder
    from bucketlens.stores import Store

ATTEMPTS = 20

REPLIES = "replies/"


class DeepIndex(Protocol):
    """What is made from all records, and can be rid of images for good."""

    def purge(self, keys: Sequence[str]) -> Iterable[Grave]:
        """Leave nothing of images that are gone, not in old files that readers may hold."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was found of one image, and removed.

    Attributes:
        key: The image's key.
        what: Names of the things that were there.
    """

    key: str
    what: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Forgetter:
    """Forgets images.

    Attributes:
        records: The records' store.
        recorder: Reads and puts records, and removes what shows them.
        book: What people said.
        private: Where kept replies are.
        index: Follows the records.
        copies: The keys of all images with these bytes, as far as is known.
        clock: Gives the time, seconds since the epoch.
    """

    records: Store
    recorder: Recorder
    book: EditBook
    private: Store
    index: DeepIndex
    copies: Callable[[str], Iterable[str]]
    clock: Callable[[], float]

    def knows(self, key: str) -> bool:
        """Whether anything is kept of an image; nothing is written anew to find out."""
        return self.recorder.read(key).etag is not None or bool(self._contents_of(key))

    def forget(self, keys: Sequence[str]) -> list[Forgotten]:
        """Take images out everywhere; one that is not known is cleared all the same.

        Raises:
            TransientError: A store is away, or others kept coming first. Forgetting again goes on.
        """
        # Before anything is removed: afterwards nothing says which bytes these were.
        contents = {key: self._contents_of(key) for key in keys}
        found = {key: self._bury(key) for key in keys}
        for key in keys:
            found[key] += self._forget_contents(contents[key], keys)
        for grave in self.index.purge(keys):
            drop_tombstone(self.records, grave.name, grave.etag)
        for key in keys:
            self._drop(key)
        return [Forgotten(key, tuple(found[key])) for key in keys]

    def _contents_of(self, key: str) -> set[str]:
        """The bytes that an image has, and those that it had when people spoke of it."""
        record = self.recorder.read(key).outlined
        known = {record.source.sha256} if record and record.source.sha256 else set()
        shown = readable(key)
        return known | {edits.sha256 for edits in self.book.all() if edits.key == shown}

    def _bury(self, key: str) -> list[str]:
        """Put a tombstone in the record's place, and remove what shows the image."""
        for losses in range(ATTEMPTS):
            give_way(losses)
            standing = self.recorder.read(key)
            if standing.etag is None:
                self.recorder.remove_pages(key)
                return []
            tombstone = Tombstone(source=SourceFacts(key=key, size=0), removed=self.clock())
            if self.recorder.put_tombstone(standing, tombstone):
                shown = self.recorder.pages is not None
                return ["record", *(["page", "thumbnail and preview"] if shown else [])]
        raise TransientError(f"the record of {key!r} changed {ATTEMPTS} times meanwhile")

    def _forget_contents(self, contents: set[str], forgotten: Sequence[str]) -> Iterator[str]:
        """Remove edits and kept replies, where no other image has the same bytes."""
        for sha256 in sorted(contents):
            others = [one for one in self.copies(sha256) if one not in forgotten]
            if others:
                self.book.hand_over(sha256, others[0])
                continue
            if self.book.forget(sha256):
                yield "edits"
            names = [info.key for info in self.private.list(f"{REPLIES}{sha256}")]
            for name in names:
                self.private.delete(name)
            if names:
                yield "kept replies"

    def _drop(self, key: str) -> None:
        """Remove a tombstone that the index had no reason to bury, since it knew no image."""
        standing = self.recorder.read(key)
        if isinstance(standing.outlined, Tombstone) and standing.etag is not None:
            drop_tombstone(self.records, standing.name, standing.etag)
