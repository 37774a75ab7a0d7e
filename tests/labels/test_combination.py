"""The sums that are written out for speed are the plain ones, to the last bit."""

from __future__ import annotations

from functools import reduce
from operator import add

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketlens.labels import load_taxonomy
from bucketlens.labels.combination import UNFITTED, Combination, Weights, features, sigmoid
from bucketlens.labels.space import COUNTED, LabelSpace
from bucketlens.scores import encode_log_probabilities
from bucketlens.types import WHOLE, ClassScores, Detection, Scores

CLASSES = ("n02099601", "n02099712", "n02123045", "n04285008", "n09428293")
OBJECTS = ("coco:person", "coco:dog", "coco:car", "coco:cat")
SPACE = LabelSpace(load_taxonomy(), CLASSES, OBJECTS)

RICH = Weights(bias=-0.7, mass=0.9, energy=0.2, breadth=-0.1, found=0.6, objects=0.3)
COMBINATIONS = (
    UNFITTED,
    msgspec.structs.replace(
        UNFITTED, usual_energy=7.3, classified=RICH, detected=RICH, named=RICH, above=RICH
    ),
)

ratios = st.floats(0.0, 1.0).map(lambda value: round(value, 4))


@st.composite
def any_scores(draw: st.DrawFn) -> Scores:
    """What the models might say of a photo."""
    logs = draw(st.lists(st.floats(-16.0, 0.0), min_size=len(CLASSES), max_size=len(CLASSES)))
    said = ClassScores(
        box=WHOLE,
        codes=encode_log_probabilities(np.array(logs)),
        energy=draw(st.floats(0.0, 20.0)),
    )
    found = draw(st.lists(st.tuples(st.integers(0, len(OBJECTS) - 1), ratios), max_size=12))
    detections = tuple(
        Detection(class_index=index, score=score, left=0.0, top=0.0, width=0.5, height=0.5)
        for index, score in found
    )
    return Scores(classes=(said,), detections=detections)


@pytest.mark.parametrize("combination", COMBINATIONS)
@given(scores=any_scores())
def test_a_confidence_is_the_weighted_sum_of_its_features(combination: Combination, scores: Scores):
    """Terms that weigh nothing are left out without a trace."""
    evidence = SPACE.evidence(scores)
    for label in SPACE.above[SPACE.classes[0]] + SPACE.above[SPACE.objects[1]]:
        weights = getattr(combination, SPACE.situation(label))
        terms = features(label, evidence, SPACE, combination.usual_energy)
        weighed = [getattr(weights, name) * value for name, value in terms.items()]
        plain = sigmoid(reduce(add, weighed))  # `sum` keeps what is lost, since Python 3.12
        assert combination.own_confidence(label, evidence, SPACE) == plain


@given(scores=any_scores())
def test_evidence_is_the_surest_and_the_number_of_all_objects_below(scores: Scores):
    """As if each label looked at every detection."""
    evidence = SPACE.evidence(scores)
    for label in range(len(SPACE.above)):
        below = [
            detection.score
            for detection in scores.detections
            if label in SPACE.above[SPACE.objects[detection.class_index]]
        ]
        assert evidence.found.get(label, -1.0) == max(below, default=-1.0)
        assert evidence.objects.get(label, 0) == sum(score > COUNTED for score in below)
