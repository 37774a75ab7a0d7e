"""A person's word on the labels of an image: kept first, then shown at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from bucketlens.edits import changed, checked_changes, checked_name, joined, with_edits
from bucketlens.errors import MissingError, TransientError
from bucketlens.pipeline.fencing import give_way
from bucketlens.pipeline.labelling import shown_fields
from bucketlens.records import LabelRecord, Outline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bucketlens.edits import Changes, ImageEdits
    from bucketlens.pipeline.labelling import LabelView
    from bucketlens.pipeline.noting import EditBook, Noted
    from bucketlens.pipeline.recording import Recorder
    from bucketlens.types import Label

ATTEMPTS = 20


def edited_record(
    view: LabelView,
    record: LabelRecord,
    noted: Noted,
    labels: tuple[Label, ...] | None = None,
) -> LabelRecord:
    """The record with its labels made again from its own scores and what people said.

    Args:
        view: Makes them.
        record: As it stands.
        noted: What people said.
        labels: Where the view made them already.
    """
    return msgspec.structs.replace(
        record,
        **shown_fields(view, record.scores, noted.edits, labels),
        observed=msgspec.structs.replace(record.observed, edits=noted.mark),
    )


def is_viewed(view: LabelView, record: LabelRecord | Outline, book: EditBook | None) -> bool:
    """Whether a record's labels are what the view makes of its scores and of what people said."""
    if record.view_fingerprint != with_edits(view.fingerprint, record.edits):
        return False
    return book is None or record.observed.edits == book.mark(record.source.sha256)


@dataclass(frozen=True, slots=True)
class Editor:
    """Takes edits, and shows them.

    Attributes:
        book: Where they are kept.
        recorder: The records, and the pages that show them.
        view: Makes labels.
        models: sha256 of the models that the view understands the scores of.
        copies: The keys of all images with these bytes, as far as is known.
        clock: Gives the time, seconds since the epoch.
    """

    book: EditBook
    recorder: Recorder
    view: LabelView
    models: frozenset[str]
    copies: Callable[[str], Iterable[str]]
    clock: Callable[[], float]

    def edit(self, key: str, changes: Changes, by: str) -> tuple[Noted, list[str]]:
        """Take a person's changes for an image, and for all with the same bytes.

        Returns:
            What people said of it now, and the keys whose records show that.

        Raises:
            EditError: The changes can't be taken as they are.
            MissingError: There is no labelled image of this key.
            TransientError: Others kept coming first. What was said may be kept already, and the
                next pass shows it.
        """
        wanted, who = checked_changes(changes), checked_name(by, "person")
        sha256 = self.content_of(key)
        now = self.clock()
        noted = self.book.change(
            sha256, key, lambda standing: changed(standing, wanted, by=who, at=now)
        )
        return noted, self._show_all(sha256, key)

    def take_in(self, edits: ImageEdits) -> list[str]:
        """Join in edits that were exported; the keys whose records show them now.

        Where both speak of a label the later word holds, so it may be done again. Edits of bytes
        that no image has wait for one.
        """
        self.book.change(edits.sha256, edits.key, lambda standing: joined(standing, edits.edits))
        return self._show_all(edits.sha256, None)

    def content_of(self, key: str) -> str:
        """The sha256 of an image's bytes.

        Raises:
            MissingError: There is no labelled image of this key.
        """
        record = self.recorder.read(key).about_image
        if not isinstance(record, LabelRecord | Outline) or record.source.sha256 is None:
            raise MissingError(f"there is no record of labels of {key!r}, so none to edit")
        return record.source.sha256

    def _show_all(self, sha256: str, key: str | None) -> list[str]:
        keys = dict.fromkeys([*([] if key is None else [key]), *self.copies(sha256)])
        return [one for one in keys if self._show(one, sha256)]

    def _show(self, key: str, sha256: str) -> bool:
        """Make the labels of one image again; False where there is nothing of it to show."""
        doubt = False
        for losses in range(ATTEMPTS):
            give_way(losses)
            standing = self.recorder.read(key)
            record = standing.record
            if not isinstance(record, LabelRecord) or record.source.sha256 != sha256:
                return False  # it changed meanwhile, and whoever labels it reads the edits
            if {model.sha256 for model in record.models} != self.models:
                return False  # a run reads the image with other models, and the edits then
            noted = self.book.find(sha256)
            fresh = with_edits(self.view.fingerprint, noted.edits)
            same = (record.view_fingerprint, record.observed.edits) == (fresh, noted.mark)
            if same and not doubt and self.recorder.page_agrees(record):
                return True
            if doubt:
                standing = standing.doubted()
            if self.recorder.put_labels(standing, edited_record(self.view, record, noted)):
                return True
            doubt = True
        raise TransientError(
            f"the record of {key!r} changed {ATTEMPTS} times meanwhile; the edit is kept, and the"
            " next run shows it"
        )
