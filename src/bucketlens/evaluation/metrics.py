"""How good answers are: shares, counts and calibration, each from judged labels."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Literal

import msgspec

from bucketlens.evaluation.calibration import Calibration, measure_calibration
from bucketlens.evaluation.judging import BAD, CERTAIN
from bucketlens.evaluation.truth import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketlens.evaluation.judging import JudgedPhoto

Size = Literal["small", "medium", "large"]
SIZES: tuple[Size, ...] = ("small", "medium", "large")
SMALL, MEDIUM = 32.0**2, 96.0**2
"""Areas in pixels below which COCO calls an object small, or medium."""


class Share(msgspec.Struct, frozen=True):
    """How many of how many.

    Attributes:
        part: Those that count.
        whole: All of them.
        value: 0 to 1; None where there are none at all.
    """

    part: int
    whole: int
    value: float | None


class ClassMeasures(msgspec.Struct, frozen=True, kw_only=True):
    """How good the classifier alone is, before labels are made of what it says.

    Attributes:
        top1: Photos whose surest class is right.
        top5: Photos with a right class among the five surest.
        calibration: Of the surest class's probability.
    """

    top1: Share
    top5: Share
    calibration: Calibration | None


class SizeMeasures(msgspec.Struct, frozen=True, kw_only=True):
    """Labels of objects of one size.

    Attributes:
        precision: Of labels whose largest box, as found, has this size.
        recall: Of classes whose largest object, as known, has this size.
    """

    size: Size
    precision: Share
    recall: Share


class LabelMeasures(msgspec.Struct, frozen=True, kw_only=True):
    """How good the labels are that users see.

    Attributes:
        photos: Photos that were measured.
        shown: Labels shown on them.
        right: Of those, how many are right.
        wrong: How many are wrong, silly ones too.
        silly: How many are silly.
        unjudged: How many the truth says nothing about.
        precision: Right ones of those that could be judged.
        recall: Wanted labels that are shown.
        coverage: Photos that show a label that is right and specific, of those that have one.
        without_label: Photos that show nothing.
        with_wrong: Photos that show something wrong (or silly).
        with_silly: Photos that show something silly.
        calibration: Of the confidences of the judged labels.
        sizes: For objects with boxes; empty otherwise.
    """

    photos: int
    shown: int
    right: int
    wrong: int
    silly: int
    unjudged: int
    precision: Share
    recall: Share
    coverage: Share
    without_label: int
    with_wrong: int
    with_silly: int
    calibration: Calibration | None
    sizes: tuple[SizeMeasures, ...] = ()


class LabelRow(msgspec.Struct, frozen=True, kw_only=True):
    """How good one label is.

    Attributes:
        label: Its name.
        shown: Photos that show it and can be judged.
        precision: Of those, where it is right.
        recall: Photos that show it, of those where it is right.
        confidence: Mean confidence where it was judged, 0 to 100; None where it never was.
    """

    label: str
    shown: int
    precision: Share
    recall: Share
    confidence: float | None


def share(part: int, whole: int) -> Share:
    """So many of so many."""
    return Share(part, whole, part / whole if whole else None)


def measure_classes(photos: Sequence[JudgedPhoto]) -> ClassMeasures | None:
    """Measure the classifier; None where no photo has a known class."""
    ranked = [
        ([c for c, _ in photo.answer.ranked], photo.answer.ranked[0][1], photo.truth.classes)
        for photo in photos
        if photo.answer.ranked and photo.truth.classes
    ]
    if not ranked:
        return None
    first = [classes[0] in true for classes, _, true in ranked]
    any_of = [bool(true.intersection(classes)) for classes, _, true in ranked]
    return ClassMeasures(
        top1=share(sum(first), len(first)),
        top5=share(sum(any_of), len(any_of)),
        calibration=measure_calibration([sure for _, sure, _ in ranked], first),
    )


def measure_labels(photos: Sequence[JudgedPhoto]) -> LabelMeasures:
    """Measure the labels that are shown."""
    counts = Counter(judged.verdict for photo in photos for judged in photo.labels)
    return LabelMeasures(
        photos=len(photos),
        shown=counts.total(),
        right=counts[Verdict.RIGHT],
        wrong=sum(counts[verdict] for verdict in BAD),
        silly=counts[Verdict.SILLY],
        unjudged=counts[Verdict.UNJUDGED],
        precision=precision_of(photos),
        recall=recall_of(photos),
        coverage=coverage_of(photos),
        without_label=sum(not photo.labels for photo in photos),
        with_wrong=sum(bool(photo.with_verdict(*BAD)) for photo in photos),
        with_silly=sum(bool(photo.with_verdict(Verdict.SILLY)) for photo in photos),
        calibration=label_calibration(photos),
        sizes=measure_sizes(photos),
    )


def label_calibration(photos: Sequence[JudgedPhoto]) -> Calibration | None:
    """The calibration of shown labels; those of one photo are drawn together."""
    answers = [
        (judged.shown.confidence / 100.0, judged.verdict is Verdict.RIGHT, group)
        for group, photo in enumerate(photos)
        for judged in photo.with_verdict(*CERTAIN)
    ]
    if not answers:
        return None
    confidence, right, groups = zip(*answers, strict=True)
    return measure_calibration(confidence, right, groups=groups)


def measure_sizes(photos: Sequence[JudgedPhoto]) -> tuple[SizeMeasures, ...]:
    """Precision and recall by the size of objects, of photos whose objects have boxes."""
    wanted: dict[Size, list[bool]] = {size: [] for size in SIZES}
    shown: dict[Size, list[bool]] = {size: [] for size in SIZES}
    for photo in photos:
        if photo.truth.areas is None:
            continue
        seen = {judged.shown.label for judged in photo.labels}
        for label, area in photo.truth.areas.items():
            wanted[size_of(area)].append(label in seen)
        for judged in photo.with_verdict(*CERTAIN):
            if judged.shown.area is not None:
                shown[size_of(judged.shown.area)].append(judged.verdict is Verdict.RIGHT)
    if not any(wanted.values()):
        return ()
    return tuple(
        SizeMeasures(
            size=size,
            precision=share(sum(shown[size]), len(shown[size])),
            recall=share(sum(wanted[size]), len(wanted[size])),
        )
        for size in SIZES
    )


def size_of(area: float) -> Size:
    """What COCO calls an object of so many pixels."""
    if area < SMALL:
        return "small"
    return "medium" if area < MEDIUM else "large"


def measure_each_label(photos: Sequence[JudgedPhoto], names: Sequence[str]) -> tuple[LabelRow, ...]:
    """Measure each label that was shown or should have been, in the order of their names.

    Args:
        photos: Judged.
        names: Of all labels, by index.
    """
    verdicts: dict[int, list[bool]] = defaultdict(list)
    confidences: dict[int, list[float]] = defaultdict(list)
    recalled: dict[int, list[bool]] = defaultdict(list)
    for photo in photos:
        for judged in photo.with_verdict(*CERTAIN):
            verdicts[judged.shown.label].append(judged.verdict is Verdict.RIGHT)
            confidences[judged.shown.label].append(judged.shown.confidence)
        seen = {judged.shown.label for judged in photo.labels}
        for label in photo.truth.right & (photo.truth.judged | photo.truth.judged_found):
            recalled[label].append(label in seen)
    return tuple(
        LabelRow(
            label=names[label],
            shown=len(verdicts[label]),
            precision=share(sum(verdicts[label]), len(verdicts[label])),
            recall=share(sum(recalled[label]), len(recalled[label])),
            confidence=(
                sum(confidences[label]) / len(confidences[label]) if confidences[label] else None
            ),
        )
        for label in sorted({*verdicts, *recalled}, key=names.__getitem__)
    )


def precision_of(photos: Sequence[JudgedPhoto]) -> Share:
    """Right labels of those that could be judged."""
    right = sum(len(photo.with_verdict(Verdict.RIGHT)) for photo in photos)
    return share(right, sum(len(photo.with_verdict(*CERTAIN)) for photo in photos))


def recall_of(photos: Sequence[JudgedPhoto]) -> Share:
    """Labels that should be shown and are."""
    hits = [
        label in {judged.shown.label for judged in photo.labels}
        for photo in photos
        for label in photo.truth.wanted
    ]
    return share(sum(hits), len(hits))


def coverage_of(photos: Sequence[JudgedPhoto]) -> Share:
    """Photos that show a label that is right and specific, of those where there is one."""
    covered = [
        any(judged.shown.label in photo.truth.specific for judged in photo.labels)
        for photo in photos
        if photo.truth.specific
    ]
    return share(sum(covered), len(covered))
