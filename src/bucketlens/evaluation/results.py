"""All numbers of a set of photos, as the table, the JSON and the report show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from bucketlens.evaluation.boxes import BoxMeasures, measure_boxes
from bucketlens.evaluation.judging import BAD, judge
from bucketlens.evaluation.manifest import Kind
from bucketlens.evaluation.metrics import (
    ClassMeasures,
    LabelMeasures,
    LabelRow,
    measure_classes,
    measure_each_label,
    measure_labels,
)
from bucketlens.evaluation.thresholds import SweepRow, sweep
from bucketlens.evaluation.truth import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bucketlens.evaluation.answers import Answer
    from bucketlens.evaluation.boxes import BoxedPhoto
    from bucketlens.evaluation.judging import JudgedPhoto
    from bucketlens.evaluation.manifest import Manifest
    from bucketlens.evaluation.truth import Truths
    from bucketlens.labels.view import View

SWEPT = tuple(range(30, 100, 5))
"""Thresholds that are compared, so that users can choose theirs."""

MISTAKES = 24
"""Photos that are shown among the worst mistakes of a set, at most."""


class Failure(msgspec.Struct, frozen=True):
    """A photo that could not be labelled, and why."""

    file: str
    reason: str


class SetResult(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured on a set.

    Attributes:
        name: Of the set.
        kind: In which way its truth is known.
        photos: Photos that it names.
        failures: Those that could not be labelled.
        left_out: Those whose truth says nothing: no class is right, or no name is known.
        unknown: Names of its truth that the taxonomy does not have, with how many photos.
        classes: The classifier alone; None without known classes.
        labels: The labels that are shown.
        boxes: Average precision; None without boxes.
        each_label: By name.
        thresholds: What other thresholds would give.
    """

    name: str
    kind: Kind
    photos: int
    failures: tuple[Failure, ...]
    left_out: int
    unknown: dict[str, int]
    classes: ClassMeasures | None
    labels: LabelMeasures
    boxes: BoxMeasures | None
    each_label: tuple[LabelRow, ...]
    thresholds: tuple[SweepRow, ...]


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one call measured.

    Attributes:
        threshold: ``min_confidence`` in force, 0 to 100.
        models: Names and versions of the models.
        labels_by: The version of taxonomy and view.
        sets: In the order they were named.
        all_labels: The labels of all sets together; None for a single set.
    """

    threshold: float
    models: tuple[str, ...]
    labels_by: str
    sets: tuple[SetResult, ...]
    all_labels: LabelMeasures | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A photo with what is wrong about its labels.

    Attributes:
        path: The photo.
        wrong: Names that are wrong, with their confidence (0 to 100), surest first.
        silly: Those of them that are silly.
        right: Names that are right, with their confidence, surest first.
        true: Names that the photo is known by.
    """

    path: Path
    wrong: tuple[tuple[str, float], ...]
    silly: frozenset[str]
    right: tuple[tuple[str, float], ...]
    true: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnsweredSet:
    """A set whose photos were labelled.

    Attributes:
        manifest: The set.
        truths: Of its photos.
        answers: Of its photos; None for those that could not be labelled.
        boxes: Known and found boxes, of sets that know objects.
        failures: Photos that could not be labelled.
    """

    manifest: Manifest
    truths: Truths
    answers: Sequence[Answer | None]
    boxes: Sequence[BoxedPhoto] = ()
    failures: Sequence[Failure] = ()

    def judged(self) -> list[JudgedPhoto]:
        """Its photos, with all that is shown of them judged."""
        return judge(self.truths.photos, self.answers)


def measure_set(answered: AnsweredSet, view: View, views: Mapping[float, View]) -> SetResult:
    """Measure one set.

    Args:
        answered: Its photos, labelled.
        view: In force.
        views: The same at other thresholds, by threshold.
    """
    photos = answered.judged()
    names = [label.name for label in view.taxonomy.labels]
    limits = [
        (threshold, [other.threshold(label) for label in range(len(names))])
        for threshold, other in sorted(views.items())
    ]
    truths = answered.truths
    return SetResult(
        name=answered.manifest.name,
        kind=answered.manifest.kind,
        photos=len(answered.manifest.photos),
        failures=tuple(answered.failures),
        left_out=sum(truth is None for truth in truths.photos),
        unknown=dict(sorted(truths.unknown.items())),
        classes=measure_classes(photos),
        labels=measure_labels(photos),
        boxes=measure_boxes(answered.boxes, truths.scope) if truths.kind == "objects" else None,
        each_label=measure_each_label(photos, names),
        thresholds=sweep(truths.photos, answered.answers, limits),
    )


def measure_all(sets: Sequence[AnsweredSet]) -> LabelMeasures | None:
    """Measure the labels of several sets as if they were one; None for a single set."""
    if len(sets) < 2:  # noqa: PLR2004 - one set is all there is
        return None
    return measure_labels([photo for answered in sets for photo in answered.judged()])


def worst_mistakes(
    answered: AnsweredSet, names: Sequence[str], count: int = MISTAKES
) -> list[Mistake]:
    """The photos that are most wrong: silly ones first, then by the confidence of the wrong.

    Args:
        answered: The set.
        names: Of all labels, by index.
        count: At most so many.
    """
    bad = [p for p in answered.judged() if p.with_verdict(*BAD)]
    bad.sort(key=_badness, reverse=True)
    return [_mistake(answered, photo, names) for photo in bad[:count]]


def _badness(photo: JudgedPhoto) -> tuple[bool, float]:
    silly = photo.with_verdict(Verdict.SILLY)
    wrong = photo.with_verdict(*BAD)
    return bool(silly), max(judged.shown.confidence for judged in silly or wrong)


def _mistake(answered: AnsweredSet, photo: JudgedPhoto, names: Sequence[str]) -> Mistake:
    said: dict[Verdict, list[tuple[str, float]]] = {verdict: [] for verdict in Verdict}
    for judged in photo.labels:
        said[judged.verdict].append((names[judged.shown.label], judged.shown.confidence))
    wrong = said[Verdict.WRONG] + said[Verdict.SILLY]
    return Mistake(
        path=answered.manifest.photos[photo.index].path,
        wrong=tuple(sorted(wrong, key=lambda pair: -pair[1])),
        silly=frozenset(name for name, _ in said[Verdict.SILLY]),
        right=tuple(said[Verdict.RIGHT]),
        true=tuple(sorted(names[label] for label in photo.truth.true)),
    )
