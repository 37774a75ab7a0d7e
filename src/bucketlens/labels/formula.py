"""The combination made ready for one space: the same confidences, where they can matter, sooner.

A photo gives some fifty labels a little evidence, and a handful come near any threshold. What stays
under the lowest of all is not shown, and raises no parent that is: it is left out as soon as that
is certain. This is where making labels again spends its time, so the formula of
:mod:`bucketlens.labels.combination` stands here once more, written out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from bucketlens.labels.combination import LEAST_MASS, candidates, found_log_odds, logit, sigmoid

if TYPE_CHECKING:
    from bucketlens.labels.combination import Combination, Weights
    from bucketlens.labels.space import Evidence, LabelSpace

SLACK = 1e-6
"""Of log-odds, far more than rounding does to them: what is left out is certainly lower."""

SMALLEST = 1e-12
"""Thresholds as low as this leave nothing out."""

MOST_MASS = 1.0 - LEAST_MASS


class Row(NamedTuple):
    """The weights of one label; ``breadth`` is multiplied already."""

    bias: float
    mass: float
    energy: float
    breadth: float
    found: float
    objects: float


class Formula:
    """Confidences of the labels of one space.

    Args:
        combination: The weights.
        space: The labels.
    """

    def __init__(self, combination: Combination, space: LabelSpace) -> None:
        """Look up the weights of each label."""
        self.usual_energy = combination.usual_energy
        kinds: list[Weights] = [getattr(combination, kind) for kind in space.situations]
        self.rows = tuple(
            Row(w.bias, w.mass, w.energy, w.breadth * breadth, w.found, w.objects)
            for w, breadth in zip(kinds, space.breadth, strict=True)
        )
        self._above = tuple(above[1:] for above in space.above)

    def confidences(self, evidence: Evidence, lowest: float) -> dict[int, float]:
        """As ``Combination.confidences``, without some that are lower than ``lowest``, 0 to 1."""
        own = self._own_confidences(evidence, logit(lowest, SMALLEST) - SLACK)
        raised = dict(own)
        for label, confidence in own.items():
            for above in self._above[label]:
                if raised.get(above, 0.0) < confidence:
                    raised[above] = confidence
        return raised

    def _own_confidences(self, evidence: Evidence, lowest: float) -> dict[int, float]:
        labels = candidates(evidence)
        found, objects = evidence.found, evidence.objects
        masses = evidence.mass[labels].clip(LEAST_MASS, MOST_MASS).tolist()
        energy = self.usual_energy if evidence.energy is None else evidence.energy
        energy -= self.usual_energy
        own: dict[int, float] = {}
        for label, mass in zip(labels, masses, strict=True):
            row = self.rows[label]
            log_odds = row.bias
            if row.mass:
                log_odds += row.mass * math.log(mass / (1.0 - mass))
            log_odds += row.energy * energy
            log_odds += row.breadth
            if row.found:
                log_odds += row.found * found_log_odds(found.get(label, 0.0))
            if row.objects:
                log_odds += row.objects * math.log1p(objects.get(label, 0))
            if log_odds >= lowest:
                own[label] = sigmoid(log_odds)
        return own
