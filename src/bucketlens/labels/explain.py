"""Why a label is shown, or why it is not and what would show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketlens.errors import ConfigError
from bucketlens.labels.combination import UNFITTED

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
    evidence = view.space.evidence(scores)
    yield f"{known.name}:"
    yield from _classes(view, scores, label)
    yield from _objects(view, scores, label)
    weights = view.combination.weights_for(label, view.space)
    if evidence.energy is not None:
        yield (
            f"  energy {evidence.energy:.2f} (usual: {view.combination.usual_energy:.2f}),"
            f" first class {evidence.margin:.2f} ahead of the second"
        )
    fitted = "not fitted for these models" if view.combination is UNFITTED else "fitted"
    terms = ", ".join(f"{f} {getattr(weights, f):+.2f}" for f in weights.__struct_fields__)
    yield f"  weights ({fitted}): {terms}"
    yield from _outcome(view, scores, label)


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
    if label in view.hidden:
        yield f"  confidence {confidence:.1f}; a setting or the taxonomy keeps it from being shown"
    elif confidence >= threshold:
        yield f"  confidence {confidence:.1f}, threshold {threshold:.1f}: shown"
    else:
        yield (
            f"  confidence {confidence:.1f}, threshold {threshold:.1f}: not shown; a threshold of"
            f" {confidence:.1f} would show it (label_thresholds or min_confidence)"
        )
