"""Time the quantised and the float networks on one core, and what their results cost to decode.

Usage: measure_speed.py WORK_FOLDER    (PYTHONPATH: src)
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
from measure_detector import categories
from photos import photos, stretched

from bucketlens.models import Classifier, Detector, find_model_folder, load_model_folder
from bucketlens.models.boxes import decode_image

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 60


def milliseconds(work: Callable[[], object]) -> str:
    """Return the least and the median time of one call; the least is what an idle core takes."""
    work()
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(1e3 * (time.perf_counter() - start))
    return f"least {min(times):6.2f} ms, median {float(np.median(times)):6.2f} ms"


def float_session(path: Path) -> Callable[[], object]:
    """Return a call of a float network on zeros, for which it takes as long as for a photo."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    images = np.zeros((1, *given.shape[1:]), np.float32)
    return lambda: session.run(None, {given.name: images})


def main(work: Path) -> None:
    """Print a line for each."""
    classifier = Classifier(load_model_folder(find_model_folder("efficientnet-lite2")))
    detector = Detector(load_model_folder(find_model_folder("nanodet-g")))
    pictures = [photo.pixels() for photo in photos("coco_val2017")[:8]]
    small = np.stack([stretched(picture, 260) for picture in pictures])
    large = np.stack([stretched(picture, 416) for picture in pictures])
    decoding = detector.card.decoding
    maps = detector._session.run(list(decoding.maps), {"images": large})  # noqa: SLF001
    levels = [[level[index] for level in maps] for index in range(len(large))]
    classes = len(categories())
    for title, call in {
        "classifier, float network": float_session(work / "efficientnet-lite2.float.onnx"),
        "classifier, one photo": lambda: classifier.run(small[:1]),
        "classifier, eight photos": lambda: classifier.run(small),
        "detector, float network": float_session(work / "nanodet-g.float.onnx"),
        "detector, one photo": lambda: detector.run(large[:1]),
        "detector, eight photos": lambda: detector.run(large),
        "boxes of eight photos alone": lambda: [
            decode_image(one, classes, decoding) for one in levels
        ],
    }.items():
        print(f"{title:30s} {milliseconds(call)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
