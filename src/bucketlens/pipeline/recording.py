"""A record and the files that show it, written so that each record tells what stands of it.

A record names the look that its page and its pictures were written in (``Observed.page`` and
``Observed.pictures``). What changes an image that is shown goes through three steps:

1. claim: put the new record, its files marked as uncertain, if the old one still stands;
2. write, or remove, the files;
3. put the record again, with their look.

Killed after any step, or overtaken by another process, the record that stands says which files
can't be trusted, and the next pass makes those again. Where no record stands, its absence says the
same, and step 1 is left out: a new image costs one put. The files are put so that who was
overtaken spoils nothing: see :mod:`bucketlens.pipeline.fencing`. A title or size of thumbnails that
changes is another look, so pages follow settings as labels do, a few at a time and across
interruptions.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from bucketlens.errors import MissingError
from bucketlens.names import output_name
from bucketlens.pipeline.fencing import ClaimedFiles, NewFiles
from bucketlens.pipeline.standing import UNCERTAIN, Standing, claiming, doubted, marked
from bucketlens.records import (
    RECORD_SUFFIX,
    FailureRecord,
    LabelRecord,
    Outline,
    Record,
    Tombstone,
    UnreadableRecordError,
    decode_outline,
    decode_record,
    encode_record,
)
from bucketlens.stores import ConflictError, replace_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.pipeline.fencing import Fence
    from bucketlens.pipeline.noting import EditBook
    from bucketlens.pipeline.packing import Packer
    from bucketlens.pipeline.standing import AboutImage, R
    from bucketlens.stores import Store


class Pages(Protocol):
    """Where the files that show an image go."""

    @property
    def page_look(self) -> str:
        """Changes when the page of the same record would be another."""

    @property
    def picture_look(self) -> str:
        """Changes when the thumbnail or preview of the same image would be another."""

    def publishes(self, key: str) -> bool:
        """Whether an image is shown at all."""

    def write_image(
        self,
        record: LabelRecord,
        thumbnail: bytes,
        preview: bytes,
        original: bytes | None = None,
        *,
        fence: Fence,
    ) -> None:
        """Write page, thumbnail and preview of one image, and itself where that is wanted."""

    def write_page(self, record: LabelRecord, *, fence: Fence) -> None:
        """Write the page of one image again; its pictures stay."""

    def remove_image(self, key: str) -> None:
        """Remove what was written for one image; nothing there is fine."""


class Pictures(NamedTuple):
    """What a page shows of the image itself, as JPEG; the original only where it is published."""

    thumbnail: bytes
    preview: bytes
    original: bytes | None = None


class Recorder:
    """Reads and puts records, and what shows them; safe to share between threads.

    Args:
        records: The records' store.
        pages: Where pages go; None when none are wanted.
        told: Told of each record that was put: its name, its etag, its bytes.
        edits: What people said of the images; None where nobody can have said anything.
        packer: What writes records by the thousand; None where each is put alone.
    """

    def __init__(
        self,
        records: Store,
        pages: Pages | None,
        told: Callable[[str, str, bytes], None] = lambda *_: None,
        edits: EditBook | None = None,
        packer: Packer | None = None,
    ) -> None:
        """Hold the stores."""
        self.pages = pages
        self.edits = edits
        self.packer = packer
        self._records = records
        self.told = told

    def read(self, key: str) -> Standing:
        """What stands in the place of an image's record."""
        return self.read_name(output_name(key, RECORD_SUFFIX))

    def read_name(self, name: str) -> Standing:
        """What stands in a place."""
        try:
            blob = self._records.get(name)
        except MissingError:
            return Standing(name)
        try:
            return Standing(name, decode_outline(blob.data), blob.info.etag, blob.data)
        except UnreadableRecordError:
            return Standing(name, None, blob.info.etag)

    def page_agrees(self, record: AboutImage) -> bool:
        """Whether the page that is wanted stands, or none does where none is wanted."""
        if self.pages is None:
            return True
        shown = not isinstance(record, FailureRecord) and self.pages.publishes(record.source.key)
        return record.observed.page == (self.pages.page_look if shown else None)

    def pictures_agree(self, record: LabelRecord | Outline) -> bool:
        """Whether the pictures that are wanted stand."""
        if self.pages is None or not self.pages.publishes(record.source.key):
            return True
        return record.observed.pictures == self.pages.picture_look

    def put_labels(
        self, standing: Standing, record: LabelRecord | Outline, pictures: Pictures | None = None
    ) -> Standing | None:
        """Put a record of labels and what shows it.

        Args:
            standing: What was read; the put is on the condition that it still stands.
            record: The record; what it says of its page and pictures is put right.
            pictures: New ones. Without them those that stand are kept; where none do, no page is
                written either, and a later pass makes both.

        Returns:
            What stands now; None when somebody else's came first. The files may be ours all the
            same: whoever is told so settles the image again, and takes none of them for right.
        """
        before = standing.about_image
        if self.pages is None:
            return self._put(standing, doubted(record, before))
        if not self.pages.publishes(record.source.key):
            return self._put_unshown(standing, record, doubt=pictures is not None)
        kept = _pictures_of(before)
        if pictures is None and not kept:
            page = None if before is None or before.observed.page is None else UNCERTAIN
            return self._put(standing, marked(record, page, kept))
        if pictures is None and self._shows_the_same(standing, record):
            return self._put(standing, marked(record, self.pages.page_look, kept))
        return self._show(self.pages, standing, _whole(record), pictures)

    def _show(
        self, pages: Pages, standing: Standing, record: LabelRecord, pictures: Pictures | None
    ) -> Standing | None:
        """Write the files and vouch for them, behind a claim where others may be there already."""
        kept = _pictures_of(standing.about_image)
        claimed = standing
        if standing.vouches or not _written(pages, record, pictures, NewFiles()):
            doubtful = marked(record, UNCERTAIN, UNCERTAIN if pictures else kept)
            claim = self._put(standing, claiming(doubtful))
            if claim is None:
                return None
            fence = ClaimedFiles(partial(self._stands, claim))
            if not _written(pages, record, pictures, fence):
                return None
            claimed = claim
        look = pages.picture_look if pictures else kept
        return self._put(claimed, marked(record, pages.page_look, look))

    def _stands(self, claim: Standing) -> bool:
        """Whether a record that was put is still the one that stands."""
        try:
            return self._records.head(claim.name).etag == claim.etag
        except MissingError:
            return False

    def put_failure(
        self, standing: Standing, record: FailureRecord, *, doubt: bool = False
    ) -> bool:
        """Put a record of a failure and remove what showed the image; False as in `put_labels`.

        Args:
            standing: What was read; the put is on the condition that it still stands.
            record: The record; what it says of its page is put right.
            doubt: Remove files even where the old record says that there are none.
        """
        if self.pages is None:
            return self._put(standing, doubted(record, standing.about_image)) is not None
        return self._put_unshown(standing, record, doubt=doubt) is not None

    def _put_unshown(self, standing: Standing, record: R, *, doubt: bool) -> Standing | None:
        """Put a record of what has no page, and remove what showed it.

        A record of the same kind that tells of no page vouches for that; of another kind it may
        be that of a pass without pages.
        """
        before = standing.about_image
        clean = marked(record, None, None)
        vouches = before is not None and before.observed.page is None and not doubt
        if vouches and isinstance(before, FailureRecord) == isinstance(record, FailureRecord):
            return self._put(standing, clean)
        claimed: Standing | None = standing
        if standing.vouches:
            claimed = self._put(standing, claiming(marked(record, UNCERTAIN, None)))
        if claimed is None:
            return None
        self.remove_pages(record.source.key)
        return self._put(claimed, clean)

    def put_tombstone(self, standing: Standing, record: Tombstone) -> bool:
        """Put a tombstone, then remove what showed the image; False as in `put_labels`.

        Killed in between, pages without an image stay behind; a pass finds them by listing.
        """
        if self._put(standing, record) is None:
            return False
        self.remove_pages(record.source.key)
        return True

    def remove_pages(self, key: str) -> None:
        """Remove what showed an image."""
        if self.pages is not None:
            self.pages.remove_image(key)

    def _put(self, standing: Standing, record: Record | Outline) -> Standing | None:
        """Put a record in the place of what was read; None when it is no longer that."""
        data = encode_record(record)
        etag = replace_document(self._records, standing.name, standing.etag, data)
        if etag is None:
            return None
        self.told(standing.name, etag, data)
        return Standing(standing.name, record, etag, data)

    def _shows_the_same(self, standing: Standing, after: LabelRecord | Outline) -> bool:
        """Whether the page that stands is the page of the new record too."""
        before = standing.outlined if isinstance(after, Outline) else standing.record
        return (
            isinstance(before, LabelRecord | Outline)
            and self.page_agrees(before)
            and before.labels == after.labels
            and before.edits == after.edits
            and before.label_model_version == after.label_model_version
            and before.image_properties == after.image_properties
            and before.source == after.source
            and before.image == after.image
            and before.observed.modified == after.observed.modified
        )


def _pictures_of(record: AboutImage | None) -> str | None:
    """The look of the pictures that a record vouches for."""
    return None if record is None or isinstance(record, FailureRecord) else record.observed.pictures


def _whole(record: LabelRecord | Outline) -> LabelRecord:
    """The record as whoever draws a page reads it."""
    if isinstance(record, LabelRecord):
        return record
    read = decode_record(encode_record(record))
    assert isinstance(read, LabelRecord)  # noqa: S101 - as its outline is
    return read


def _written(pages: Pages, record: LabelRecord, pictures: Pictures | None, fence: Fence) -> bool:
    """Write the files of an image; False where somebody else is at work on it."""
    try:
        if pictures:
            pages.write_image(record, *pictures, fence=fence)
        else:
            pages.write_page(record, fence=fence)
    except ConflictError:
        return False
    return True
