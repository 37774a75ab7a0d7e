"""From evidence to confidence: a small fitted formula, then what the taxonomy demands.

A classifier and a detector speak of different things: a softmax shares one photo among all that is
in it, a detector scores each object apart, and the larger of two calibrated estimates is
over-confident. So the confidence of a label is a logistic function of what both say, with weights
fitted on photos whose labels are known (``tools/labels``), one set for each of four situations.
Energy is the gate: a photo of nothing that the classifier knows has low energy, and everything
that it names there loses confidence.
"""

from __future__ import annotations

import math
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from bucketlens.labels.space import Evidence, LabelSpace

LEAST_MASS = 1e-3
LEAST_FOUND = 0.05
"""Below these the models' numbers say no more; log-odds are taken of nothing smaller."""

CANDIDATE_MASS = 0.004
"""A label that the classifier gives less than this and no object supports is not considered."""

Situation = Literal["classified", "detected", "named", "above"]


class Weights(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One logistic function of a label's evidence.

    Attributes:
        bias: Log-odds when all else is zero.
        mass: For each unit of log-odds of the classifier's mass.
        energy: For each unit of energy above ``Combination.usual_energy``.
        breadth: For each unit of the log of how many labels it stands for.
        found: For each unit of log-odds of the surest detection.
        objects: For each unit of the log of one plus the objects found of it.
    """

    bias: float = 0.0
    mass: float = 0.0
    energy: float = 0.0
    breadth: float = 0.0
    found: float = 0.0
    objects: float = 0.0


class Combination(msgspec.Struct, frozen=True, kw_only=True):
    """The fitted weights, and what they were fitted for.

    Attributes:
        models: sha256 of the model files they were fitted for, sorted.
        usual_energy: Median energy of the photos they were fitted on.
        classified: For labels that only the classifier knows.
        detected: For labels that only the detector knows.
        named: For labels that the detector has a class of, and the classifier knows too.
        above: For labels above such classes: groups that both know something of.
        detection: For a single detection: is there really such an object at this place?
    """

    models: tuple[str, ...]
    usual_energy: float
    classified: Weights
    detected: Weights
    named: Weights
    above: Weights
    detection: Weights

    def confidences(self, evidence: Evidence, space: LabelSpace) -> dict[int, float]:
        """The confidence (0 to 1) of each label that has any evidence, no parent below a child."""
        own = {label: self.own_confidence(label, evidence, space) for label in candidates(evidence)}
        raised = dict(own)
        for label, confidence in own.items():
            for above in space.above[label][1:]:
                if raised.get(above, 0.0) < confidence:
                    raised[above] = confidence
        return raised

    def own_confidence(self, label: int, evidence: Evidence, space: LabelSpace) -> float:
        """The confidence of a label by its own evidence, before the taxonomy has its say."""
        weights: Weights = getattr(self, space.situations[label])
        energy = 0.0 if evidence.energy is None else evidence.energy - self.usual_energy
        # The sum over `features`, written out, since labels made again spend their time here; what
        # weighs nothing is left out, which changes no bit of it.
        log_odds = weights.bias
        if weights.mass:
            log_odds += weights.mass * logit(float(evidence.mass[label]), LEAST_MASS)
        log_odds += weights.energy * energy
        log_odds += weights.breadth * space.breadth[label]
        if weights.found:
            log_odds += weights.found * found_log_odds(evidence.found.get(label, 0.0))
        if weights.objects:
            log_odds += weights.objects * math.log1p(evidence.objects.get(label, 0))
        return sigmoid(log_odds)

    def detection_confidence(self, score: float) -> float:
        """The confidence (0 to 1) of one detection."""
        weights = self.detection
        return sigmoid(weights.bias + weights.found * found_log_odds(score))


def features(
    label: int, evidence: Evidence, space: LabelSpace, usual_energy: float
) -> dict[str, float]:
    """What the weights of the same names are multiplied with."""
    energy = usual_energy if evidence.energy is None else evidence.energy
    return {
        "bias": 1.0,
        "mass": logit(float(evidence.mass[label]), LEAST_MASS),
        "energy": energy - usual_energy,
        "breadth": space.breadth[label],
        "found": logit(evidence.found.get(label, 0.0), LEAST_FOUND),
        "objects": math.log1p(evidence.objects.get(label, 0)),
    }


UNFITTED = Combination(
    models=(),
    usual_energy=0.0,
    classified=Weights(mass=1.0),
    detected=Weights(found=1.0),
    named=Weights(bias=1.0, mass=0.5, found=0.5),
    above=Weights(bias=1.0, mass=0.5, found=0.5),
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


def logit(probability: float, least: float) -> float:
    """Log-odds of a probability, clipped to ``least`` from 0 and 1."""
    clipped = min(max(probability, least), 1.0 - least)
    return math.log(clipped / (1.0 - clipped))


@lru_cache(maxsize=1 << 14)
def found_log_odds(score: float) -> float:
    """Log-odds of a detection's score; stored scores have four digits, so there are few."""
    return logit(score, LEAST_FOUND)


def sigmoid(log_odds: float) -> float:
    """The probability of log-odds."""
    if log_odds >= 0.0:
        return 1.0 / (1.0 + math.exp(-log_odds))
    exp = math.exp(log_odds)
    return exp / (1.0 + exp)
