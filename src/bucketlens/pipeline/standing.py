"""What stands in a record's place, and the marks by which it vouches for files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias, TypeVar

import msgspec

from bucketlens.records import (
    FailureRecord,
    LabelRecord,
    Outline,
    Outlined,
    Record,
    UnreadableRecordError,
    decode_record,
)

AboutImage: TypeAlias = LabelRecord | Outline | FailureRecord
"""A record of an image that is there."""

R = TypeVar("R", bound=AboutImage)

UNCERTAIN = ""
"""The look of files that are being written or removed."""


@dataclass(frozen=True)
class Standing:
    """What stands in a record's place, read as far as it decides something.

    Attributes:
        name: The place.
        outlined: None when there is none, or it can't be read.
        etag: Of whatever stands there, None when nothing does.
        data: The bytes of the record.
    """

    name: str
    outlined: Record | Outlined | None = None
    etag: str | None = None
    data: bytes = b""

    @cached_property
    def record(self) -> Record | None:
        """The whole record; None when there is none, or it can't be read."""
        if not isinstance(self.outlined, Outline):
            return self.outlined
        try:
            record = decode_record(self.data)
        except UnreadableRecordError:
            return None
        assert isinstance(record, LabelRecord)  # noqa: S101 - as its outline is
        return msgspec.structs.replace(record, observed=self.outlined.observed)

    @property
    def about_image(self) -> AboutImage | None:
        """The record, where it is about an image that is there."""
        return self.outlined if isinstance(self.outlined, AboutImage) else None

    @property
    def vouches(self) -> bool:
        """Whether it says anything of files that show the image, if only that they are uncertain.

        A record of labels that was made without pages does not; one of a failure may tell that all
        were removed.
        """
        before = self.about_image
        made_without = isinstance(before, LabelRecord | Outline) and before.observed.page is None
        return before is not None and not made_without

    def doubted(self) -> Standing:
        """The same, but that it vouches for no page: somebody lost a race and may have written."""
        before = self.about_image
        if before is None or before.observed.page is None:
            return self
        observed = msgspec.structs.replace(before.observed, page=UNCERTAIN)
        doubtful = msgspec.structs.replace(before, observed=observed)
        return Standing(self.name, doubtful, self.etag, self.data)


def marked(record: R, page: str | None, pictures: str | None) -> R:
    """A record that says so of its page and its pictures, and claims nothing."""
    observed = msgspec.structs.replace(record.observed, page=page, pictures=pictures, claim=None)
    return msgspec.structs.replace(record, observed=observed)


def doubted(record: R, before: AboutImage | None) -> R:
    """A record that is put by whoever writes no pages: what stood vouches for nothing now."""
    if isinstance(record, FailureRecord):
        known = isinstance(before, FailureRecord) and before.observed.page is None
    else:
        known = before is None or before.observed.page is None
    return marked(record, None, None) if known else marked(record, UNCERTAIN, UNCERTAIN)


def claiming(record: R) -> R:
    """A record that is unlike any other while the files of its image are written or removed."""
    observed = msgspec.structs.replace(record.observed, claim=os.urandom(8).hex())
    return msgspec.structs.replace(record, observed=observed)
