"""Labels of many images at once are those of each alone."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bucketlens.labels import View, load_taxonomy
from bucketlens.labels.combination import UNFITTED, packaged_combinations
from bucketlens.labels.packing import Packed, PackedMany, pack, unpack
from bucketlens.labels.showing import BatchView
from bucketlens.labels.stacking import NOTHING, stack
from bucketlens.models import find_model_folder, load_model_folder
from bucketlens.scores import encode_log_probabilities
from bucketlens.settings import Settings
from bucketlens.types import WHOLE, ClassScores, Detection, Reply, Scores, Swatch

CLASSIFIER = load_model_folder(find_model_folder("efficientnet-lite2"))
DETECTOR = load_model_folder(find_model_folder("nanodet-g"))
FITTED = packaged_combinations()[0]


def view(classes: bool, kinds: bool, fitted: bool, wanted: Settings) -> View:  # noqa: FBT001
    """The view of the packaged models, or of one of them."""
    return View(
        load_taxonomy(),
        classifier=CLASSIFIER.labels if classes else (),
        detector=DETECTOR.labels if kinds else (),
        models=(),
        settings=wanted,
        combination=FITTED if fitted else UNFITTED,
    )


VIEWS = {
    (classes, kinds, fitted): view(classes, kinds, fitted, Settings())
    for classes in (True, False)
    for kinds in (True, False)
    for fitted in (True, False)
    if classes or kinds
}

wishes = st.fixed_dictionaries(
    {"min_confidence": st.sampled_from([0.0, 0.5, 20.0, 55.0, 80.0, 99.9, 100.0])},
    optional={
        "max_labels": st.sampled_from([0, 1, 3, 1000]),
        "include_labels": st.sampled_from([("Dog",), ("Animal", "Person"), ("Vehicle", "Food")]),
        "exclude_labels": st.sampled_from([("Animal",), ("Person", "Golden Retriever")]),
        "exclude_categories": st.just(("Animals and Pets",)),
        "label_thresholds": st.dictionaries(
            st.sampled_from(["Dog", "Animal", "Person", "Car", "Vehicle", "Plant"]),
            st.sampled_from([0.0, 1.0, 30.0, 95.0, 100.0]),
            max_size=3,
        ),
        "display_names": st.sampled_from([{"Dog": "Zebra"}, {"Person": "Human", "Cat": "aaa"}]),
        "features": st.sampled_from(
            [("IMAGE_PROPERTIES",), ("GENERAL_LABELS", "IMAGE_PROPERTIES")]
        ),
        "max_dominant_colors": st.just(2),
    },
)


def photo(chance: np.random.Generator, classes: int, kinds: int) -> Scores:
    """Scores as sure or unsure, and as many objects, as chance has it; now and then odd ones."""
    said = tuple(_classes(chance, classes) for _ in range(chance.choice([0, 1, 1, 1, 1, 1, 1, 2])))
    found = tuple(_detection(chance, kinds) for _ in range(chance.integers(40)) if kinds)
    if chance.random() < 0.05 and found:
        odd = msgspec.structs.replace(found[0], score=float(chance.random()))
        found = (odd, *found[1:])
    reply = Reply() if chance.random() < 0.02 else None
    return Scores(classes=said if classes else (), detections=found, reply=reply)


def _classes(chance: np.random.Generator, count: int) -> ClassScores:
    spread = chance.normal(0, chance.uniform(0.5, 6), count or 1)
    log_probabilities = spread - np.log(np.exp(spread).sum())
    energy = round(float(chance.normal(8, 3)), 2)
    return ClassScores(box=WHOLE, codes=encode_log_probabilities(log_probabilities), energy=energy)


def _detection(chance: np.random.Generator, kinds: int) -> Detection:
    # Few digits now and then, so that scores are equal or lie at a threshold.
    score = round(float(chance.random()) ** 3, int(chance.choice([1, 4])))
    box = [round(float(chance.uniform(0, 0.5)), 4) for _ in range(4)]
    colors = (Swatch("#123456", 40.0), Swatch("#00ff00", 30.0), Swatch("#0000ff", 10.0))
    return Detection(
        class_index=int(chance.integers(kinds)),
        score=score,
        left=box[0],
        top=box[1],
        width=box[2],
        height=box[3],
        colors=colors[: chance.integers(4)],
    )


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.sampled_from(sorted(VIEWS)), st.integers(0, 40), wishes)
def test_labels_of_a_batch_are_those_of_each_image_to_the_byte(
    seed: int, kind: tuple[bool, bool, bool], count: int, wanted: dict[str, Any]
):
    """Whatever the scores, the models, the weights and the settings."""
    known = VIEWS[kind].with_settings(Settings(**wanted))
    chance = np.random.default_rng(seed)
    space = known.space
    photos = [photo(chance, len(space.classes), len(space.objects)) for _ in range(count)]
    found = BatchView(known).labels(photos)
    expected = [known.labels(one) for one in photos]
    assert msgspec.json.encode(found) == msgspec.json.encode(expected)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), wishes)
def test_what_is_shown_of_a_batch_is_told_without_making_labels(seed: int, wanted: dict[str, Any]):
    """Names, confidences and numbers of places are those of the labels, from packed scores."""
    known = VIEWS[True, True, True].with_settings(Settings(**wanted))
    chance = np.random.default_rng(seed)
    sizes = len(CLASSIFIER.labels), len(DETECTOR.labels)
    fitting = [
        (one, packed)
        for one in (photo(chance, *sizes) for _ in range(20))
        if (packed := pack(one)) is not None
    ]
    shown, odd = BatchView(known).shown(packed_many([packed for _, packed in fitting]))
    rows = zip(*(column.tolist() for column in shown), strict=True)
    told = [(i, known.shapes[label].name, *rest) for i, label, *rest in rows]
    assert not len(odd)
    assert told == [
        (i, label.name, label.confidence, len(label.instances))
        for i, (one, _) in enumerate(fitting)
        for label in known.labels(one)
    ]


def packed_many(packed: list[Packed]) -> PackedMany:
    """Packed scores of several images as a table gives them."""
    energy = np.array([np.nan if one.energy is None else one.energy for one in packed])
    return PackedMany([one.codes for one in packed], energy, [one.objects for one in packed])


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.sampled_from(sorted(VIEWS)), st.integers(0, 40))
def test_packed_scores_are_those_of_their_json_to_the_bit(
    seed: int, kind: tuple[bool, bool, bool], count: int
):
    """What can't be packed without loss is not; of the rest every number is as it was."""
    space = VIEWS[kind].space
    sizes = len(space.classes), len(space.objects)
    chance = np.random.default_rng(seed)
    photos = [photo(chance, *sizes) for _ in range(count)]
    packed = [pack(one) for one in photos]
    unfit = stack(photos, *sizes).odd.tolist()
    assert [place for place, one in enumerate(packed) if one is None] == unfit
    fitting = [one for place, one in enumerate(photos) if place not in unfit]
    unpacked = unpack(packed_many([one for one in packed if one is not None]), *sizes)
    expected = stack(fitting, *sizes)
    for column in ("codes", "energy", "image", "kind", "score", "odd"):
        own, known = getattr(unpacked, column), getattr(expected, column)
        assert own.dtype == known.dtype
        assert own.tobytes() == known.tobytes()


def test_packed_scores_of_other_models_are_odd():
    """Other numbers of classes, kinds or bytes than the view has stand as nothing seen."""
    classes, kinds = 5, 3
    codes = bytes(classes)

    def objects(*pairs: tuple[int, int]) -> bytes:
        return np.array(pairs, dtype="<u2").tobytes()

    packed = [
        Packed(codes, 1.5, objects((2, 10_000), (0, 0))),
        Packed(codes, 1.5, objects((kinds, 5))),
        Packed(codes, 1.5, objects((0, 10_001))),
        Packed(codes[1:], 1.5, b""),
        Packed(codes, 1.5, b"abc"),
        Packed(b"", None, b""),
    ]
    unpacked = unpack(packed_many(packed), classes, kinds)
    assert unpacked.odd.tolist() == [1, 2, 3, 4]
    assert unpacked.codes[[0, 5]].tolist() == [[0] * classes, [NOTHING] * classes]
    assert unpacked.kind[unpacked.image == 0].tolist() == [2, 0]
