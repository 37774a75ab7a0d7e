"""The photos that the combination is fitted on: which sets, how much each counts, their scores."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bucketlens.assembly import build_labeler
from bucketlens.evaluation.manifest import read_manifest
from bucketlens.evaluation.truth import resolve_truths
from bucketlens.imaging import Limits, decode
from bucketlens.pipeline.scoring import decode_cover

if TYPE_CHECKING:
    from bucketlens.evaluation.truth import Truth
    from bucketlens.labels import View
    from bucketlens.settings import Settings
    from bucketlens.types import Scores

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("BUCKETLENS_TEST_DATA") or ROOT.parent / "shared" / "data")

WEIGHTS = {
    "everyday": 3.0,
    "examples": 3.0,
    "coco_val2017": 1.0,
    "voc2012_100": 1.0,
    "imagenet_val_full": 0.3,
    "imagenet_val_227": 0.15,
    "nips2017_ccby": 0.15,
}
"""What a photo of each set counts. Photos as people take them count most: of the ImageNet sets
each shows one thing, well framed, and 800 of them would teach that everything is."""


@dataclass(frozen=True, slots=True)
class ScoredPhoto:
    """A photo with its scores and what is known of it."""

    set: str
    file: str
    path: Path
    scores: Scores
    truth: Truth
    weight: float


def score_photos(settings: Settings) -> tuple[list[ScoredPhoto], View]:
    """Score all photos of the sets; a photo with a complete truth is not used with another one."""
    labeler = build_labeler(settings)
    wanted: dict[Path, tuple[str, str, Truth, float]] = {}
    for name, weight in WEIGHTS.items():
        manifest = read_manifest(_manifest(name), photos=_photos(name))
        truths = resolve_truths(manifest, labeler.view.space)
        for photo, truth in zip(manifest.photos, truths.photos, strict=True):
            if truth is not None and photo.path not in wanted:
                wanted[photo.path] = (name, photo.row.file, truth, weight)

    def score(path: Path) -> Scores:
        image = decode(path.read_bytes(), limits=Limits(), cover=decode_cover(settings))
        return labeler.scorer.score([image])[0]

    with ThreadPoolExecutor() as pool:
        scores = pool.map(score, wanted)
        photos = [
            ScoredPhoto(name, file, path, said, truth, weight)
            for said, (path, (name, file, truth, weight)) in zip(
                scores, wanted.items(), strict=True
            )
        ]
    return photos, labeler.view


def _manifest(name: str) -> Path:
    if name in {"everyday", "examples"}:
        return ROOT / "tests" / "truth" / f"{name}.json"
    return DATA / name / "manifest.jsonl"


def _photos(name: str) -> tuple[Path, ...]:
    """Where the photos are, if they are not beside the manifest."""
    return {"everyday": (DATA,), "examples": (ROOT / "examples" / "photos",)}.get(name, ())
