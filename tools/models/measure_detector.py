"""Measure the quantised detector beside the float network, and write its model folder.

Usage: measure_detector.py WORK_FOLDER TARGET_FOLDER    (PYTHONPATH: src and tools)
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import onnx
import onnxruntime
from build_folder import write_folder
from maps_as_bytes import grids_of
from photos import Photo, data_folder, photos, stretched
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from quantise_detector import BGR_MEAN, BGR_STD, BINS, GIVEN
from sources import DETECTOR_GRAPH

from bucketlens.models import DetectorCard, DetectorDecoding, InputSpec, Measurement, SourcePackage
from bucketlens.models.boxes import decode_image

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Run = Callable[[npt.NDArray[np.uint8]], list[npt.NDArray[Any]]]

NAME = "nanodet-g"
VERSION = "3"
SETS = ("coco_val2017", "voc2012_100")
DECODING = DetectorDecoding(
    maps=("stride_8", "stride_16", "stride_32"), strides=(8, 16, 32), bins=BINS
)
# The names of Pascal VOC where COCO has others.
VOC_NAMES = {
    "aeroplane": "airplane",
    "diningtable": "dining table",
    "motorbike": "motorcycle",
    "pottedplant": "potted plant",
    "sofa": "couch",
    "tvmonitor": "tv",
}


@dataclass(frozen=True)
class Truth:
    """The boxes of one set in the form of pycocotools, and the pictures they are of."""

    coco: COCO
    photos: list[Photo]
    pictures: list[npt.NDArray[np.uint8]]


def categories() -> dict[str, int]:
    """Return COCO's own ids by name, in the order of the detector's outputs."""
    rows = json.loads((data_folder() / "coco_categories.json").read_text(encoding="utf-8"))
    return {name: int(number) for number, name in rows.items()}


def read_truth(name: str) -> Truth:
    """Return the truth of a set; photos whose boxes are not complete are left out."""
    ids = categories()
    kept = [photo for photo in photos(name) if photo.truth.get("boxes_complete", True)]
    images = [
        {"id": number, "width": photo.truth["width"], "height": photo.truth["height"]}
        for number, photo in enumerate(kept)
    ]
    boxes = [
        {
            "image_id": number,
            "category_id": ids[VOC_NAMES.get(box["label"], box["label"])],
            "bbox": box["bbox_xywh"],
            "area": box["bbox_xywh"][2] * box["bbox_xywh"][3],
            # A box that VOC calls difficult counts neither way, as a crowd in COCO.
            "iscrowd": int(bool(box.get("iscrowd") or box.get("difficult"))),
        }
        for number, photo in enumerate(kept)
        for box in photo.truth["boxes"]
    ]
    coco = COCO()
    coco.dataset = {
        "images": images,
        "annotations": [{"id": index, **box} for index, box in enumerate(boxes, start=1)],
        "categories": [{"id": number, "name": name} for name, number in ids.items()],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
    return Truth(coco, kept, [stretched(photo.pixels(), GIVEN.side) for photo in kept])


def average_precision(run: Run, decoding: DetectorDecoding, truth: Truth) -> tuple[float, float]:
    """Return AP (overlaps 0.5 to 0.95) and AP50, 0 to 1, of maps decoded by the product."""
    ids = list(categories().values())
    results: list[dict[str, Any]] = []
    for number, (photo, picture) in enumerate(zip(truth.photos, truth.pictures, strict=True)):
        found = decode_image([level[0] for level in run(picture)], len(ids), decoding)
        width, height = photo.truth["width"], photo.truth["height"]
        boxes = found.box * np.array([width, height, width, height])
        results += [
            {"image_id": number, "category_id": ids[index], "score": score, "bbox": box}
            for index, score, box in zip(
                found.class_index, found.score.tolist(), boxes.tolist(), strict=True
            )
        ]
    with contextlib.redirect_stdout(io.StringIO()):
        judge = COCOeval(truth.coco, truth.coco.loadRes(results), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return float(judge.stats[0]), float(judge.stats[1])


def runners(work: Path) -> tuple[Run, Run]:
    """Return the quantised and the float network as functions of RGB bytes (H, W, 3)."""
    quantised, exact = _open(work / f"{NAME}.onnx"), _open(work / f"{NAME}.float.onnx")

    def run_quantised(picture: npt.NDArray[np.uint8]) -> list[npt.NDArray[Any]]:
        return list(quantised.run(list(DECODING.maps), {"images": picture[None]}))

    def run_exact(picture: npt.NDArray[np.uint8]) -> list[npt.NDArray[Any]]:
        scaled = ((picture[..., ::-1] - BGR_MEAN) / BGR_STD).astype(np.float32)
        images = np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])
        return list(exact.run(list(DECODING.maps), {"images": images}))

    return run_quantised, run_exact


def main(work: Path, target: Path) -> None:
    """Measure and write."""
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    run_quantised, run_exact = runners(work)
    grids = grids_of(onnx.load(work / f"{NAME}.onnx"))
    in_bytes = msgspec.structs.replace(DECODING, grids=grids)
    measured = []
    for name in SETS:
        truth = read_truth(name)
        ours = average_precision(run_quantised, in_bytes, truth)
        theirs = average_precision(run_exact, DECODING, truth)
        for metric, value, before in zip(("AP", "AP50"), ours, theirs, strict=True):
            measured.append(
                Measurement(
                    metric=metric,
                    dataset=name,
                    images=len(truth.photos),
                    value=round(value, 4),
                    float_value=round(before, 4),
                    date=today,
                )
            )
            print(f"{name}: {metric} {value:.4f} (float {before:.4f})")
    card = DetectorCard(
        name=NAME,
        version=VERSION,
        licence="Apache-2.0",
        model_sha256="0" * 64,
        labels_sha256="0" * 64,
        label_count=len(categories()),
        input=InputSpec(
            name="images",
            width=GIVEN.side,
            height=GIVEN.side,
            channels="rgb",
            layout="nhwc",
            dtype="uint8",
            mean=tuple(BGR_MEAN[::-1].tolist()),
            std=tuple(BGR_STD[::-1].tolist()),
            crop=None,
            resize="bilinear",
        ),
        sources=(SourcePackage(**DETECTOR_GRAPH.card_entry()),),
        measured=tuple(measured),
        decoding=in_bytes,
        remarks=(
            "AP by pycocotools, boxes difficult in VOC count neither way.",
            "On so few photos the difference between two networks has a standard error of 0.005.",
            "8-bit activations and 7-bit weights, which no processor saturates on.",
            "Scores below 0.03 are cut off by the 8 bits: keep score_floor above.",
        ),
    )
    labels = [f"coco:{name}" for name in categories()]
    write_folder(target, card, work / f"{NAME}.onnx", labels)


def _open(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
