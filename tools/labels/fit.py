"""Fit the weights of the combination, say how good they are, and write them into the package.

    PYTHONPATH=src python tools/labels/fit.py              fit, report, write the weights
    PYTHONPATH=src python tools/labels/fit.py --dry-run    fit and report only

What is reported is measured on photos that the weights in use were not fitted on: five times, four
fifths of the photos are fitted and the last fifth is judged. What is written is fitted on all.
"""

from __future__ import annotations

import argparse
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from photos import DATA, ScoredPhoto, score_photos

from bucketlens.assembly import find_models
from bucketlens.evaluation.calibration import measure_calibration
from bucketlens.evaluation.truth import FOUND, Verdict
from bucketlens.labels.combination import (
    LEAST_FOUND,
    Combination,
    Weights,
    candidates,
    features,
    logit,
    packaged_combinations,
)
from bucketlens.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from bucketlens.labels import View
    from bucketlens.labels.space import Evidence, LabelSpace
    from bucketlens.types import Detection

FOLDS = 5
RIDGE = 2.0
"""Pull of each weight towards zero, as if so many answers said that it does not matter."""

TERMS = {
    "classified": ("bias", "mass", "energy", "breadth"),
    "detected": ("bias", "found", "objects"),
    "named": ("bias", "mass", "found", "objects"),
    "above": ("bias", "mass", "energy", "breadth", "found", "objects"),
}
CONVERGED = 1e-9
OVERLAP = 0.5
"""Of a detection with a true box (intersection over union), from which it counts as right."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One label of one photo: what the models say, and whether it is right."""

    photo: int
    label: int
    situation: str
    terms: dict[str, float]
    right: bool


def main() -> None:
    """Fit, report, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--dry-run", action="store_true", help="write nothing")
    options = parser.parse_args()
    photos, view = score_photos(Settings(features=("GENERAL_LABELS",)))
    evidence = [view.space.evidence(photo.scores) for photo in photos]
    answers, usual = answers_of(photos, evidence, view.space)
    _report(photos, evidence, view, fit_unseen(photos, answers, usual, view.space))
    fitted = fit(photos, answers, usual, view.space)
    for situation in (*TERMS, "detection"):
        print(situation, msgspec.to_builtins(getattr(fitted, situation)))
    if not options.dry_run:
        _write(fitted)


def answers_of(
    photos: list[ScoredPhoto], evidence: list[Evidence], space: LabelSpace
) -> tuple[list[Answer], float]:
    """All labels of all photos of which it is known whether they are right; the usual energy."""
    energies = [said.energy for said in evidence if said.energy is not None]
    usual = round(float(np.median(energies)), 3) if energies else 0.0
    answers = [
        answer
        for i, photo in enumerate(photos)
        for answer in _answers(i, photo, evidence[i], space, usual)
    ]
    return answers, usual


def fit(
    photos: list[ScoredPhoto], answers: Iterable[Answer], usual: float, space: LabelSpace
) -> Combination:
    """The weights that fit some answers best."""
    grouped = defaultdict(list)
    for answer in answers:
        grouped[answer.situation].append(answer)
    cards = find_models(Settings()).cards()
    return Combination(
        models=tuple(sorted(card.model_sha256 for card in cards)),
        usual_energy=usual,
        detection=_fit_detection(photos, space),
        **{s: _fit_situation(s, grouped[s], photos) for s in TERMS},
    )


def fit_unseen(
    photos: list[ScoredPhoto], answers: list[Answer], usual: float, space: LabelSpace
) -> list[Combination]:
    """For each photo, weights that were fitted on other photos."""
    folds = [zlib.crc32(f"{photo.set}/{photo.file}".encode()) % FOLDS for photo in photos]
    unseen = [
        fit(photos, [a for a in answers if folds[a.photo] != fold], usual, space)
        for fold in range(FOLDS)
    ]
    return [unseen[fold] for fold in folds]


def _answers(
    index: int, photo: ScoredPhoto, evidence: Evidence, space: LabelSpace, usual: float
) -> Iterable[Answer]:
    for label in candidates(evidence):
        right = _is_right(photo, label, evidence, space)
        if right is not None:
            terms = features(label, evidence, space, usual)
            yield Answer(index, label, space.situation(label), terms, right)


def _is_right(photo: ScoredPhoto, label: int, evidence: Evidence, space: LabelSpace) -> bool | None:
    """Whether a label is right, None where nobody knows."""
    found = evidence.found.get(label, 0.0) >= FOUND
    verdict = photo.truth.verdict(label, found=found)
    if verdict is not Verdict.UNJUDGED:
        return verdict is Verdict.RIGHT
    if photo.truth.areas and photo.truth.judged:
        # No Beagle where every Dog was looked for and none was there.
        looked_for = [above for above in space.above[label] if above in photo.truth.judged]
        if looked_for and not any(above in photo.truth.right for above in looked_for):
            return False
    return None


def _fit_situation(situation: str, answers: list[Answer], photos: list[ScoredPhoto]) -> Weights:
    terms = TERMS[situation]
    rows = np.array([[answer.terms[term] for term in terms] for answer in answers])
    right = np.array([answer.right for answer in answers], dtype=np.float64)
    weight = np.array([photos[answer.photo].weight for answer in answers])
    fitted = _logistic(rows, right, weight)
    return Weights(**{t: round(float(w), 3) for t, w in zip(terms, fitted, strict=True)})


def _logistic(
    rows: NDArray[np.float64], right: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weights of a logistic regression by Newton's method; the first column is the bias."""
    ridge = np.eye(rows.shape[1]) * RIDGE
    ridge[0, 0] = 1e-6
    fitted = np.zeros(rows.shape[1])
    for _ in range(100):
        said = 1.0 / (1.0 + np.exp(-rows @ fitted))
        slope = rows.T @ (weight * (said - right)) + ridge @ fitted
        curve = (rows * (weight * said * (1.0 - said))[:, None]).T @ rows + ridge
        step = np.linalg.solve(curve, slope)
        fitted = fitted - step
        if np.abs(step).max() < CONVERGED:
            break
    return fitted


