"""The one table of an evaluation: a row for each measure, a column for each set."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.evaluation.calibration import Calibration
    from bucketlens.evaluation.metrics import LabelMeasures, Share
    from bucketlens.evaluation.results import Evaluation, SetResult


class SummaryRow(NamedTuple):
    """A measure in words, a sentence that explains it, and its value for each set as text."""

    name: str
    meaning: str
    cells: tuple[str, ...]


class Summary(NamedTuple):
    """The table; empty cells are of measures that do not apply."""

    heads: tuple[str, ...]
    rows: tuple[SummaryRow, ...]


def summarise(evaluation: Evaluation) -> Summary:
    """The table; with several sets its last column is of all of them together."""
    heads = [result.name for result in evaluation.sets]
    labels = [result.labels for result in evaluation.sets]
    if evaluation.all_labels is not None:
        heads.append("all")
        labels.append(evaluation.all_labels)
    rows = [
        SummaryRow(name, meaning, _padded([cell(one) for one in evaluation.sets], len(heads)))
        for name, meaning, cell in _OF_SETS
    ]
    rows += [
        SummaryRow(name, meaning, tuple(cell(one) for one in labels))
        for name, meaning, cell in _OF_LABELS
    ]
    return Summary(tuple(heads), tuple(row for row in rows if any(row.cells)))


def percent(share: Share) -> str:
    """``91.5 %``; empty where there is nothing to measure."""
    return "" if share.value is None else f"{100 * share.value:.1f} %"


def percent_of(share: Share) -> str:
    """``91.5 % of 200``; empty where there is nothing to measure."""
    return "" if share.value is None else f"{percent(share)} of {share.whole:,}"


def error_text(calibration: Calibration | None) -> str:
    """The error with its interval."""
    if calibration is None:
        return ""
    return f"{calibration.error:.3f} ({calibration.low:.3f}-{calibration.high:.3f})"


def perfect_text(calibration: Calibration | None) -> str:
    """What a perfect calibrator would show."""
    if calibration is None:
        return ""
    return f"{calibration.perfect:.3f} (to {calibration.perfect_high:.3f})"


def _padded(cells: list[str], width: int) -> tuple[str, ...]:
    return (*cells, *[""] * (width - len(cells)))


def _number(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def _size(index: int, *, recall: bool) -> Callable[[LabelMeasures], str]:
    def cell(labels: LabelMeasures) -> str:
        if not labels.sizes:
            return ""
        size = labels.sizes[index]
        return percent_of(size.recall if recall else size.precision)

    return cell


_OF_SETS: tuple[tuple[str, str, Callable[[SetResult], str]], ...] = (
    ("photos", "photos that the manifest names", lambda s: f"{s.photos:,}"),
    (
        "left out",
        "photos whose truth says nothing: no class is right, or no name is known",
        lambda s: f"{s.left_out:,}" if s.left_out else "",
    ),
    (
        "failed",
        "photos that could not be labelled",
        lambda s: f"{len(s.failures):,}" if s.failures else "",
    ),
    (
        "top-1",
        "photos whose surest class of the classifier is right",
        lambda s: percent(s.classes.top1) if s.classes else "",
    ),
    (
        "top-5",
        "photos with a right class among the classifier's five surest",
        lambda s: percent(s.classes.top5) if s.classes else "",
    ),
    (
        "calibration error, top-1",
        "how far the classifier's surest probability is from the share that is right",
        lambda s: error_text(s.classes.calibration) if s.classes else "",
    ),
    (
        "  a perfect one shows",
        "the error that chance alone gives with so many photos",
        lambda s: perfect_text(s.classes.calibration) if s.classes else "",
    ),
    (
        "AP of boxes",
        "COCO's average precision of detections, times 100",
        lambda s: _number(s.boxes.ap) if s.boxes else "",
    ),
    (
        "AP50",
        "the same at half overlap",
        lambda s: _number(s.boxes.ap50) if s.boxes else "",
    ),
    (
        "AP small / medium / large",
        "by the size of the objects",
        lambda s: (
            " / ".join(_number(v) or "-" for v in (s.boxes.small, s.boxes.medium, s.boxes.large))
            if s.boxes
            else ""
        ),
    ),
)

_OF_LABELS: tuple[tuple[str, str, Callable[[LabelMeasures], str]], ...] = (
    (
        "coverage",
        "photos that show a label that is right and specific",
        lambda m: percent(m.coverage),
    ),
    (
        "precision",
        "shown labels that are right, of those that can be judged",
        lambda m: percent_of(m.precision),
    ),
    ("recall", "known labels that are shown", lambda m: percent_of(m.recall)),
    (
        "calibration error, shown labels",
        "how far shown confidences are from the share that is right",
        lambda m: error_text(m.calibration),
    ),
    (
        "  a perfect one shows",
        "the error that chance alone gives with so many labels",
        lambda m: perfect_text(m.calibration),
    ),
    ("labels shown", "all of them", lambda m: f"{m.shown:,}"),
    ("  right", "by the truth", lambda m: f"{m.right:,}"),
    ("  wrong", "by the truth, silly ones too", lambda m: f"{m.wrong:,}"),
    ("  silly", "wrong, and named as silly", lambda m: f"{m.silly:,}" if m.silly else ""),
    ("  not judged", "the truth says nothing of them", lambda m: f"{m.unjudged:,}"),
    ("photos without a label", "nothing is shown", lambda m: f"{m.without_label:,}"),
    (
        "photos with a wrong label",
        "something wrong or silly is shown",
        lambda m: f"{m.with_wrong:,}",
    ),
    (
        "photos with a silly label",
        "something silly is shown",
        lambda m: f"{m.with_silly:,}" if m.with_silly else "",
    ),
    *(
        (
            f"{what}, {size} objects",
            f"of labels by the size of the {'known object' if recall else 'box found'}",
            _size(index, recall=recall),
        )
        for what, recall in (("precision", False), ("recall", True))
        for index, size in enumerate(("small", "medium", "large"))
    ),
)
