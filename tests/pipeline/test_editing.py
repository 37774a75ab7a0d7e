"""What people said of an image: kept, shown, and never lost."""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

import pytest
from tests.laboratory import BLUE, GREEN, RED, ColorView, Lab, new_lab

from bucketlens.edits import Changes, EditError, ImageEdits, with_edits
from bucketlens.errors import ConfigError, MissingError
from bucketlens.pipeline.editing import Editor
from bucketlens.pipeline.recording import Recorder
from bucketlens.pipeline.relabelling import Relabeler, record_names
from bucketlens.records import LabelRecord, canonical, decode_record, encode_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.pipeline.fencing import Fence

MODELS = frozenset(["0" * 64])


def editor(lab: Lab, copies: Callable[[str], list[str]] = lambda _: []) -> Editor:
    """What takes edits of a laboratory."""
    clock = count(1_800_000_000)
    book = lab.edits
    return Editor(
        book=book,
        recorder=Recorder(lab.records, lab.pages, edits=book),
        view=ColorView(),
        models=MODELS,
        copies=copies,
        clock=lambda: float(next(clock)),
    )


def record(lab: Lab, key: str) -> LabelRecord:
    """The record of labels that stands."""
    found = lab.record(key)
    assert isinstance(found, LabelRecord)
    return found


def names(lab: Lab, key: str) -> list[str]:
    """The labels that an image shows."""
    return [label.name for label in record(lab, key).labels]


@pytest.fixture
def lab() -> Lab:
    """A collection with one labelled image."""
    lab = new_lab()
    lab.source.put("a.jpg", RED)
    lab.settle("a.jpg")
    return lab


def test_an_edit_is_shown_at_once_with_who_and_when(lab: Lab) -> None:
    """The record has the label and the edit, and the page is written again."""
    before = lab.pages.writes
    noted, keys = editor(lab).edit("a.jpg", Changes(add=("My Dog",)), "anna")
    assert keys == ["a.jpg"]
    assert names(lab, "a.jpg") == ["My Dog", "Red"]
    (edit,) = record(lab, "a.jpg").edits
    assert (edit.label, edit.removed, edit.by, edit.at) == ("My Dog", False, "anna", 1_800_000_000)
    assert noted.edits == (edit,)
    assert lab.pages.writes == before + 1
    assert lab.settle("a.jpg") == "unchanged"


def test_edits_win_over_every_later_run(lab: Lab) -> None:
    """Other models, other settings, a lost record: labels that people removed stay away."""
    editor(lab).edit("a.jpg", Changes(add=("My Dog",), remove=("red",)), "anna")
    assert names(lab, "a.jpg") == ["My Dog"]
    lab.scorer.fingerprint = "scores-2"
    assert lab.settle("a.jpg") == "labelled"
    assert names(lab, "a.jpg") == ["My Dog"]
    assert lab.settle("a.jpg", view=ColorView("view-2", " again")) == "relabelled"
    assert names(lab, "a.jpg") == ["My Dog", "Red again"]
    lab.records.delete("a.jpg.json")
    lab.settle("a.jpg")
    assert names(lab, "a.jpg") == ["My Dog"]


def test_a_relabelling_reads_edits(lab: Lab) -> None:
    """Labels made again are made of scores and edits."""
    editor(lab).edit("a.jpg", Changes(add=("My Dog",)), "anna")
    recorder = Recorder(lab.records, lab.pages, edits=lab.edits)
    work = Relabeler(recorder, ColorView("view-2", "dish"), MODELS)
    assert work.relabel(record_names(lab.records)).changed == 1
    assert names(lab, "a.jpg") == ["My Dog", "Reddish"]
    assert work.relabel(record_names(lab.records)).same == 1


def test_edits_follow_a_file_that_is_renamed(lab: Lab) -> None:
    """They are about the bytes, wherever those stand."""
    editor(lab).edit("a.jpg", Changes(add=("My Dog",)), "anna")
    lab.source.put("trip/b.jpg", RED)
    lab.source.delete("a.jpg")
    assert (lab.settle("a.jpg"), lab.settle("trip/b.jpg")) == ("removed", "labelled")
    assert names(lab, "trip/b.jpg") == ["My Dog", "Red"]
    lab.source.put("trip/b.jpg", GREEN)
    lab.settle("trip/b.jpg")
    assert names(lab, "trip/b.jpg") == ["Green"]


def test_copies_share_their_edits(lab: Lab) -> None:
    """A copy that is known is shown so at once."""
    lab.source.put("b.jpg", RED)
    lab.settle("b.jpg")
    _, keys = editor(lab, lambda _: ["a.jpg", "b.jpg"]).edit("b.jpg", Changes(add=("X",)), "bo")
    assert keys == ["b.jpg", "a.jpg"]
    assert names(lab, "a.jpg") == ["X", "Red"]


def test_a_pass_shows_an_edit_whose_record_was_never_put(lab: Lab) -> None:
    """An edit that was killed half way is found by comparing listings."""
    edits = editor(lab)
    sha256 = edits.content_of("a.jpg")
    edits.book.change(sha256, "a.jpg", lambda _: _edits("My Dog"))
    assert lab.settle("a.jpg") == "relabelled"
    assert names(lab, "a.jpg") == ["My Dog", "Red"]
    lab.edits.forget(sha256)
    assert lab.settle("a.jpg") == "relabelled"
    assert names(lab, "a.jpg") == ["Red"]


def _edits(*labels: str):  # noqa: ANN202 - a tuple of edits
    from bucketlens.edits import Edit  # noqa: PLC0415

    return tuple(Edit(label=label, by="anna", at=1.0) for label in labels)


