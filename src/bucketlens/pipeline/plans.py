"""What a key asks for, and what became of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from bucketlens.records import FailureRecord

if TYPE_CHECKING:
    from bucketlens.pipeline.standing import Standing
    from bucketlens.records import Record
    from bucketlens.types import ObjectInfo

Item: TypeAlias = "ObjectInfo | Sought | str"
"""What is settled: an object of a listing; an image that a list of keys names; or a key that is
settled from the start, and no file that shows its image is trusted."""


class Action(enum.Enum):
    """What a key asks for."""

    NOTHING = "nothing"
    """Source and record agree, or neither is there."""
    PAGE = "page"
    """The page must be written from the record, or a page of a failure removed."""
    VIEW = "view"
    """The labels must be made again from stored scores."""
    DRAW = "draw"
    """The image must be read for its pictures; its scores hold."""
    SCORE = "score"
    """The image must be read and scored."""
    REMOVE = "remove"
    """The image is gone, its record is not."""

    @property
    def reads(self) -> bool:
        """Whether the image must be read."""
        return self in {Action.DRAW, Action.SCORE}


class Outcome(enum.Enum):
    """What became of a key."""

    LABELLED = "labelled"
    RELABELLED = "relabelled"
    REDRAWN = "redrawn"
    """The labels stay; page or pictures were made again."""
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Plan:
    """What step 1 found and what follows from it.

    Attributes:
        info: The object as the source has it; None when it is gone.
        standing: What stands in the record's place.
        sequencer: Of the event that led here, if one did.
        doubt: Trust no file that shows the image, whatever the record says.
    """

    key: str
    action: Action
    info: ObjectInfo | None
    standing: Standing
    sequencer: str | None = None
    doubt: bool = False

    @property
    def found(self) -> Record | None:
        """The whole record that stands; None when there is none or it can't be read."""
        return self.standing.record

    @property
    def failure(self) -> FailureRecord | None:
        """The record that stands, where it is one of a failure."""
        outlined = self.standing.outlined
        return outlined if isinstance(outlined, FailureRecord) else None


@dataclass(frozen=True, slots=True)
class Sought:
    """An image that a list of keys names; what the source has under the key is asked first.

    Attributes:
        size: Bytes, where the list says so.
    """

    key: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A line of a list of keys that names no image of the source.

    Attributes:
        where: The list and the line.
        reason: A clause for people.
    """

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one key.

    Attributes:
        failure: The reason, for a failed key: ``(code, message, setting)``.
        known: The failure was recorded by an earlier run and nothing has changed since.
        bug: The exception, where it is our fault and no record could be written.
    """

    key: str
    outcome: Outcome
    failure: tuple[str, str, str | None] | None = None
    known: bool = False
    bug: Exception | None = None


def key_of_item(item: Item) -> str:
    """The key of whatever is to be settled."""
    return item if isinstance(item, str) else item.key
