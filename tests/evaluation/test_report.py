"""The report renders whatever was measured, and nothing from outside gets the better of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from bucketlens.errors import ConfigError
from bucketlens.evaluation.answers import Answer
from bucketlens.evaluation.calibration import measure_calibration
from bucketlens.evaluation.diagrams import SIDE, reliability_diagram, sweep_chart
from bucketlens.evaluation.manifest import Manifest, Photo, Row
from bucketlens.evaluation.metrics import (
    measure_classes,
    measure_each_label,
    measure_labels,
    share,
)
from bucketlens.evaluation.report import write_report
from bucketlens.evaluation.results import (
    AnsweredSet,
    Evaluation,
    Failure,
    SetResult,
    worst_mistakes,
)
from bucketlens.evaluation.summary import summarise
from bucketlens.evaluation.thresholds import SweepRow, sweep
from bucketlens.evaluation.truth import resolve_truths
from bucketlens.imaging import Limits

if TYPE_CHECKING:
    from pathlib import Path

    from bucketlens.labels.space import LabelSpace

LIMITS = Limits(max_bytes=10_000_000, max_pixels=10_000_000)
EVIL = '<img src=x onerror="alert(1)">\u202e&amp;'
Answers = Callable[..., Answer]


class Page(HTMLParser):
    """All that a browser would see: tags, attributes and links."""

    def __init__(self, text: str) -> None:
        """Read a page."""
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.policy = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)
        values = dict(attrs)
        self.attributes |= values.keys()
        self.links += [str(values[name]) for name in ("src", "href") if name in values]
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = str(values["content"])


@pytest.fixture
def answered(space: LabelSpace, answer: Answers, root: Path) -> AnsweredSet:
    """Three photos of a set with an evil name: one right, one silly, one that failed."""
    photo = root / "examples" / "photos" / "chelsea.png"
    rows = [
        Row(file=f"{i}.png", present=("Dog", "zorb"), silly=("Wardrobe", EVIL)) for i in range(3)
    ]
    photos = tuple(Photo(path=photo, where="line", row=row) for row in rows)
    manifest = Manifest(name=EVIL, path=photo, kind="everyday", photos=photos)
    answers = [
        answer(("Dog", 90.0), ("Cat", 95.0)),
        answer(("Dog", 70.0), ("Wardrobe", 60.0)),
        None,
    ]
    failures = [Failure("2.png", f"is damaged {EVIL}")]
    return AnsweredSet(manifest, resolve_truths(manifest, space), answers, failures=failures)


@pytest.fixture
def names(space: LabelSpace) -> list[str]:
    """Of all labels, by index; one of them is evil."""
    return [EVIL if label.name == "Wardrobe" else label.name for label in space.taxonomy.labels]


@pytest.fixture
def evaluation(answered: AnsweredSet, names: list[str]) -> Evaluation:
    """What was measured on the set."""
    photos = answered.judged()
    limits = [(t, [t] * len(names)) for t in (30.0, 55.0, 80.0)]
    result = SetResult(
        name=EVIL,
        kind="everyday",
        photos=3,
        failures=tuple(answered.failures),
        left_out=0,
        unknown=dict(answered.truths.unknown),
        classes=measure_classes(photos),
        labels=measure_labels(photos),
        boxes=None,
        each_label=measure_each_label(photos, names),
        thresholds=sweep(answered.truths.photos, answered.answers, limits),
    )
    return Evaluation(threshold=55.0, models=(EVIL,), labels_by="test", sets=(result,))


@pytest.fixture
def page(tmp_path: Path, evaluation: Evaluation, answered: AnsweredSet, names: list[str]) -> Page:
    """The report, as a browser reads it."""
    write_report(tmp_path / "report", evaluation, [answered], names, LIMITS)
    return Page((tmp_path / "report" / "index.html").read_text(encoding="utf-8"))


def test_the_report_needs_no_script_and_no_inline_style(page: Page):
    """The policy forbids both, and neither is there."""
    assert "default-src 'none'" in page.policy
    assert "unsafe" not in page.policy
    assert not {"script", "style", "iframe", "object", "form"} & set(page.tags)
    assert not {name for name in page.attributes if name.startswith("on") or name == "style"}


def test_names_from_outside_stay_text(page: Page, tmp_path: Path):
    """An image tag in a name makes no image, and no mark turns the text around."""
    assert page.tags.count("img") == 2
    text = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert "<img src=x" not in text
    assert "\u202e" not in text
    assert "&amp;amp;" in text


def test_the_report_stands_alone(page: Page, tmp_path: Path):
    """Each link leads to a file of the folder: it can be moved or sent."""
    assert len(page.links) == 3
    for link in page.links:
        assert (tmp_path / "report" / link).is_file()


def test_a_second_report_replaces_the_first(
    tmp_path: Path, evaluation: Evaluation, answered: AnsweredSet, names: list[str]
):
    """The same measurements give the same page."""
    texts = []
    for _ in range(2):
        write_report(tmp_path, evaluation, [answered], names, LIMITS)
        texts.append((tmp_path / "index.html").read_bytes())
    assert texts[0] == texts[1]


def test_a_folder_that_can_not_be_written_is_a_mistake_of_the_operator(
    tmp_path: Path, evaluation: Evaluation, answered: AnsweredSet, names: list[str]
):
    """The message names the folder."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="report can't be written into"):
        write_report(tmp_path / "file" / "report", evaluation, [answered], names, LIMITS)


