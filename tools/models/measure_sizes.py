"""What another input size would make of the packaged detector: accuracy, and time on one core.

Usage: measure_sizes.py [SIDE …]    (PYTHONPATH: src)

The network has no layer of a fixed size, so its graph is cut to other sizes as it stands; its 8-bit
grids are those of the packaged size.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime
from measure_detector import DECODING, SETS, average_precision, read_truth
from onnx import numpy_helper
from photos import stretched

from bucketlens.models import find_model_folder

if TYPE_CHECKING:
    import numpy.typing as npt
    from measure_detector import Run

SIDES = (320, 352, 384, 416, 448, 512)
ROUNDS = 40


def resized(model: onnx.ModelProto, side: int) -> bytes:
    """The graph for pictures of another size."""
    found = onnx.ModelProto()
    found.CopyFrom(model)
    shape = found.graph.input[0].type.tensor_type.shape.dim
    before = shape[1].dim_value
    shape[1].dim_value = shape[2].dim_value = side
    shapes = {node.input[1] for node in found.graph.node if node.op_type == "Reshape"}
    for constant in found.graph.initializer:
        if constant.name in shapes:
            sizes = numpy_helper.to_array(constant).copy()
            sizes[1:3] = sizes[1:3] * side // before
            constant.CopyFrom(numpy_helper.from_array(sizes, constant.name))
    for output in found.graph.output:
        output.type.tensor_type.ClearField("shape")
    del found.graph.value_info[:]
    data: bytes = found.SerializeToString()
    return data


def runner(graph: bytes) -> Run:
    """A graph as a function of RGB bytes (H, W, 3), on one core."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(graph, options, ["CPUExecutionProvider"])

    def run(picture: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.float32]]:
        return list(session.run(list(DECODING.maps), {"images": picture[None]}))

    return run


def main(sides: list[int]) -> None:
    """Print a line for each size; all take turns where time is told."""
    model = onnx.load(find_model_folder("nanodet-g") / "model.onnx")
    runs = {side: runner(resized(model, side)) for side in sides}
    times: dict[int, list[float]] = {side: [] for side in sides}
    for _ in range(ROUNDS):
        for side, run in runs.items():
            picture = np.zeros((side, side, 3), np.uint8)
            start = time.perf_counter()
            run(picture)
            times[side].append(1e3 * (time.perf_counter() - start))
    truths = {name: read_truth(name) for name in SETS}
    print(f"| side | ms | {' | '.join(f'{name}: AP, AP50' for name in SETS)} |")
    print("| ---: | ---: |" + " ---: |" * len(SETS))
    for side, run in runs.items():
        cells = []
        for truth in truths.values():
            pictures = [stretched(photo.pixels(), side) for photo in truth.photos]
            found = average_precision(run, replace(truth, pictures=pictures))
            cells.append(", ".join(f"{100 * value:.1f}" for value in found))
        print(f"| {side} | {np.median(times[side]):.1f} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main([int(side) for side in sys.argv[1:]] or list(SIDES))
