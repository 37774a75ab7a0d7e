"""The report: one folder with a page, its look and small copies of the photos that went wrong.

Whatever comes from outside (names of files, sets and labels) goes through Jinja's autoescape; there
is no ``safe`` filter, no script and no inline style, so the strict policy in the page's head holds.
"""

from __future__ import annotations

import functools
from importlib import resources
from typing import TYPE_CHECKING

import jinja2
import msgspec

from bucketlens.errors import ConfigError, InputError
from bucketlens.evaluation.calibration import Calibration
from bucketlens.evaluation.diagrams import (
    SIDE,
    Reliability,
    SweepChart,
    reliability_diagram,
    sweep_chart,
)
from bucketlens.evaluation.results import Evaluation, Mistake, SetResult, worst_mistakes
from bucketlens.evaluation.summary import error_text, percent, percent_of, perfect_text, summarise
from bucketlens.imaging import Cover, Limits, decode, thumbnail

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bucketlens.evaluation.results import AnsweredSet

PAGE, STYLE, PHOTOS = "index.html", "style.css", "photos"

POLICY = "default-src 'none'; img-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'"
"""Pictures and the stylesheet of the same folder, nothing else."""

THUMBNAIL = 320
"""Long side of the photos that are copied, pixels."""

KINDS = {
    "classes": "The class of each photo is known. Labels of the classifier are judged by it; what"
    " the detector found may stand beside it and is not judged.",
    "objects": "Every object of some classes is known, with where it is. Labels of those classes"
    " are judged, and what is above them where the detector found one.",
    "names": "Each photo has names. A name that any photo of the set has is taken as looked for in"
    " all of them; other labels are not judged.",
    "everyday": "All that a person sees in each photo is known: every label is right, arguable"
    " (not judged), wrong or silly.",
}


class Diagram(msgspec.Struct, frozen=True):
    """A reliability diagram with its heading and its numbers in words."""

    heading: str
    drawn: Reliability
    calibration: Calibration
    error: str
    perfect: str


class Pictured(msgspec.Struct, frozen=True):
    """A mistake and the name of its small photo; None where it can't be shown."""

    mistake: Mistake
    name: str
    photo: str | None


class Chapter(msgspec.Struct, frozen=True, kw_only=True):
    """What the report says of one set."""

    result: SetResult
    kind: str
    diagrams: tuple[Diagram, ...]
    chart: SweepChart | None
    mistakes: tuple[Pictured, ...]


def write_report(
    folder: Path,
    evaluation: Evaluation,
    sets: Sequence[AnsweredSet],
    names: Sequence[str],
    limits: Limits,
) -> None:
    """Write the report into a folder, over an older one.

    Args:
        folder: Made if it is not there.
        evaluation: What was measured.
        sets: The photos, in the same order.
        names: Of all labels, by index.
        limits: For decoding the photos that are shown.

    Raises:
        ConfigError: The folder can't be written.
    """
    try:
        (folder / PHOTOS).mkdir(parents=True, exist_ok=True)
        chapters = []
        for number, (result, answered) in enumerate(zip(evaluation.sets, sets, strict=True), 1):
            mistakes = worst_mistakes(answered, names)
            pictured = [
                _pictured(mistake, folder, f"{number}-{place}.jpg", limits)
                for place, mistake in enumerate(mistakes, 1)
            ]
            chapters.append(_chapter(result, pictured, evaluation.threshold))
        style = resources.files(__package__) / "templates" / STYLE
        (folder / STYLE).write_text(style.read_text(encoding="utf-8"), encoding="utf-8")
        (folder / PAGE).write_text(report_page(evaluation, chapters), encoding="utf-8")
    except OSError as exc:
        raise ConfigError(f"the report can't be written into {folder}: {exc.strerror}") from exc


def report_page(evaluation: Evaluation, chapters: Sequence[Chapter]) -> str:
    """The page."""
    return _template().render(
        policy=POLICY,
        style=STYLE,
        evaluation=evaluation,
        summary=summarise(evaluation),
        together=_diagram("Shown labels of all sets", evaluation.all_labels.calibration)
        if evaluation.all_labels
        else None,
        chapters=chapters,
        side=SIDE,
    )


def visible(text: str) -> str:
    """A text from strangers with a sign in place of what could disturb the page around it."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _chapter(result: SetResult, pictured: Sequence[Pictured], threshold: float) -> Chapter:
    classes = result.classes.calibration if result.classes else None
    diagrams = [
        _diagram("Shown labels", result.labels.calibration),
        _diagram("Classifier, surest class", classes),
    ]
    measured = any(row.precision.whole or row.coverage.whole for row in result.thresholds)
    return Chapter(
        result=result,
        kind=KINDS[result.kind],
        diagrams=tuple(diagram for diagram in diagrams if diagram),
        chart=sweep_chart(result.thresholds, threshold) if measured else None,
        mistakes=tuple(pictured),
    )


def _diagram(heading: str, calibration: Calibration | None) -> Diagram | None:
    if calibration is None:
        return None
    return Diagram(
        heading,
        reliability_diagram(calibration),
        calibration,
        error_text(calibration),
        perfect_text(calibration),
    )


def _pictured(mistake: Mistake, folder: Path, name: str, limits: Limits) -> Pictured:
    """Copy a photo small; one that has gone since is only named."""
    photo = f"{PHOTOS}/{name}"
    try:
        image = decode(
            mistake.path.read_bytes(), limits=limits, cover=Cover(short=THUMBNAIL, long=THUMBNAIL)
        )
    except (OSError, InputError):
        return Pictured(mistake, mistake.path.name, None)
    (folder / photo).write_bytes(thumbnail(image.pixels, THUMBNAIL))
    return Pictured(mistake, mistake.path.name, photo)


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("bucketlens.evaluation"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {"visible": visible, "percent": percent, "percent_of": percent_of}
    return environment.get_template("report.html")
