"""From evidence to confidence: a small fitted formula, then what the taxonomy demands.

A classifier and a detector speak of different things: a softmax shares one photo among all that is
in it, a detector scores each object apart, and the larger of two calibrated estimates is
over-confident. So the confidence of a label is a logistic function of what both say, with weights
fitted on photos whose labels are known (``tools/labels``), one set for each of three situations.
Energy and margin are the gate: a photo of nothing that the classifier knows has low energy, and
everything it names there loses confidence.
"""

from __future__ import annotations

import math
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from bucketlens.labels.space import Evidence, LabelSpace

LEAST = 1e-4
"""Probabilities are clipped to this far from 0 and 1 before their log-odds are taken."""

CANDIDATE_MASS = 0.004
"""A label that the classifier gives less than this and no object supports is not considered."""


class Weights(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One logistic function of a label's evidence.

    Attributes:
        bias: Log-odds when all else is zero.
        mass: For each unit of log-odds of the classifier's mass.
        found: For each unit of log-odds of the surest detection.
        energy: For each unit of energy above ``Combination.usual_energy``.
        margin: For each unit of log-probability that the first class is ahead.
    """

    bias: float = 0.0
    mass: float = 0.0
    found: float = 0.0
    energy: float = 0.0
    margin: float = 0.0

    def log_odds(self, mass: float, found: float, energy: float, margin: float) -> float:
        """The log-odds that the label is right; arguments as the attributes say."""
        return (
            self.bias
            + self.mass * logit(mass)
            + self.found * logit(found)
            + self.energy * energy
            + self.margin * margin
        )


class Combination(msgspec.Struct, frozen=True, kw_only=True):
    """The fitted weights, and what they were fitted on.

    Attributes:
        models: sha256 of the model files they were fitted for, sorted.
        usual_energy: Median energy of the photos they were fitted on.
        classified: For labels that only the classifier knows.
        detected: For labels that only the detector knows, or where there is no classifier.
        both: For labels that both know.
        detection: For a single detection: is there really such an object at this place?
    """

    models: tuple[str, ...]
    usual_energy: float
    classified: Weights
    detected: Weights
    both: Weights
    detection: Weights

    def confidences(self, evidence: Evidence, space: LabelSpace) -> dict[int, float]:
        """The confidence (0 to 1) of each label that has any evidence, no parent below a child."""
        own = {
            label: sigmoid(self._log_odds(label, evidence, space)) for label in candidates(evidence)
        }
        raised = dict(own)
        for label, confidence in own.items():
            for above in space.above[label][1:]:
                if raised.get(above, 0.0) < confidence:
                    raised[above] = confidence
        return raised

    def _log_odds(self, label: int, evidence: Evidence, space: LabelSpace) -> float:
        return self.weights_for(label, space).log_odds(
            float(evidence.mass[label]),
            evidence.found.get(label, 0.0),
            0.0 if evidence.energy is None else evidence.energy - self.usual_energy,
            evidence.margin,
        )

    def weights_for(self, label: int, space: LabelSpace) -> Weights:
        """Which of the three sets speaks for a label."""
        if label not in space.classified:
            return self.detected
        return self.both if label in space.detected else self.classified

    def detection_confidence(self, score: float) -> float:
        """The confidence (0 to 1) of one detection."""
        return sigmoid(self.detection.bias + self.detection.found * logit(score))


UNFITTED = Combination(
    models=(),
    usual_energy=0.0,
    classified=Weights(mass=1.0),
    detected=Weights(found=1.0),
    both=Weights(mass=0.5, found=0.5, bias=1.0),
    detection=Weights(found=1.0),
)
"""For models that nothing was fitted for: each one's own scores are taken at their word."""


def candidates(evidence: Evidence) -> list[int]:
    """The labels that have any evidence, in order."""
    massive = (evidence.mass > CANDIDATE_MASS).nonzero()[0].tolist()
    return sorted({*massive, *evidence.found})


@cache
def packaged_combinations() -> tuple[Combination, ...]:
    """The fitted weights that come with the package."""
    data = resources.files("bucketlens.labels").joinpath("data/combination.json").read_bytes()
    return msgspec.json.decode(data, type=tuple[Combination, ...])


def combination_for(models: tuple[str, ...]) -> Combination:
    """The weights fitted for these models (sha256 of each), or the unfitted ones."""
    wanted = tuple(sorted(models))
    return next((c for c in packaged_combinations() if c.models == wanted), UNFITTED)


def logit(probability: float) -> float:
    """Log-odds of a probability, clipped."""
    clipped = min(max(probability, LEAST), 1.0 - LEAST)
    return math.log(clipped / (1.0 - clipped))


def sigmoid(log_odds: float) -> float:
    """The probability of log-odds."""
    if log_odds >= 0.0:
        return 1.0 / (1.0 + math.exp(-log_odds))
    exp = math.exp(log_odds)
    return exp / (1.0 + exp)
