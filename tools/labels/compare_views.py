"""Compare what the classifier may be shown of a photo: what each way is worth, and what it costs.

    PYTHONPATH=src python tools/labels/compare_views.py

Each way is fitted and judged as tools/labels/fit.py does it, on photos that the weights never saw.
"""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from fit import answers_of, fit_unseen
from photos import ScoredPhoto, score_photos

from bucketlens.assembly import find_models
from bucketlens.evaluation.truth import FOUND, Verdict
from bucketlens.imaging import Limits, decode, model_input
from bucketlens.models import Classifier
from bucketlens.pipeline.scoring import decode_cover, rounded_box
from bucketlens.scores import encode_log_probabilities
from bucketlens.settings import Settings
from bucketlens.types import WHOLE, BoundingBox, ClassScores, Scores

if TYPE_CHECKING:
    from bucketlens.labels import View
    from bucketlens.labels.space import Evidence
    from bucketlens.types import DecodedImage

CENTRE = 260 / 292
"""Share of the short side that the centre crop of the training recipe keeps."""

OBJECTS = 3
OBJECT_SCORE = 0.2
MARGIN = 0.1

WAYS = {
    "whole picture, stretched": ("stretched",),
    "centre square": ("centre",),
    "both": ("stretched", "centre"),
    "centre and the squares at both ends": ("centre", "first end", "last end"),
    "whole picture and up to 3 objects": ("stretched", "objects"),
}


@dataclass(frozen=True, slots=True)
class Views:
    """What the classifier says of each view of a photo."""

    whole: dict[str, ClassScores]
    objects: tuple[ClassScores, ...]


def main() -> None:
    """Score all views of all photos, then judge each way."""
    settings = Settings(features=("GENERAL_LABELS",))
    photos, view = score_photos(settings)
    folder = find_models(settings).classifier
    if folder is None:
        raise SystemExit("there is no classifier")
    classifier = Classifier(folder)
    started = time.monotonic()
    with ThreadPoolExecutor() as pool:
        views = list(pool.map(lambda photo: _look(photo, classifier, settings), photos))
    runs = sum(len(v.whole) + len(v.objects) for v in views)
    print(f"{runs} views, {1000 * (time.monotonic() - started) / runs:.1f} ms each, all cores")
    for name, parts in WAYS.items():
        evidence = [_evidence(p, v, parts, view) for p, v in zip(photos, views, strict=True)]
        extra = np.mean([_count(v, parts) for v in views]) - 1
        print(f"{name}: {extra:.1f} more runs a photo")
        _judge(photos, evidence, view)


def _look(photo: ScoredPhoto, classifier: Classifier, settings: Settings) -> Views:
    image = decode(photo.path.read_bytes(), limits=Limits(), cover=decode_cover(settings))
    first, last = _ends(image)
    regions: dict[str, tuple[BoundingBox, float | None]] = {
        "stretched": (WHOLE, None),
        "centre": (WHOLE, CENTRE),
        "first end": (first, 1.0),
        "last end": (last, 1.0),
    }
    found = [d for d in photo.scores.detections if d.score >= OBJECT_SCORE][:OBJECTS]
    boxes = [
        rounded_box(
            d.left - MARGIN * d.width,
            d.top - MARGIN * d.height,
            d.width * (1 + 2 * MARGIN),
            d.height * (1 + 2 * MARGIN),
        )
        for d in found
    ]
    wanted = [*regions.values(), *((box, None) for box in boxes)]
    spec = classifier.card.input
    pixels = [
        model_input(
            image,
            width=spec.width,
            height=spec.height,
            crop=crop,
            method=spec.resize,
            region=None if box is WHOLE else box,
        )
        for box, crop in wanted
    ]
    said = classifier.run(np.stack(pixels))
    scores = [
        ClassScores(
            box=box,
            codes=encode_log_probabilities(said.log_probabilities[i]),
            energy=round(float(said.energy[i]), 2),
        )
        for i, (box, _) in enumerate(wanted)
    ]
    return Views(dict(zip(regions, scores, strict=False)), tuple(scores[len(regions) :]))


def _ends(image: DecodedImage) -> tuple[BoundingBox, BoundingBox]:
    height, width = image.pixels.shape[:2]
    if width >= height:
        share = height / width
        return rounded_box(0.0, 0.0, share, 1.0), rounded_box(1.0 - share, 0.0, share, 1.0)
    share = width / height
    return rounded_box(0.0, 0.0, 1.0, share), rounded_box(0.0, 1.0 - share, 1.0, share)


def _count(views: Views, parts: tuple[str, ...]) -> int:
    return sum(len(views.objects) if part == "objects" else 1 for part in parts)


def _evidence(photo: ScoredPhoto, views: Views, parts: tuple[str, ...], view: View) -> Evidence:
    """Views of the whole are averaged; of an object, what is surest of it counts."""
    classes = tuple(views.whole[part] for part in parts if part != "objects")
    scores = Scores(classes=classes, detections=photo.scores.detections)
    evidence = view.space.evidence(scores)
    if "objects" not in parts:
        return evidence
    mass = evidence.mass
    for said in views.objects:
        mass = np.maximum(mass, view.space.evidence(Scores(classes=(said,))).mass)
    return replace(evidence, mass=mass)


def _judge(photos: list[ScoredPhoto], evidence: list[Evidence], view: View) -> None:
    answers, usual = answers_of(photos, evidence, view.space)
    unseen = fit_unseen(photos, answers, usual, view.space)
    tally: dict[str, Counter[Verdict]] = {}
    for photo, said, combination in zip(photos, evidence, unseen, strict=True):
        for label in view.sure(combination.confidences(said, view.space)):
            found = said.found.get(label, 0.0) >= FOUND
            verdict = photo.truth.verdict(label, found=found)
            tally.setdefault(photo.set, Counter())[verdict] += 1
    for name, counts in tally.items():
        right = counts[Verdict.RIGHT]
        wrong = counts[Verdict.WRONG] + counts[Verdict.SILLY]
        print(
            f"    {name}: {right} right, {wrong} wrong, {counts[Verdict.SILLY]} of them silly,"
            f" precision {right / max(right + wrong, 1):.3f}"
        )


if __name__ == "__main__":
    main()