def test_two_people_at_once_lose_nothing(lab: Lab) -> None:
    """Every edit of many threads stands in the end, in the edits and in the record."""
    people = [
        threading.Thread(
            target=lambda n=n: editor(lab).edit("a.jpg", Changes(add=(f"label {n}",)), f"p{n}")
        )
        for n in range(8)
    ]
    for person in people:
        person.start()
    for person in people:
        person.join()
    wanted = {f"label {n}" for n in range(8)}
    assert {edit.label for edit in record(lab, "a.jpg").edits} == wanted
    assert {*names(lab, "a.jpg")} == {*wanted, "Red"}


def test_an_edit_while_a_run_labels_the_image_is_kept(lab: Lab) -> None:
    """The run's record, made of what stood before, loses its race; the next try reads the edit."""
    lab.scorer.fingerprint = "scores-2"
    once = iter([True])

    def meanwhile() -> None:
        if next(once, False):
            editor(lab).edit("a.jpg", Changes(add=("My Dog",)), "anna")

    lab.scorer.before = meanwhile
    assert lab.settle("a.jpg") in {"labelled", "relabelled", "redrawn"}
    assert names(lab, "a.jpg") == ["My Dog", "Red"]
    assert record(lab, "a.jpg").score_fingerprint == "scores-2"


def test_a_word_that_is_taken_back_leaves_the_models_to_decide(lab: Lab) -> None:
    """Clearing restores what the record was, byte for byte, but for what was observed."""
    before = canonical(record(lab, "a.jpg"))
    editor(lab).edit("a.jpg", Changes(add=("X",), remove=("Red",)), "anna")
    editor(lab).edit("a.jpg", Changes(clear=("x", "RED")), "bo")
    assert canonical(record(lab, "a.jpg")) == before
    assert lab.settle("a.jpg") == "unchanged"


def test_who_said_it_first_is_kept(lab: Lab) -> None:
    """Saying the same again changes nothing."""
    editor(lab).edit("a.jpg", Changes(add=("X",)), "anna")
    editor(lab).edit("a.jpg", Changes(add=("x",)), "bo")
    assert [edit.by for edit in record(lab, "a.jpg").edits] == ["anna"]


@pytest.mark.parametrize(
    "changes",
    [
        Changes(),
        Changes(add=("",)),
        Changes(add=(" \t",)),
        Changes(add=("a\x00b",)),
        Changes(add=('a"b',)),
        Changes(add=("\udcff",)),
        Changes(add=("x" * 101,)),
        Changes(add=("Dog",), remove=("dog",)),
    ],
)
def test_what_is_no_name_is_refused(lab: Lab, changes: Changes) -> None:
    """Nothing is kept of it."""
    with pytest.raises(EditError):
        editor(lab).edit("a.jpg", changes, "anna")
    assert list(lab.edits.all()) == []


def test_what_has_no_labels_can_not_be_edited(lab: Lab) -> None:
    """There is no content to tie an edit to."""
    with pytest.raises(MissingError, match="none to edit"):
        editor(lab).edit("nothing.jpg", Changes(add=("X",)), "anna")


def test_damaged_edits_are_told_and_not_taken_for_none(lab: Lab) -> None:
    """Labels made without them would take back what people said."""
    lab.private.put(f"edits/{editor(lab).content_of('a.jpg')}.json", b"{")
    with pytest.raises(ConfigError, match="damaged"):
        lab.settle("a.jpg")


def test_exported_edits_wait_for_their_image(lab: Lab) -> None:
    """Another collection takes them in, and shows them as soon as it has the image."""
    editor(lab).edit("a.jpg", Changes(add=("My Dog",), remove=("Red",)), "anna")
    (exported,) = lab.edits.all()
    other = new_lab()
    assert editor(other).take_in(exported) == []
    other.source.put("new.jpg", RED)
    other.settle("new.jpg")
    assert names(other, "new.jpg") == ["My Dog"]
    later = ImageEdits(sha256=exported.sha256, key="x", edits=_edits("Red"))
    editor(other).take_in(later)
    assert names(other, "new.jpg") == ["My Dog"], "the later word holds"


def test_a_record_without_edits_is_as_it_was_before_there_were_any(lab: Lab) -> None:
    """No field, and the fingerprint of the view alone: older records are still current."""
    found = record(lab, "a.jpg")
    assert b'"edits"' not in encode_record(found)
    assert found.view_fingerprint == with_edits("view-1", ()) == "view-1"
    assert decode_record(encode_record(found)) == found


def test_another_picture_has_none_of_them(lab: Lab) -> None:
    """Edits are looked up by content."""
    editor(lab).edit("a.jpg", Changes(remove=("Blue",)), "anna")
    lab.source.put("b.jpg", BLUE)
    lab.settle("b.jpg")
    assert names(lab, "b.jpg") == ["Blue"]


def test_whoever_loses_a_race_sees_that_the_page_is_right(lab: Lab) -> None:
    """A relabelling writes its page over that of an edit, loses, and puts it right."""
    once = iter([True])
    write_page = lab.pages.write_page

    def meanwhile(record: LabelRecord, *, fence: Fence) -> None:
        if next(once, False):
            same_view = replace(editor(lab), view=ColorView("view-2", "dish"))
            same_view.edit("a.jpg", Changes(add=("A Dog",)), "anna")
        write_page(record, fence=fence)

    lab.pages.write_page = meanwhile  # type: ignore[method-assign]
    recorder = Recorder(lab.records, lab.pages, edits=lab.edits)
    Relabeler(recorder, ColorView("view-2", "dish"), MODELS).relabel(record_names(lab.records))
    assert names(lab, "a.jpg") == ["A Dog", "Reddish"]
    assert lab.pages.pages["a.jpg"].startswith("A Dog ")
