"""Labels are a pure function of stored scores, the taxonomy and the settings."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bucketlens.errors import ConfigError
from bucketlens.labels import View, load_taxonomy
from bucketlens.labels.combination import UNFITTED, packaged_combinations
from bucketlens.labels.explain import explain
from bucketlens.models import find_model_folder, load_model_folder
from bucketlens.scores import encode_log_probabilities
from bucketlens.settings import Settings
from bucketlens.types import WHOLE, ClassScores, Detection, Label, PictureTones, Scores, Tone

CLASSES = ("n02099601", "n02099712", "n02123045", "n04285008", "n09428293")
"""Golden Retriever, Labrador Retriever, Tabby, Sports Car, Seashore."""
OBJECTS = ("coco:person", "coco:dog", "coco:car")


def view(**settings: Any) -> View:  # noqa: ANN401
    """A view of five classes and three kinds of objects, taking scores at their word."""
    return View(
        load_taxonomy(),
        classifier=CLASSES,
        detector=OBJECTS,
        models=(),
        settings=Settings(**settings),
        combination=UNFITTED,
    )


def scores(*probabilities: float, objects: tuple[Detection, ...] = ()) -> Scores:
    """What the models said: a probability for each class, and objects."""
    given = np.array(probabilities)
    codes = encode_log_probabilities(np.log(np.maximum(given / given.sum(), 1e-9)))
    return Scores(classes=(ClassScores(box=WHOLE, codes=codes, energy=8.0),), detections=objects)


def thing(index: int, score: float, left: float = 0.1) -> Detection:
    """An object in the left part of the picture."""
    return Detection(class_index=index, score=score, left=left, top=0.2, width=0.3, height=0.4)


def names(labels: tuple[Label, ...]) -> list[str]:
    """Names in the order that they are shown."""
    return [label.name for label in labels]


RETRIEVER = scores(0.97, 0.01, 0.01, 0.005, 0.005)
UNSURE = scores(0.5, 0.48, 0.01, 0.005, 0.005)


def test_a_sure_class_is_shown_with_all_its_ancestors():
    """Every ancestor is a label of its own."""
    shown = view().labels(RETRIEVER)
    assert {"Golden Retriever", "Dog", "Canine", "Mammal", "Animal", "Pet"} <= set(names(shown))
    (golden,) = [label for label in shown if label.name == "Golden Retriever"]
    assert [parent.name for parent in golden.parents][:3] == ["Retriever", "Dog", "Canine"]
    assert [category.name for category in golden.categories] == ["Animals and Pets"]


def test_where_siblings_compete_the_parent_is_shown():
    """Two breeds at half each make a sure Retriever and no breed."""
    shown = names(view().labels(UNSURE))
    assert "Retriever" in shown
    assert "Golden Retriever" not in shown
    assert "Labrador Retriever" not in shown


def test_labels_come_surest_first_and_then_by_name():
    """The order is the same for the same scores."""
    shown = view().labels(RETRIEVER)
    assert list(shown) == sorted(shown, key=lambda label: (-label.confidence, label.name))


def test_an_object_is_a_label_with_its_place():
    """Boxes are ratios; several objects of a kind are instances of one label."""
    said = scores(0.2, 0.2, 0.2, 0.2, 0.2, objects=(thing(0, 0.9), thing(0, 0.8, left=0.6)))
    (person,) = [label for label in view().labels(said) if label.name == "Person"]
    assert [round(place.bounding_box.left, 2) for place in person.instances] == [0.1, 0.6]
    assert person.instances[0].confidence >= person.instances[1].confidence


def test_an_object_that_is_not_sure_has_no_place():
    """A detection below the threshold is no instance."""
    said = scores(0.97, 0.01, 0.01, 0.005, 0.005, objects=(thing(1, 0.2),))
    (dog,) = [label for label in view().labels(said) if label.name == "Dog"]
    assert dog.instances == ()


def test_max_labels_keeps_the_surest():
    """The first so many of the same order."""
    everything = view().labels(RETRIEVER)
    assert view(max_labels=2).labels(RETRIEVER) == everything[:2]
    assert view(max_labels=0).labels(RETRIEVER) == ()


def test_min_confidence_is_what_the_user_says():
    """A lower one shows more, a higher one less."""
    low, high = view(min_confidence=0.5), view(min_confidence=99.9)
    assert "Cat" in names(low.labels(RETRIEVER))
    assert len(high.labels(RETRIEVER)) < len(view().labels(RETRIEVER))


def test_filters_include_and_exclude_labels_and_categories():
    """Inclusions add up, exclusions win."""
    assert names(view(include_labels=("Dog",)).labels(RETRIEVER)) == ["Dog"]
    assert "Dog" not in names(view(exclude_labels=("Dog",)).labels(RETRIEVER))
    category = "Animals and Pets"
    assert view(exclude_categories=(category,)).labels(RETRIEVER) == ()
    both = view(include_categories=(category,), exclude_labels=("Animal",))
    assert "Animal" not in names(both.labels(RETRIEVER))
    assert "Dog" in names(both.labels(RETRIEVER))
    union = view(include_labels=("Sports Car",), include_categories=(category,))
    assert "Dog" in names(union.labels(RETRIEVER))


def test_a_threshold_of_a_single_label_is_its_own():
    """It may be higher or lower than the common one, and holds even below a shown child."""
    assert "Dog" not in names(view(label_thresholds={"Dog": 99.99}).labels(RETRIEVER))
    low = view(min_confidence=90.0, label_thresholds={"puppy": 1.0}).labels(UNSURE)
    assert "Dog" in names(low)


def test_labels_can_have_other_names():
    """A display name replaces the label's own, among the parents too."""
    shown = view(display_names={"Dog": "Hund"}).labels(RETRIEVER)
    assert "Hund" in names(shown)
    (golden,) = [label for label in shown if label.name == "Golden Retriever"]
    assert "Hund" in [parent.name for parent in golden.parents]
    assert names(
        view(display_names={"Dog": "Hund"}, include_labels=("Hund",)).labels(RETRIEVER)
    ) == ["Hund"]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("include_labels", ("Unicorn",)),
        ("exclude_labels", ("Unicorn",)),
        ("label_thresholds", {"Unicorn": 3.0}),
        ("include_categories", ("Mythical",)),
    ],
)
def test_a_name_that_is_no_label_is_told(setting: str, value: object):
    """A misspelt filter is a mistake, not an empty result."""
    with pytest.raises(ConfigError, match=r"Unicorn|Mythical") as caught:
        view(**{setting: value})
    assert caught.value.setting == setting


