"""What is known of photos becomes what labels are held to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bucketlens.errors import ConfigError
from bucketlens.evaluation.manifest import read_manifest
from bucketlens.evaluation.naming import resolve_name
from bucketlens.evaluation.truth import Truths, Verdict, resolve_truths
from bucketlens.labels.space import LabelSpace
from bucketlens.labels.taxonomy import Taxonomy, load_taxonomy

Writer = Callable[..., Path]
Named = Callable[..., frozenset[int]]


@pytest.fixture
def truths_of(manifest_of: Writer, space: LabelSpace) -> Callable[..., Truths]:
    """Resolves a manifest of the rows that are given."""
    return lambda *rows: resolve_truths(read_manifest(manifest_of(*rows)), space)


@pytest.fixture
def verdicts(taxonomy: Taxonomy) -> Callable[..., list[Verdict]]:
    """Judges labels by name against the first photo's truth."""

    def judge(truths: Truths, *names: str, found: bool = False) -> list[Verdict]:
        truth = truths.photos[0]
        assert truth is not None
        return [truth.verdict(taxonomy.index_of(name), found=found) for name in names]

    return judge


def test_a_class_and_all_above_it_are_right(
    truths_of: Callable[..., Truths], verdicts: Callable[..., list[Verdict]]
):
    """A Beagle is a Dog and an Animal, and no Pug."""
    truths = truths_of({"file": "a.jpg", "class_index": 0, "wnid": "n01"})
    right, wrong = Verdict.RIGHT, Verdict.WRONG
    assert verdicts(truths, "Beagle", "Dog", "Animal", "Pug") == [right, right, right, wrong]


def test_objects_that_were_found_are_not_judged_by_a_class(
    truths_of: Callable[..., Truths], verdicts: Callable[..., list[Verdict]]
):
    """The class says nothing of the chair that the dog lies on."""
    truths = truths_of({"file": "a.jpg", "class_index": 0})
    assert verdicts(truths, "Chair", "Dog", found=True) == [Verdict.UNJUDGED, Verdict.UNJUDGED]


def test_specific_ends_three_steps_above(truths_of: Callable[..., Truths], named: Named):
    """Of a Beagle, Mammal is still specific and Animal is not."""
    truth = truths_of({"file": "a.jpg", "class_index": 0}).photos[0]
    assert truth is not None
    assert truth.specific == named("Beagle", "Dog", "Canine", "Mammal")


def test_reassessed_classes_replace_the_one_class(truths_of: Callable[..., Truths]):
    """Several classes may be right; where none is, the photo is left out."""
    truths = truths_of(
        {"file": "a.jpg", "class_index": 0, "real_class_indices": [1, 2]},
        {"file": "b.jpg", "class_index": 0, "real_class_indices": []},
    )
    assert truths.photos[0] is not None
    assert truths.photos[0].classes == frozenset({1, 2})
    assert truths.photos[1] is None


@pytest.mark.parametrize(
    "row",
    [
        {"file": "a.jpg", "class_index": 1, "wnid": "n01"},
        {"file": "a.jpg", "class_index": 4},
        {"file": "a.jpg", "wnid": "n99"},
    ],
)
def test_classes_of_another_classifier_are_refused(
    truths_of: Callable[..., Truths], row: dict[str, object]
):
    """Indices that mean something else would give numbers that mean nothing."""
    with pytest.raises(ConfigError, match=r"manifest\.jsonl, line 1"):
        truths_of(row)


def box(label: str, side: float = 10.0, **more: int) -> dict[str, object]:
    """An object of a manifest."""
    return {"label": label, "bbox_xywh": [0, 0, side, side], **more}


def test_coco_objects_are_judged_among_all_classes(
    truths_of: Callable[..., Truths], verdicts: Callable[..., list[Verdict]]
):
    """Where a dog is known, a cat is wrong; a breed can't be judged."""
    truths = truths_of({"file": "a.jpg", "boxes": [box("dog", category_id=18)]})
    right, wrong, unjudged = Verdict.RIGHT, Verdict.WRONG, Verdict.UNJUDGED
    assert verdicts(truths, "Dog", "Cat", "Beagle") == [right, wrong, unjudged]


