"""Why a label is shown, or why it is not and what would show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketlens.errors import ConfigError
from bucketlens.labels.combination import UNFITTED, features

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bucketlens.labels.view import View
    from bucketlens.types import Scores

CLASSES_NAMED = 5


def explain(view: View, scores: Scores, name: str) -> Iterator[str]:
    """Lines that tell the evidence for a label, the arithmetic, and the outcome.

    Raises:
        ConfigError: There is no such label.
    """
    label = view.taxonomy.resolve(name)
    if label is None:
        raise ConfigError(f"there is no label {name!r}; `bucketlens taxonomy` lists all")
    known = view.taxonomy.labels[label]
    yield f"{known.name}:"
    yield from _classes(view, scores, label)
    yield from _objects(view, scores, label)
    yield from _arithmetic(view, scores, label)
    yield from _outcome(view, scores, label)


def _arithmetic(view: View, scores: Scores, label: int) -> Iterator[str]:
    """The terms whose sum is the label's own log-odds."""
    evidence = view.space.evidence(scores)
    combination = view.combination
    weights = getattr(combination, view.space.situation(label))
    terms = features(label, evidence, view.space, combination.usual_energy)
    said = ", ".join(
        f"{name} {getattr(weights, name) * value:+.2f}"
        for name, value in terms.items()
        if getattr(weights, name)
    )
    fitted = "not fitted for these models" if combination is UNFITTED else "fitted"
    own = 100 * combination.own_confidence(label, evidence, view.space)
    yield f"  log-odds ({fitted}): {said}"
    yield f"  by its own evidence: confidence {own:.1f}"


def _classes(view: View, scores: Scores, label: int) -> Iterator[str]:
    if label not in view.space.classified:
        yield "  the classifier has no class of this label"
        return
    for said in scores.classes:
        probabilities = view.space.class_probabilities(said)
        below = [c for c, leaf in enumerate(view.space.classes) if label in view.space.above[leaf]]
        below.sort(key=lambda c: -probabilities[c])
        total = float(probabilities[below].sum())
        yield f"  the classifier gives it {100 * total:.2f} % over {len(below):,} classes, of which"
        for c in below[:CLASSES_NAMED]:
            leaf = view.taxonomy.labels[view.space.classes[c]].name
            yield f"      {100 * probabilities[c]:6.2f} %  {leaf}"


def _objects(view: View, scores: Scores, label: int) -> Iterator[str]:
    if label not in view.space.detected:
        yield "  the detector has no class of this label"
        return
    found = [
        d for d in scores.detections if label in view.space.above[view.space.objects[d.class_index]]
    ]
    if not found:
        yield "  the detector found none"
    for detection in found[:CLASSES_NAMED]:
        leaf = view.taxonomy.labels[view.space.objects[detection.class_index]].name
        sure = 100 * view.combination.detection_confidence(detection.score)
        yield f"  the detector found a {leaf}: score {detection.score:.2f}, confidence {sure:.1f}"


def _outcome(view: View, scores: Scores, label: int) -> Iterator[str]:
    evidence = view.space.evidence(scores)
    confidence = 100 * view.combination.confidences(evidence, view.space).get(label, 0.0)
    threshold = view.threshold(label)
    own = 100 * view.combination.own_confidence(label, evidence, view.space)
    if confidence > own + 0.05:
        child = next(
            view.taxonomy.labels[below].name
            for below in view.taxonomy.descendant_indices(label)
            if 100 * view.combination.own_confidence(below, evidence, view.space)
            >= confidence - 1e-9
        )
        yield f"  raised to {confidence:.1f}: it is no less sure than {child}"
    if label in view.hidden:
        yield f"  confidence {confidence:.1f}; a setting or the taxonomy keeps it from being shown"
    elif confidence >= threshold:
        yield f"  confidence {confidence:.1f}, threshold {threshold:.1f}: shown"
    else:
        yield (
            f"  confidence {confidence:.1f}, threshold {threshold:.1f}: not shown; a threshold of"
            f" {confidence:.1f} would show it (label_thresholds or min_confidence)"
        )