def test_the_fingerprint_changes_with_what_would_change_labels():
    """And only with that."""
    same = view().fingerprint
    assert view().fingerprint == same
    assert view(workers=7, title="x").fingerprint == same
    for changed in (
        {"min_confidence": 60.0},
        {"max_labels": 5},
        {"exclude_labels": ("Dog",)},
        {"display_names": {"Dog": "Hund"}},
        {"label_thresholds": {"Dog": 80.0}},
    ):
        assert view(**changed).fingerprint != same


def test_features_say_what_is_there():
    """Labels only, properties only, or both."""
    tone = Tone(brightness=50.0, sharpness=50.0, contrast=50.0, colors=())
    said = msgspec.structs.replace(
        RETRIEVER, tones=PictureTones(whole=tone, foreground=tone, background=tone)
    )
    assert view(features=("IMAGE_PROPERTIES",)).labels(said) == ()
    assert view(features=("GENERAL_LABELS",)).image_properties(said) is None
    assert view().image_properties(said) is not None


@settings(deadline=None)
@given(
    st.lists(st.floats(0.0001, 1.0), min_size=5, max_size=5),
    st.lists(st.tuples(st.integers(0, 2), st.floats(0.05, 1.0)), max_size=4),
    st.floats(0.0, 100.0),
)
def test_no_parent_is_less_sure_than_its_child(
    probabilities: list[float], objects: list[tuple[int, float]], threshold: float
):
    """Whatever the models say: confidences fall along no branch, and ancestors are there."""
    said = scores(*probabilities, objects=tuple(thing(i, round(s, 4)) for i, s in objects))
    shown = {label.name: label for label in view(min_confidence=threshold).labels(said)}
    for label in shown.values():
        assert 0.0 <= label.confidence <= 100.0
        for parent in label.parents:
            assert shown[parent.name].confidence >= label.confidence


@pytest.mark.parametrize("label", ["Dog", "Golden Retriever", "Person", "Seashore", "Cat"])
def test_an_explanation_ends_in_the_outcome(label: str):
    """It says whether the label is shown, or which threshold would show it."""
    lines = list(explain(view(), RETRIEVER, label))
    shown = label in names(view().labels(RETRIEVER))
    assert (": shown" in lines[-1]) == shown
    assert shown or "would show it" in lines[-1]


def test_an_explanation_of_no_label_is_a_mistake():
    """The message says where labels are listed."""
    with pytest.raises(ConfigError, match="bucketlens taxonomy"):
        list(explain(view(), RETRIEVER, "Unicorn"))


def test_the_packaged_weights_are_for_the_packaged_models():
    """A model that changes needs weights fitted anew: without them, labels would be raw scores."""
    folders = [load_model_folder(find_model_folder(n)) for n in ("efficientnet-lite2", "nanodet-g")]
    models = tuple(sorted(folder.card.model_sha256 for folder in folders))
    assert models in {combination.models for combination in packaged_combinations()}


def test_labels_of_an_own_model_need_no_taxonomy():
    """A class that the taxonomy does not know is a label without parents."""
    own = View(
        load_taxonomy(),
        classifier=("Turnstile Gate 7", "Pallet Jack"),
        detector=(),
        models=(),
        settings=Settings(),
    )
    codes = encode_log_probabilities(np.log([0.9, 0.1]))
    shown = own.labels(Scores(classes=(ClassScores(box=WHOLE, codes=codes, energy=1.0),)))
    assert names(shown)[0] == "Turnstile Gate 7"
    assert shown[0].parents == ()


def test_a_reply_has_the_shape_of_detectlabels():
    """Botocore's own model of the service accepts what we show."""
    loaders = pytest.importorskip("botocore.loaders")
    model = pytest.importorskip("botocore.model")
    validate = pytest.importorskip("botocore.validate")
    service = loaders.Loader().load_service_model("rekognition", "service-2")
    shape = model.ServiceModel(service).operation_model("DetectLabels").output_shape
    said = scores(0.97, 0.01, 0.01, 0.005, 0.005, objects=(thing(1, 0.9),))
    reply = {
        "Labels": msgspec.to_builtins(view().labels(said)),
        "LabelModelVersion": view().version,
    }
    report = validate.ParamValidator().validate(reply, shape)
    assert not report.has_errors(), report.generate_report()
    known = set(shape.members["Labels"].member.members)
    assert all(set(label) <= known for label in reply["Labels"])
