"""Measure the quantised classifier beside the float network, and write its model folder.

Usage: measure_classifier.py WORK_FOLDER TARGET_FOLDER    (PYTHONPATH: src)
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
from build_folder import write_folder
from photos import Photo, centre_crop, data_folder, photos
from quantise_classifier import GIVEN
from sources import CLASSIFIER_NETWORK, CLASSIFIER_WEIGHTS
from temperature import fit_temperature, top_confidence

from bucketlens.evaluation.calibration import measure_calibration
from bucketlens.models import (
    CalibrationReport,
    ClassifierCard,
    ClassifierDecoding,
    InputSpec,
    Measurement,
    SourcePackage,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float32]

# Whole pictures, stretched to the square: on photos as people take them that names more things
# right than the centre crop of the training recipe, and costs nothing (see docs/labels.md).
SETS = ("imagenet_val_full", "imagenet_val_227", "nips2017_ccby")
NAME = "efficientnet-lite2"
VERSION = "2"


def main(work: Path, target: Path) -> None:
    """Measure and write."""
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    quantised, exact = _open(work / f"{NAME}.onnx"), _open(work / f"{NAME}.float.onnx")
    measured, logits, right = [], [], []
    for name in SETS:
        kept = [photo for photo in photos(name) if valid_classes(photo)]
        pictures = [centre_crop(photo.pixels(), GIVEN.side, None) for photo in kept]
        ours = np.concatenate([quantised.run(["logits"], {"images": p[None]})[0] for p in pictures])
        theirs = np.concatenate(
            [exact.run(["logits"], {"images": GIVEN.floats(p)})[0] for p in pictures]
        )
        hits = _hits(ours, kept)
        measured.append(_top1(name, hits, _hits(theirs, kept), today))
        logits.append(ours)
        right.append(hits)
        agreement = float(np.mean(ours.argmax(axis=1) == theirs.argmax(axis=1)))
        print(f"{name}: {measured[-1].value:.4f} (float {measured[-1].float_value:.4f}), ", end="")
        print(f"the same first class on {agreement:.1%}")
    temperature, report = _calibrate(np.concatenate(logits), np.concatenate(right), today)
    print(f"temperature {temperature}: {report}")
    card = ClassifierCard(
        name=NAME,
        version=VERSION,
        licence="Apache-2.0",
        model_sha256="0" * 64,
        labels_sha256="0" * 64,
        label_count=1000,
        input=InputSpec(
            name="images",
            width=GIVEN.side,
            height=GIVEN.side,
            channels="rgb",
            layout="nhwc",
            dtype="uint8",
            mean=(127.0, 127.0, 127.0),
            std=(128.0, 128.0, 128.0),
            crop=None,
            resize="bicubic",
        ),
        sources=tuple(
            SourcePackage(**source.card_entry())
            for source in (CLASSIFIER_WEIGHTS, CLASSIFIER_NETWORK)
        ),
        measured=tuple(measured),
        decoding=ClassifierDecoding(
            scores="logits", temperature=temperature, embedding="embedding"
        ),
        calibration=report,
        remarks=(
            "Top-1 counts a class of the reassessed labels as right.",
            "8-bit activations, 7-bit weights (no processor saturates on them), float outputs.",
        ),
    )
    write_folder(target, card, work / f"{NAME}.onnx", _labels())


def valid_classes(photo: Photo) -> list[int]:
    """Return the classes that are right for a photo; none where no label of the 1,000 fits.

    The NeurIPS set was not reassessed: its one label stands.
    """
    valid: list[int] = photo.truth.get("real_class_indices", [photo.truth["class_index"]])
    return valid


def _open(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def _hits(logits: Array, kept: list[Photo]) -> npt.NDArray[np.bool_]:
    first = logits.argmax(axis=1)
    valid = [valid_classes(photo) for photo in kept]
    return np.array([index in one for index, one in zip(first, valid, strict=True)])


def _top1(
    name: str, ours: npt.NDArray[np.bool_], theirs: npt.NDArray[np.bool_], today: str
) -> Measurement:
    return Measurement(
        metric="top1",
        dataset=name,
        images=len(ours),
        value=round(float(ours.mean()), 4),
        float_value=round(float(theirs.mean()), 4),
        date=today,
    )


def _calibrate(
    logits: Array, right: npt.NDArray[np.bool_], today: str
) -> tuple[float, CalibrationReport]:
    """Fit the temperature on every other photo, and measure on the rest."""
    temperature = round(fit_temperature(logits[::2], right[::2]), 3)
    others, outcome = logits[1::2], right[1::2]
    after = measure_calibration(top_confidence(others, temperature), outcome)
    before = measure_calibration(top_confidence(others, 1.0), outcome)
    assert after is not None  # noqa: S101 - there are photos
    assert before is not None  # noqa: S101
    report = CalibrationReport(
        dataset="+".join(SETS),
        fitted=len(logits[::2]),
        images=after.count,
        error=round(after.error, 4),
        interval=(round(after.low, 4), round(after.high, 4)),
        error_before=round(before.error, 4),
        perfect=round(after.perfect_high, 4),
        date=today,
    )
    return temperature, report


def _labels() -> list[str]:
    rows = json.loads((data_folder() / "imagenet_classes.json").read_text(encoding="utf-8"))
    return [row["wnid"] for row in sorted(rows, key=lambda row: row["class_index"])]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
