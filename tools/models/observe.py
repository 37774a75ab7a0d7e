"""What flows through a float network on real photos: ranges of values, inputs of its layers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
from graphs import attribute, constants
from onnx import numpy_helper

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    Array = npt.NDArray[np.float32]

VALUES_A_PHOTO = 4096
# 157 photos give 12,000 rows for a layer, five times the widest (256 channels of 3 x 3).
ROWS_A_PHOTO = 80


@dataclass
class Observations:
    """Samples from the calibration photos.

    Attributes:
        extremes: The smallest and the largest value of each tensor.
        values: Some values of each tensor, (M,).
        rows: For each layer with weights, some of the inputs that its weights are multiplied
            with, (M, K), where K is the number of weights of one output; (M, O, K) for a
            depthwise layer, where each output has an input of its own.
    """

    extremes: dict[str, tuple[float, float]] = field(default_factory=dict)
    values: dict[str, list[Array]] = field(default_factory=dict)
    rows: dict[str, list[Array]] = field(default_factory=dict)


def weighted(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """Return the layers whose weights are rounded with feedback."""
    return [node for node in model.graph.node if node.op_type in {"Gemm", "Conv"}]


def observe(model: onnx.ModelProto, inputs: Iterable[Array]) -> Observations:
    """Run the network on each input, a batch of one photo, and keep samples of everything."""
    session, names = _open_wide(model)
    layers = weighted(model)
    weights = {k: numpy_helper.to_array(v).shape for k, v in constants(model.graph).items()}
    random = np.random.default_rng(0)
    seen = Observations()
    for images in inputs:
        tensors = dict(zip(names, session.run(names, {"images": images}), strict=True))
        tensors["images"] = images
        for name, tensor in tensors.items():
            low, high = seen.extremes.get(name, (0.0, 0.0))
            seen.extremes[name] = (min(low, float(tensor.min())), max(high, float(tensor.max())))
            chosen = random.integers(0, tensor.size, VALUES_A_PHOTO)
            seen.values.setdefault(name, []).append(tensor.ravel()[chosen])
        for node in layers:
            rows = _rows(node, weights[node.input[1]], tensors[node.input[0]], random)
            seen.rows.setdefault(node.name, []).append(rows)
    return seen


def _open_wide(model: onnx.ModelProto) -> tuple[onnxruntime.InferenceSession, list[str]]:
    """Return a session that gives every tensor of the network, and their names."""
    wide = onnx.ModelProto()
    wide.CopyFrom(model)
    names = [name for node in wide.graph.node for name in node.output]
    del wide.graph.output[:]
    wide.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(
        wide.SerializeToString(), options, ["CPUExecutionProvider"]
    )
    return session, names


def _rows(
    node: onnx.NodeProto,
    weights: tuple[int, ...],
    tensor: Array,
    random: np.random.Generator,
) -> Array:
    """Return inputs of a layer as rows, at random places of the picture."""
    if node.op_type == "Gemm":
        return tensor
    side = weights[2]
    strides: Any = attribute(node, "strides") or [1, 1]
    pads: Any = attribute(node, "pads") or [0, 0, 0, 0]
    planes = np.pad(tensor[0], ((0, 0), (pads[0], pads[2]), (pads[1], pads[3])))
    windows = np.lib.stride_tricks.sliding_window_view(planes, (side, side), axis=(1, 2))
    windows = windows[:, :: strides[0], :: strides[1]]
    down = random.integers(0, windows.shape[1], ROWS_A_PHOTO)
    across = random.integers(0, windows.shape[2], ROWS_A_PHOTO)
    chosen = windows[:, down, across].transpose(1, 0, 2, 3)
    if attribute(node, "group", 1) == 1:
        return chosen.reshape(ROWS_A_PHOTO, -1)
    return chosen.reshape(ROWS_A_PHOTO, len(planes), -1)
