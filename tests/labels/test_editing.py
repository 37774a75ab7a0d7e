"""The labels of a view after what people said."""

from __future__ import annotations

from tests.labels.test_replies import SCORES
from tests.labels.test_view import RETRIEVER, names, view

from bucketlens.edits import Edit
from bucketlens.labels import ReplyView
from bucketlens.labels.editing import OWN_CATEGORY
from bucketlens.settings import Settings


def said(*added: str, removed: tuple[str, ...] = ()) -> tuple[Edit, ...]:
    """Edits of one person."""
    return (
        *(Edit(label=name, by="anna", at=1.0) for name in added),
        *(Edit(label=name, removed=True, by="anna", at=1.0) for name in removed),
    )


def test_a_label_brings_those_above_it() -> None:
    """Nothing is less sure than what follows from it."""
    before = names(view().labels(RETRIEVER))
    assert "Bicycle" not in before
    shown = view().labels(RETRIEVER, said("bicycle"))
    by_name = {label.name: label for label in shown}
    bicycle = by_name["Bicycle"]
    assert bicycle.parents
    assert all(by_name[parent.name].confidence == 100.0 for parent in bicycle.parents)
    assert set(before) < set(by_name)
    assert bicycle.confidence == 100.0


def test_an_alias_means_its_label() -> None:
    """A puppy is a Dog, here as in searches."""
    shown = {label.name: label for label in view().labels(RETRIEVER, said("puppy"))}
    assert shown["Dog"].confidence == 100.0
    assert "puppy" not in shown


def test_what_is_removed_takes_what_it_follows_from() -> None:
    """What is no Dog is no Golden Retriever; what is above a Dog may still be there."""
    shown = view().labels(RETRIEVER, said(removed=("puppy",)))
    assert not any(
        label.name == "Dog" or "Dog" in [parent.name for parent in label.parents] for label in shown
    )
    assert "Animal" in names(shown)


def test_an_added_label_stays_without_the_parent_that_is_removed() -> None:
    """Both words hold."""
    shown = view().labels(RETRIEVER, said("Golden Retriever", removed=("Pet",)))
    assert "Golden Retriever" in names(shown)
    assert "Pet" not in names(shown)
    assert all("Pet" not in [parent.name for parent in label.parents] for label in shown)


def test_an_unknown_name_is_a_label_of_its_own() -> None:
    """It stands first and in a category of its own."""
    first = next(
        label for label in view().labels(RETRIEVER, said("Bello")) if label.name == "Bello"
    )
    assert first.confidence == 100.0
    assert [category.name for category in first.categories] == [OWN_CATEGORY]


def test_display_names_are_understood() -> None:
    """A person edits what a person reads."""
    shown = view(display_names={"Dog": "Hund"}).labels(RETRIEVER, said(removed=("hund",)))
    assert "Hund" not in names(shown)


def test_added_labels_come_on_top_of_the_limit() -> None:
    """A limit on labels holds for those of models, and hides none of a person's."""
    few = view(max_labels=1)
    (only,) = few.labels(RETRIEVER)
    shown = names(few.labels(RETRIEVER, said("Bello")))
    assert shown == sorted([only.name, "Bello"], key=lambda name: (name != "Bello", name))
    assert only.name not in names(few.labels(RETRIEVER, said(removed=(only.name,))))


def test_no_edits_change_nothing() -> None:
    """And labels that a removal does not touch are the same as before."""
    before = view().labels(RETRIEVER)
    assert view().labels(RETRIEVER, ()) == before
    assert view().labels(RETRIEVER, said(removed=("Submarine",))) == before


def test_replies_of_a_service_are_edited_too() -> None:
    """Its labels by their names, all others as labels of one's own."""
    before = ReplyView(Settings()).labels(SCORES)
    name = before[-1].name
    shown = ReplyView(Settings()).labels(SCORES, said(name, "Bello"))
    confident = {label.name for label in shown if label.confidence == 100.0}
    assert {name, "Bello"} <= confident
    gone = ReplyView(Settings()).labels(SCORES, said(removed=(name,)))
    assert name not in {label.name for label in gone}
