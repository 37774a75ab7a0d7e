"""Replies follow from stored scores and from what the caller wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import botocore.session
import botocore.validate
import msgspec
import pytest

from bucketlens.assembly import build_labeler, build_view
from bucketlens.imaging import Limits, decode
from bucketlens.pipeline.scoring import ModelScorer, decode_cover
from bucketlens.server.protocol.answers import Answers, Wanted
from bucketlens.server.protocol.requests import GeneralLabels, read_call
from bucketlens.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from bucketlens.server.protocol.answers import DetectLabelsReply
    from bucketlens.types import Scores

BOTH = ("GENERAL_LABELS", "IMAGE_PROPERTIES")


@pytest.fixture(scope="module")
def scores(root: Path) -> Scores:
    """What the packaged models see in the photo of a zebra."""
    settings = Settings()
    data = (root / "examples" / "photos" / "zebra.jpg").read_bytes()
    image = decode(data, limits=Limits(), cover=decode_cover(settings))
    scorer = build_labeler(settings).scorer
    assert isinstance(scorer, ModelScorer)
    return scorer.score([image])[0]


@pytest.fixture(scope="module")
def answers() -> Answers:
    """With default settings."""
    return Answers(build_view(Settings()), Settings())


def names(reply: DetectLabelsReply) -> list[str]:
    """Of the labels."""
    return [label.name for label in reply.labels]


def test_the_defaults_are_those_of_the_service(answers: Answers):
    """55 percent, a thousand labels, ten colours, labels only."""
    assert answers.wanted(read_call(b'{"Image": {"Bytes": ""}}')) == Wanted(55.0, 1000)


def test_a_lower_threshold_shows_more(scores: Scores, answers: Answers):
    """What is shown at 90 percent is the beginning of what is shown at 1."""
    sure, all_of_them = (answers.reply(scores, Wanted(least, 1000)) for least in (90, 1))
    assert 0 < len(sure.labels) < len(all_of_them.labels)
    assert names(all_of_them)[: len(sure.labels)] == names(sure)
    assert all(label.confidence >= 90 for label in sure.labels)


def test_max_labels_are_the_surest(scores: Scores, answers: Answers):
    """The first of the longer list, also none."""
    whole = answers.reply(scores, Wanted(55, 1000))
    assert names(answers.reply(scores, Wanted(55, 3))) == names(whole)[:3]
    assert names(answers.reply(scores, Wanted(55, 0))) == []


def test_filters_leave_what_they_name(scores: Scores, answers: Answers):
    """Inclusions by name and category add up, exclusions take away, unknown names match nothing."""

    def left(**lists: tuple[str, ...]) -> set[str]:
        wanted = Wanted(55, 1000, filters=GeneralLabels(**lists))
        return set(names(answers.reply(scores, wanted)))

    whole = left()
    assert {"Zebra", "Animal"} < whole
    assert left(label_inclusion_filters=("Zebra", "Unicorn")) == {"Zebra"}
    assert left(label_inclusion_filters=("zebra",)) == set()
    assert left(label_exclusion_filters=("Zebra",)) == whole - {"Zebra"}
    animals = left(label_category_inclusion_filters=("Animals and Pets",))
    assert "Zebra" in animals
    assert animals <= whole
    assert left(label_category_exclusion_filters=("Animals and Pets",)) == whole - animals
    both = left(label_inclusion_filters=("Zebra", "Animal"), label_exclusion_filters=("Animal",))
    assert both == {"Zebra"}


def test_properties_come_only_when_they_are_asked_for(scores: Scores, answers: Answers):
    """Of the picture and of its objects; without labels there are no labels."""
    labels = answers.reply(scores, Wanted(55, 1000))
    assert labels.image_properties is msgspec.UNSET
    assert not any(place.dominant_colors for label in labels.labels for place in label.instances)
    both = answers.reply(scores, Wanted(55, 1000, BOTH))
    assert both.image_properties is not msgspec.UNSET
    assert any(place.dominant_colors for label in both.labels for place in label.instances)
    alone = answers.reply(scores, Wanted(55, 1000, ("IMAGE_PROPERTIES",)))
    assert alone.labels == ()
    assert alone.image_properties == both.image_properties


def test_as_many_colours_as_are_asked_for(scores: Scores, answers: Answers):
    """At most; none is allowed."""
    for most in (0, 2):
        reply = answers.reply(scores, Wanted(55, 1000, BOTH, max_dominant_colors=most))
        assert isinstance(reply.image_properties, msgspec.Struct)
        assert len(reply.image_properties.dominant_colors) == most


def test_the_operators_settings_hold_for_all_callers(scores: Scores):
    """A label that is excluded stays so, a display name is the name, thresholds are kept."""
    settings = Settings(exclude_labels=("Animal",), display_names={"Zebra": "Zebu"})
    mine = Answers(build_view(settings), settings)
    shown = names(mine.reply(scores, Wanted(55, 1000)))
    assert "Animal" not in shown
    assert "Zebu" in shown
    by_name = GeneralLabels(label_inclusion_filters=("Zebu",))
    assert names(mine.reply(scores, Wanted(55, 1000, filters=by_name))) == ["Zebu"]


@pytest.mark.parametrize("features", [("GENERAL_LABELS",), BOTH, ("IMAGE_PROPERTIES",)])
def test_replies_are_what_the_service_model_says(
    scores: Scores, answers: Answers, features: tuple[str, ...]
):
    """Each field has the type and the range of botocore's model, and no field is unknown to it."""
    reply = msgspec.json.decode(
        msgspec.json.encode(answers.reply(scores, Wanted(1, 1000, features)))
    )
    model = botocore.session.get_session().get_service_model("rekognition")
    shape = model.operation_model("DetectLabels").output_shape
    assert reply.pop("OrientationCorrection") is None
    report = botocore.validate.ParamValidator().validate(reply, shape)
    assert not report.has_errors(), report.generate_report()
    unknown(reply, shape)


def unknown(value: object, shape: object) -> None:
    """Fail at a field that a shape has not."""
    kind = shape.type_name  # type: ignore[attr-defined]
    if kind == "structure":
        assert isinstance(value, dict)
        for name, inner in value.items():
            unknown(inner, shape.members[name])  # type: ignore[attr-defined]
    elif kind == "list":
        assert isinstance(value, list)
        for inner in value:
            unknown(inner, shape.member)  # type: ignore[attr-defined]
