"""Labels of a stored reply under any settings, without asking again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bucketlens.errors import ConfigError
from bucketlens.labels import ReplyView
from bucketlens.models.rekognition import parse_reply
from bucketlens.settings import Settings
from bucketlens.types import Scores

REPLY = Path(__file__).parents[1] / "rekognition" / "reply.json"
SCORES = Scores(reply=parse_reply(json.loads(REPLY.read_text("utf-8"))))


def names(**settings: object) -> list[str]:
    """The labels that are shown."""
    return [label.name for label in ReplyView(Settings(**settings)).labels(SCORES)]  # type: ignore[arg-type]


def test_labels_are_the_surest_first():
    """From min_confidence on, by confidence, then by name, at most so many."""
    assert names() == ["Dog", "Golden Retriever", "Grass", "Plant"]
    assert names(min_confidence=30.0)[-1] == "Bench"
    assert names(min_confidence=95.0) == ["Dog"]
    assert names(max_labels=2) == ["Dog", "Golden Retriever"]
    assert names(features=("IMAGE_PROPERTIES",)) == []


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({"include_labels": ("dog",)}, ["Dog"]),
        ({"include_labels": ("Hound", "Flora")}, ["Dog", "Plant"]),
        ({"include_categories": ("Plants and Flowers",)}, ["Grass", "Plant"]),
        (
            {"include_categories": ("Plants and Flowers",), "include_labels": ("Dog",)},
            ["Dog", "Grass", "Plant"],
        ),
        ({"exclude_labels": ("Dog", "PLANT")}, ["Golden Retriever", "Grass"]),
        ({"exclude_categories": ("animals and pets",)}, ["Grass", "Plant"]),
        ({"include_labels": ("Dog",), "exclude_categories": ("Animals and Pets",)}, []),
        ({"include_labels": ("Unicorn",)}, []),
        ({"label_thresholds": {"Grass": 80.0}}, ["Dog", "Golden Retriever", "Plant"]),
        (
            {"label_thresholds": {"bench": 35.0}, "max_labels": 9},
            ["Dog", "Golden Retriever", "Grass", "Plant", "Bench"],
        ),
    ],
)
def test_filters_are_those_of_the_service(settings: dict[str, object], shown: list[str]):
    """Names, aliases and categories, in any case; an exclusion wins."""
    assert names(**settings) == shown


def test_display_names_are_used_everywhere():
    """For labels and their parents, and filters know them too."""
    view = ReplyView(Settings(display_names={"Dog": "Hund"}))
    first, second, *_ = view.labels(SCORES)
    assert first.name == "Hund"
    assert "Hund" in [parent.name for parent in second.parents]
    assert names(display_names={"Dog": "Hund"}, include_labels=("hund",)) == ["Hund"]


def test_unsure_places_are_not_shown():
    """A box below its label's threshold stays in the reply only."""
    assert len(ReplyView(Settings()).labels(SCORES)[0].instances) == 1
    assert len(ReplyView(Settings(min_confidence=40.0)).labels(SCORES)[0].instances) == 2


def test_colours_are_shown_as_far_as_they_are_asked_for():
    """As many as the setting says, of the picture, its regions and its objects, or none."""
    view = ReplyView(Settings(max_dominant_colors=1))
    properties = view.image_properties(SCORES)
    assert properties
    assert len(properties.dominant_colors) == len(properties.foreground.dominant_colors) == 1
    assert len(view.labels(SCORES)[0].instances[0].dominant_colors) == 1
    plain = ReplyView(Settings(features=("GENERAL_LABELS",)))
    assert plain.image_properties(SCORES) is None
    assert plain.labels(SCORES)[0].instances[0].dominant_colors == ()


def test_scores_without_a_reply_give_nothing():
    """As of an image that a model looked at."""
    assert ReplyView(Settings()).labels(Scores()) == ()
    assert ReplyView(Settings()).image_properties(Scores()) is None


@pytest.mark.parametrize("lower", [{"min_confidence": 10.0}, {"label_thresholds": {"Dog": 29.0}}])
def test_what_was_never_asked_for_is_not_promised(lower: dict[str, object]):
    """A threshold below rekognition_min_confidence would hide labels silently."""
    with pytest.raises(ConfigError, match="rekognition_min_confidence"):
        names(**lower)
    assert names(**lower, rekognition_min_confidence=0.0)


def test_the_fingerprint_follows_the_settings_of_the_view():
    """Other thresholds and names, another view; prices change nothing."""
    same = ReplyView(Settings()).fingerprint
    assert ReplyView(Settings(rekognition_price=5.0, workers=3)).fingerprint == same
    for other in (
        Settings(min_confidence=60.0),
        Settings(exclude_labels=("Dog",)),
        Settings(display_names={"Dog": "Hund"}),
        Settings(max_labels=3),
    ):
        assert ReplyView(other).fingerprint != same