def test_silly_mistakes_come_first(answered: AnsweredSet, names: list[str]):
    """What people hate most stands before what is merely surer."""
    first, second = worst_mistakes(answered, names)
    assert first.wrong == ((EVIL, 60.0),)
    assert first.silly == {EVIL}
    assert second.wrong == (("Cat", 95.0),)
    assert second.right == (("Dog", 90.0),)
    assert second.true == ("Dog",)


def test_a_photo_that_is_gone_is_only_named(
    tmp_path: Path, evaluation: Evaluation, answered: AnsweredSet, names: list[str]
):
    """The report is written all the same."""
    gone = tuple(
        Photo(path=tmp_path / "gone.jpg", where="line", row=photo.row)
        for photo in answered.manifest.photos
    )
    manifest = Manifest(name="gone", path=tmp_path, kind="everyday", photos=gone)
    moved = AnsweredSet(manifest, answered.truths, answered.answers)
    write_report(tmp_path, evaluation, [moved], names, LIMITS)
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "gone.jpg" in text
    assert "<img" not in text


def test_the_summary_leaves_out_what_does_not_apply(evaluation: Evaluation):
    """Everyday truth has no top-1 and no boxes, and does have silly labels."""
    summary = summarise(evaluation)
    rows = {row.name.strip(): row.cells for row in summary.rows}
    assert rows["precision"] == ("50.0 % of 4",)
    assert rows["silly"] == ("1",)
    assert rows["failed"] == ("1",)
    assert not {"top-1", "AP of boxes", "precision, small objects"} & rows.keys()


def test_a_reliability_diagram_keeps_its_marks_inside():
    """The lowest bin decides where the axes begin; a bin that is right lies on the diagonal."""
    calibration = measure_calibration([0.62] * 40 + [0.98] * 40, [True, False] * 40)
    assert calibration is not None
    drawn = reliability_diagram(calibration)
    assert drawn.start == 50.0
    assert all(0 <= dot.x <= SIDE and 0 <= dot.y <= SIDE for dot in drawn.dots)
    assert drawn.dots[0].text.startswith("20 answers from 62 to 62 %, on average 62.0 %: 50.0 %")
    assert [tick.text for tick in drawn.across] == ["50", "60", "70", "80", "90", "100"]


def test_a_sweep_chart_has_a_line_for_each_measure_with_values():
    """Without wanted labels there is no curve of recall; points go up where shares do."""
    rows = [
        SweepRow(
            threshold=threshold,
            precision=share(part, 10),
            recall=share(0, 0),
            coverage=share(10 - part, 10),
            without_label=0,
            labels_per_photo=1.0,
        )
        for threshold, part in ((30.0, 5), (60.0, 10))
    ]
    chart = sweep_chart(rows, 45.0)
    assert [line.name for line in chart.lines] == ["precision", "coverage"]
    assert re.fullmatch(rf"0,{SIDE / 2:g} {SIDE:g},0", chart.lines[0].points)
    assert chart.present == SIDE / 2
