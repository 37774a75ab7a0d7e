"""The formula written out gives what the combination gives, where it can matter."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bucketlens.labels import load_taxonomy
from bucketlens.labels.combination import UNFITTED, packaged_combinations
from bucketlens.labels.formula import Formula
from bucketlens.labels.space import LabelSpace
from bucketlens.models import find_model_folder, load_model_folder
from bucketlens.scores import encode_log_probabilities
from bucketlens.types import WHOLE, ClassScores, Detection, Scores

CLASSIFIER = load_model_folder(find_model_folder("efficientnet-lite2")).labels
DETECTOR = load_model_folder(find_model_folder("nanodet-g")).labels
SPACE = LabelSpace(load_taxonomy().with_labels([*CLASSIFIER, *DETECTOR]), CLASSIFIER, DETECTOR)


def photo(seed: int) -> Scores:
    """Scores as sure or unsure, and as many objects, as chance has it."""
    chance = np.random.default_rng(seed)
    spread = chance.normal(0, chance.uniform(0.5, 4), len(CLASSIFIER))
    log_probabilities = spread - np.log(np.exp(spread).sum())
    said = ClassScores(
        box=WHOLE,
        codes=encode_log_probabilities(log_probabilities),
        energy=round(float(chance.normal(8, 3)), 2),
    )
    found = tuple(
        Detection(
            class_index=int(chance.integers(len(DETECTOR))),
            score=round(float(chance.random()) ** 3, 4),
            left=0.1,
            top=0.1,
            width=0.2,
            height=0.2,
        )
        for _ in range(chance.integers(40))
    )
    return Scores(classes=(said,) if chance.random() < 0.9 else (), detections=found)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.01, 0.05, 0.3, 0.55, 0.9, 1.0]))
def test_confidences_from_the_lowest_threshold_on_are_the_same_to_the_bit(seed: int, lowest: float):
    """And nothing that is left out was as sure as that."""
    evidence = SPACE.evidence(photo(seed))
    for combination in (*packaged_combinations(), UNFITTED):
        expected = combination.confidences(evidence, SPACE)
        found = Formula(combination, SPACE).confidences(evidence, lowest)
        sure = {label: value for label, value in expected.items() if value >= lowest}
        assert sure == {label: value for label, value in found.items() if value >= lowest}
        # A parent of something sure is shown with its own confidence, whatever that is.
        above = {parent for label in sure for parent in SPACE.above[label]}
        assert {label: expected[label] for label in above} == {
            label: found[label] for label in above
        }
