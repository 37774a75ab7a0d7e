"""What a collection holds: read from its records, changing nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bucketlens.edits import without_edits
from bucketlens.errors import MissingError
from bucketlens.records import (
    RECORD_SUFFIX,
    FailureRecord,
    LabelRecord,
    Tombstone,
    UnreadableRecordError,
    decode_record,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bucketlens.stores import Store

EXAMPLES = 20

OTHER_SCORES = "made by other models or another way of scoring: run reads the images again"
OTHER_VIEW = "made under other label settings: relabel makes the labels again"
OTHER_LIMITS = "failed under other limits: run tries them again"


@dataclass(slots=True)
class Survey:
    """What stands in the records.

    Attributes:
        labelled: Images with labels.
        unlabelled: Of these, images where nothing was sure enough to be shown.
        tombstones: Images that are gone and not yet out of the index.
        damaged: Records that can't be read; a run makes them anew.
        stale: How many records are stale, by the reason.
        errors: How many images failed, by the class of error.
        failures: Some of them: key, reason, setting.
        models: Which models made how many records.
        labels: How many images show each label.
        newest: When the last record was made, seconds since the epoch.
    """

    labelled: int = 0
    unlabelled: int = 0
    tombstones: int = 0
    damaged: int = 0
    stale: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, str, str | None]] = field(default_factory=list)
    models: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    newest: float = 0.0


@dataclass(frozen=True, slots=True)
class Current:
    """The fingerprints in force; what has others is stale."""

    scores: str
    view: str
    limits: str


def survey(
    records: Store,
    current: Current,
    names: Iterable[str] | None = None,
    found: Survey | None = None,
) -> Survey:
    """Read records, and add what they say to what was found.

    Args:
        records: Their store.
        current: What is stale is told by this.
        names: Of the records that are read; without, all that the store lists.
        found: What others say already.
    """
    found = found or Survey()
    if names is None:
        names = (info.key for info in records.list() if info.key.endswith(RECORD_SUFFIX))
    for name in names:
        try:
            record = decode_record(records.get(name).data)
        except MissingError:
            continue
        except UnreadableRecordError:
            found.damaged += 1
            continue
        if isinstance(record, LabelRecord):
            _count_labels(record, current, found)
        elif isinstance(record, FailureRecord):
            _count_failure(record, current, found)
        elif isinstance(record, Tombstone):
            found.tombstones += 1
    return found


def _count_labels(record: LabelRecord, current: Current, found: Survey) -> None:
    found.labelled += 1
    found.unlabelled += not record.labels
    found.newest = max(found.newest, record.observed.recorded)
    found.models.update([" + ".join(f"{m.name} {m.version}" for m in record.models)])
    found.labels.update(label.name for label in record.labels)
    if record.score_fingerprint != current.scores:
        found.stale[OTHER_SCORES] += 1
    elif without_edits(record.view_fingerprint) != current.view:
        found.stale[OTHER_VIEW] += 1


def _count_failure(record: FailureRecord, current: Current, found: Survey) -> None:
    found.errors[record.failure.error] += 1
    found.newest = max(found.newest, record.observed.recorded)
    if len(found.failures) < EXAMPLES:
        why = record.failure
        found.failures.append((record.source.key, why.reason, why.setting))
    if record.limits_fingerprint != current.limits:
        found.stale[OTHER_LIMITS] += 1