def _fit_detection(photos: list[ScoredPhoto], space: LabelSpace) -> Weights:
    """How often a detection of a score has a true object of its class at its place."""
    boxes = _true_boxes(space)
    rows, right = [], []
    for photo in photos:
        for detection in photo.scores.detections:
            if photo.file in boxes and photo.set == "coco_val2017":
                label = space.objects[detection.class_index]
                true = boxes[photo.file].get(label, [])
                rows.append([1.0, logit(detection.score, LEAST_FOUND)])
                right.append(any(_overlap(detection, box) >= OVERLAP for box in true))
    fitted = _logistic(np.array(rows), np.array(right, dtype=np.float64), np.ones(len(rows)))
    return Weights(bias=round(float(fitted[0]), 3), found=round(float(fitted[1]), 3))


def _true_boxes(space: LabelSpace) -> dict[str, dict[int, list[tuple[float, ...]]]]:
    """By file and label, true boxes as ratios: left, top, width, height."""
    found: dict[str, dict[int, list[tuple[float, ...]]]] = {}
    for line in (DATA / "coco_val2017" / "manifest.jsonl").read_bytes().splitlines():
        row = msgspec.json.decode(line)
        boxes: dict[int, list[tuple[float, ...]]] = defaultdict(list)
        for box in row["boxes"]:
            left, top, width, height = box["bbox_xywh"]
            label = space.taxonomy.index_of("coco:" + box["label"])
            ratios = (left / row["width"], top / row["height"])
            boxes[label].append((*ratios, width / row["width"], height / row["height"]))
        found[row["file"]] = boxes
    return found


def _overlap(detection: Detection, box: tuple[float, ...]) -> float:
    left, top, width, height = box
    across = min(detection.left + detection.width, left + width) - max(detection.left, left)
    down = min(detection.top + detection.height, top + height) - max(detection.top, top)
    shared = max(across, 0.0) * max(down, 0.0)
    return shared / (detection.width * detection.height + width * height - shared + 1e-12)


def _report(
    photos: list[ScoredPhoto],
    evidence: list[Evidence],
    view: View,
    combinations: list[Combination],
) -> None:
    """Say how right the shown labels are, set by set, by weights that never saw their photos."""
    space = view.space
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    said: dict[str, list[tuple[float, bool, int]]] = defaultdict(list)
    wrong: dict[str, Counter[str]] = defaultdict(Counter)
    for i, photo in enumerate(photos):
        tally = counts[photo.set]
        shown = _shown(combinations[i].confidences(evidence[i], space), view)
        tally["photos"] += 1
        tally["without a label"] += not shown
        tally["covered"] += bool(photo.truth.specific & shown.keys())
        tally["wanted"] += len(photo.truth.wanted)
        tally["recalled"] += len(photo.truth.wanted & shown.keys())
        for label, confidence in shown.items():
            found = evidence[i].found.get(label, 0.0) >= FOUND
            verdict = photo.truth.verdict(label, found=found)
            tally[verdict.value] += 1
            if verdict is not Verdict.UNJUDGED:
                said[photo.set].append((confidence, verdict is Verdict.RIGHT, i))
                if verdict is not Verdict.RIGHT:
                    wrong[photo.set][view.taxonomy.labels[label].name] += 1
    for name, tally in counts.items():
        bad = tally["wrong"] + tally["silly"]
        precision = tally["right"] / max(tally["right"] + bad, 1)
        print(f"{name}: {dict(tally)}")
        print(f"    precision {precision:.3f}, covered {tally['covered'] / tally['photos']:.3f}")
        print(f"    calibration {_calibration(said[name])}")
        print(f"    wrong: {', '.join(f'{n} {c}' for n, c in wrong[name].most_common(12))}")
    everything = [answer for answers in said.values() for answer in answers]
    print(f"all shown labels: calibration {_calibration(everything)}")


def _calibration(said: list[tuple[float, bool, int]]) -> str:
    confidence, right, groups = zip(*said, strict=True) if said else ((), (), ())
    c = measure_calibration(confidence, right, groups=groups)
    if c is None:
        return "of nothing"
    return (
        f"{c.error:.3f} [{c.low:.3f}, {c.high:.3f}] over {c.count} labels; a perfect one shows"
        f" {c.perfect:.3f}; says {c.confidence:.3f}, is right {c.right:.3f}"
    )


def _shown(confidences: dict[int, float], view: View) -> dict[int, float]:
    return {label: confidences[label] for label in view.sure(confidences)}


def _write(fitted: Combination) -> None:
    """Put the weights beside those of other models, in place of older ones of the same."""
    import bucketlens.labels  # noqa: PLC0415 - only for its folder

    path = Path(bucketlens.labels.__file__).parent / "data" / "combination.json"
    others = [c for c in packaged_combinations() if c.models != fitted.models]
    path.write_bytes(msgspec.json.format(msgspec.json.encode([*others, fitted]), indent=1) + b"\n")
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
