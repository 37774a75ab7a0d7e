"""Let the first layer look at several columns of pixels at once: the same sums, sooner.

A first convolution over three colours is the slowest layer for its work, since the runtime's 8-bit
kernels want channels in fours and gather three bytes at a time otherwise. Four neighbouring pixels
of a row lie in memory like one pixel of twelve channels. A convolution over those, whose further
weights are zero, gives the outputs of two neighbouring columns as two sets of channels, which lie
in memory like the two columns. So nothing is moved, and the results are the same to the bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from graphs import attribute, constants, consumers, set_attribute
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    import numpy.typing as npt
    import onnx

COLUMNS = 4
"""Pixels that become one: twelve channels, three times four."""

STRIDE = 2
"""Of the layer, so that a group of four gives two columns."""


def group_columns(model: onnx.ModelProto) -> None:
    """Rewrite the first layer of a quantised graph that takes bytes as they lie in memory.

    The new nodes stand at the end: the caller puts all of them in order.
    """
    graph = model.graph
    (planes,) = consumers(graph, "images")
    (given,) = consumers(graph, planes.output[0])
    (layer,) = consumers(graph, given.output[0])
    (rounded,) = consumers(graph, layer.output[0])
    kinds = [node.op_type for node in (planes, given, layer, rounded)]
    if kinds != ["Transpose", "DequantizeLinear", "Conv", "QuantizeLinear"]:
        raise ValueError(f"the graph begins with {', '.join(kinds)}")
    _, height, width, _ = (part.dim_value for part in graph.input[0].type.tensor_type.shape.dim)
    filters = _widen(model, layer)
    wide, out = rounded.output[0] + "_wide", rounded.output[0]
    rounded.output[0] = wide
    planes.input[0] = "images_grouped"
    rows, columns = height // STRIDE, width // STRIDE
    graph.node.extend(
        [
            _reshape(graph, "images", "images_grouped", (height, width // COLUMNS, 3 * COLUMNS)),
            helper.make_node("Transpose", [wide], [f"{wide}_nhwc"], perm=[0, 2, 3, 1]),
            _reshape(graph, f"{wide}_nhwc", f"{out}_nhwc", (rows, columns, filters)),
            helper.make_node("Transpose", [f"{out}_nhwc"], [out], perm=[0, 3, 1, 2]),
        ]
    )


def _widen(model: onnx.ModelProto, layer: onnx.NodeProto) -> int:
    """Give the layer its wider weights; returns how many filters it had."""
    makers = {output: node for node in model.graph.node for output in node.output}
    weights, biases = (makers[name] for name in layer.input[1:])
    fixed = {name: numpy_helper.to_array(t) for name, t in constants(model.graph).items()}
    codes = fixed[weights.input[0]]
    top, left, bottom, _ = attribute(layer, "pads", [0] * 4)
    if attribute(layer, "strides") != [STRIDE, STRIDE] or codes.shape[2:] != (3, 3):
        raise ValueError(f"{layer.name}: not a convolution of 3 x 3 by steps of {STRIDE}")
    wide = wide_weights(codes, left)
    # Where the window reaches back over the border of a group, the group before is looked at too.
    before, after = int(left > 0), int(left == 0)
    set_attribute(layer, "kernel_shape", list(wide.shape[2:]))
    set_attribute(layer, "strides", [STRIDE, 1])
    set_attribute(layer, "pads", [top, before, bottom, after])
    _put(model, weights.input[0], wide)
    for name in {*weights.input[1:], *biases.input}:
        if fixed[name].size == len(codes):
            _put(model, name, np.concatenate([fixed[name]] * 2))
    return len(codes)


def wide_weights(codes: npt.NDArray[np.int8], left: int) -> npt.NDArray[np.int8]:
    """Return weights (2 F, 4 C, 3, 2) that do for groups what (F, C, 3, 3) do for pixels.

    Args:
        codes: Weights.
        left: Columns of padding before the first.
    """
    filters, colours, rows, taps = codes.shape
    start = -COLUMNS if left else 0  # the first pixel that the wider window sees
    wide = np.zeros((2, filters, 2, COLUMNS, colours, rows), codes.dtype)
    for column in range(2):
        for tap in range(taps):
            group, pixel = divmod(STRIDE * column + tap - left - start, COLUMNS)
            wide[column, :, group, pixel] = codes[:, :, :, tap]
    return np.ascontiguousarray(
        wide.transpose(0, 1, 3, 4, 5, 2).reshape(2 * filters, COLUMNS * colours, rows, 2)
    )


def _put(model: onnx.ModelProto, name: str, values: npt.NDArray[np.generic]) -> None:
    constants(model.graph)[name].CopyFrom(numpy_helper.from_array(values, name))


def _reshape(
    graph: onnx.GraphProto, given: str, made: str, shape: tuple[int, int, int]
) -> onnx.NodeProto:
    """A node that looks at the same bytes as another shape; the number of images stays."""
    sizes = numpy_helper.from_array(np.array([0, *shape], np.int64), f"{made}_shape")
    graph.initializer.append(sizes)
    return helper.make_node("Reshape", [given, sizes.name], [made])