def test_what_is_above_an_object_is_judged_where_it_was_found(
    truths_of: Callable[..., Truths], verdicts: Callable[..., list[Verdict]]
):
    """Furniture for a chair that is not there is wrong; for a wardrobe nobody knows."""
    truths = truths_of({"file": "a.jpg", "boxes": [box("dog", category_id=18)]})
    assert verdicts(truths, "Furniture", found=True) == [Verdict.WRONG]
    assert verdicts(truths, "Furniture") == [Verdict.UNJUDGED]


def test_coco_names_are_those_of_coco(shared_data: Path):
    """A mouse of COCO is the one beside a keyboard, whichever rows carry numbers of classes."""
    space = LabelSpace(load_taxonomy(), (), ())
    truths = resolve_truths(read_manifest(shared_data / "coco_val2017"), space)
    assert not truths.unknown
    assert len(truths.scope) == 80


def test_own_boxes_are_judged_among_their_own_names(
    truths_of: Callable[..., Truths], verdicts: Callable[..., list[Verdict]]
):
    """Whoever marked dogs only did not look for chairs."""
    truths = truths_of({"file": "a.jpg", "boxes": [box("dog")]}, {"file": "b.jpg", "boxes": []})
    assert verdicts(truths, "Dog", "Chair") == [Verdict.RIGHT, Verdict.UNJUDGED]


def test_crowds_may_be_shown_and_may_be_missed(truths_of: Callable[..., Truths], named: Named):
    """A crowd's box makes its label right, and not wanted; sizes are of the largest plain box."""
    truth = truths_of(
        {"file": "a.jpg", "boxes": [box("dog", iscrowd=1), box("cat", 5), box("cat", 40)]}
    ).photos[0]
    assert truth is not None
    assert truth.right >= named("Dog", "Cat")
    assert truth.wanted == named("Cat")
    assert truth.areas == dict.fromkeys(named("Cat"), 1600.0)


def test_names_are_judged_among_the_names_of_the_manifest(
    truths_of: Callable[..., Truths], verdicts: Callable[..., list[Verdict]]
):
    """Photos tagged with dogs and cats tell when a cat is shown for a dog, and nothing else."""
    truths = truths_of({"file": "a.jpg", "labels": ["dogs"]}, {"file": "b.jpg", "labels": ["Cat"]})
    right, wrong, unjudged = Verdict.RIGHT, Verdict.WRONG, Verdict.UNJUDGED
    assert verdicts(truths, "Dog", "Cat", "Chair") == [right, wrong, unjudged]


def test_unknown_names_are_reported_and_not_held_against_anyone(truths_of: Callable[..., Truths]):
    """A photo of which only strange names are known is left out."""
    truths = truths_of(
        {"file": "a.jpg", "labels": ["zorb", "dog"]},
        {"file": "b.jpg", "labels": ["zorb"]},
    )
    assert truths.unknown == {"zorb": 2}
    assert [truth is None for truth in truths.photos] == [False, True]


def test_everyday_truth_knows_four_verdicts(
    truths_of: Callable[..., Truths], verdicts: Callable[..., list[Verdict]]
):
    """Present is right, acceptable is neutral, silly is silly, and all else is wrong."""
    truths = truths_of(
        {"file": "a.jpg", "present": ["Dog"], "acceptable": ["Beagle"], "silly": ["Wardrobe"]}
    )
    assert verdicts(truths, "Mammal", "Beagle", "Wardrobe", "Cat") == [
        Verdict.RIGHT,
        Verdict.UNJUDGED,
        Verdict.SILLY,
        Verdict.WRONG,
    ]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("tvmonitor", "Television"),
        ("pottedplant", "Potted Plant"),
        ("sofa", "Couch"),
        ("airplanes", "Airplane"),
        ("strawberries", "Strawberry"),
        ("Glasses", "Glasses"),
    ],
)
def test_names_are_found_as_people_write_them(name: str, label: str):
    """Spellings of VOC and plurals lead to labels of the packaged taxonomy."""
    taxonomy = load_taxonomy()
    found = resolve_name(taxonomy, name)
    assert found is not None
    assert taxonomy.labels[found].name == label


def test_all_of_vocs_classes_are_labels(shared_data: Path):
    """No name of VOC is unknown, and all twenty classes are looked for."""
    taxonomy = load_taxonomy()
    space = LabelSpace(taxonomy, (), ())
    truths = resolve_truths(read_manifest(shared_data / "voc2012_100"), space)
    assert not truths.unknown
    assert len(truths.scope) == 20
