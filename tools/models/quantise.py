"""Turn a float network into one of 8 bits that takes bytes.

The graph keeps float operators between quantise pairs (QDQ), which ONNX Runtime fuses. Layers
that compute in 8 bits are chosen by its own tool; where the grids lie, and the rounding of the
weights, are ours (`rounding.py`).
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from columns import group_columns
from graphs import constants, drop_unused, sorted_nodes, tidy
from grids import ranges_by_effect, ranges_by_values
from observe import observe, weighted
from onnx import numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from rounding import LARGEST_WEIGHT, RoundedWeights, round_weights

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from grids import Harm

    Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ByteInput:
    """How the graph reads a byte: value = (byte - zero) * step."""

    step: float
    zero: int
    side: int

    def floats(self, pixels: npt.NDArray[np.uint8]) -> Array:
        """Return what the float network takes for one picture (H, W, 3): (1, 3, H, W)."""
        values = (pixels.astype(np.float32) - np.float32(self.zero)) * np.float32(self.step)
        return np.ascontiguousarray(values.transpose(2, 0, 1)[None])


def quantise(
    model: onnx.ModelProto,
    photos: Sequence[npt.NDArray[np.uint8]],
    given: ByteInput,
    *,
    harm: Harm | None = None,
    float_outputs: Sequence[str] = (),
) -> onnx.ModelProto:
    """Return the network in 8 bits.

    Args:
        model: The float network, with the input `images` that `given` describes.
        photos: Calibration photos, at the size of the input.
        given: How bytes become the float network's input.
        harm: How bad outputs are, given the exact ones; with it ranges are fitted and may leave
            out rare values, without it they hold all values that were seen.
        float_outputs: Outputs that stay float instead of going through 8 bits at the end.
    """
    inputs = [given.floats(one) for one in photos]
    seen = observe(model, inputs)
    ranges = dict(seen.extremes)
    if harm is not None:
        ranges = ranges_by_effect(model, ranges_by_values(model, seen), inputs, harm)
    made = _by_runtime_tool(model, ranges, given, photos[0])
    fixed = {k: numpy_helper.to_array(v) for k, v in constants(model.graph).items()}
    for node in weighted(model):
        rounded = round_weights(fixed[node.input[1]], np.concatenate(seen.rows[node.name]))
        _put_weights(made, node.name, rounded, fixed[node.input[2]])
    for name in float_outputs:
        _keep_float(made, name)
    _take_bytes(made, given)
    group_columns(made)
    sorted_nodes(made)
    drop_unused(made)
    tidy(made)
    onnx.checker.check_model(made, full_check=True)
    _check_no_saturation(made)
    return made


class _Feed(CalibrationDataReader):  # type: ignore[misc]
    """Gives the tool the one input that it insists on, though every range is told."""

    def __init__(self, images: Array) -> None:
        self._left = [{"images": images}]

    def get_next(self) -> dict[str, Array] | None:
        return self._left.pop() if self._left else None


def _by_runtime_tool(
    model: onnx.ModelProto,
    ranges: dict[str, tuple[float, float]],
    given: ByteInput,
    photo: npt.NDArray[np.uint8],
) -> onnx.ModelProto:
    told: dict[str, list[dict[str, Any]]] = {
        name: [{"rmin": np.array(low, np.float32), "rmax": np.array(high, np.float32)}]
        for name, (low, high) in ranges.items()
    }
    told["images"] = [
        {
            "scale": np.array(given.step, np.float32),
            "zero_point": np.array(given.zero, np.uint8),
            "quant_type": QuantType.QUInt8,
        }
    ]
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        onnx.save(model, before)
        quantize_static(
            before,
            after,
            _Feed(given.floats(photo)),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={"TensorQuantOverrides": told},
        )
        return onnx.load(after)


def _put_weights(model: onnx.ModelProto, name: str, rounded: RoundedWeights, bias: Array) -> None:
    """Replace the weights that the runtime's tool rounded plainly, and the bias with them."""
    fixed = constants(model.graph)
    makers = {output: node for node in model.graph.node for output in node.output}
    (layer,) = (node for node in model.graph.node if node.name == name)
    given, weights, biases = (makers[value] for value in layer.input)
    bias_scale = rounded.scale * numpy_helper.to_array(fixed[given.input[1]])
    bias_codes = np.rint((bias + rounded.bias_shift) / bias_scale).astype(np.int32)
    for target, values in (
        (weights.input[0], rounded.codes),
        (weights.input[1], rounded.scale),
        (biases.input[0], bias_codes),
        (biases.input[1], bias_scale.astype(np.float32)),
    ):
        fixed[target].CopyFrom(numpy_helper.from_array(values, target))


def _check_no_saturation(model: onnx.ModelProto) -> None:
    """Check that all weights are within what no processor saturates on."""
    for tensor in model.graph.initializer:
        largest = int(np.abs(numpy_helper.to_array(tensor).astype(np.int64)).max(initial=0))
        if tensor.data_type == onnx.TensorProto.INT8 and largest > LARGEST_WEIGHT:
            raise ValueError(f"{tensor.name}: a weight of {largest}, over {LARGEST_WEIGHT}")


def _keep_float(model: onnx.ModelProto, output: str) -> None:
    """Give out what goes into the last quantise pair in place of what comes out of it."""
    makers = {name: node for node in model.graph.node for name in node.output}
    dequantise = makers[output]
    quantise_node = makers[dequantise.input[0]]
    exact = makers[quantise_node.input[0]]
    inner = f"{output}_8bit"
    for node in model.graph.node:
        for index, name in enumerate(node.input):
            if name == output:
                node.input[index] = inner
    dequantise.output[0] = inner
    quantise_node.input[0] = exact.output[0] = output
    if not any(inner in node.input for node in model.graph.node):
        model.graph.node.remove(dequantise)
        model.graph.node.remove(quantise_node)


def _take_bytes(model: onnx.ModelProto, given: ByteInput) -> None:
    """Let the bytes of the pixels be the quantised input: no work is left before the graph."""
    graph = model.graph
    (first,) = (
        node for node in graph.node if node.op_type == "QuantizeLinear" and "images" in node.input
    )
    planes = onnx.helper.make_node("Transpose", ["images"], [first.output[0]], "planes")
    planes.attribute.append(onnx.helper.make_attribute("perm", [0, 3, 1, 2]))
    graph.node.remove(first)
    graph.node.append(planes)
    shape = ["n", given.side, given.side, 3]
    kind = onnx.TensorProto.UINT8
    graph.input[0].CopyFrom(onnx.helper.make_tensor_value_info("images", kind, shape))
