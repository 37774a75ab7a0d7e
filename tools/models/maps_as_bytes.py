"""Let the maps of a quantised detector leave as the bytes that they are, cell by cell.

The runtime computes with all channels of a pixel together. Maps as floats in planes are moved and
made four times as large at the end of the graph, though of each ten thousand numbers a few are
looked at. Bytes leave as they lie in memory; what they stand for goes into the card.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphs import constants, drop_unused, sorted_nodes
from onnx import TensorProto, helper, numpy_helper

from bucketlens.models import Grid

if TYPE_CHECKING:
    import onnx


def give_bytes(model: onnx.ModelProto) -> None:
    """End a quantised graph before its outputs become floats; (n, rows, columns, channels)."""
    graph = model.graph
    makers = {output: node for node in graph.node for output in node.output}
    for output in graph.output:
        last = makers[output.name]
        if last.op_type != "DequantizeLinear":
            raise ValueError(f"{output.name} is made by {last.op_type}")
        _, *sizes = (part.dim_value for part in output.type.tensor_type.shape.dim)
        channels, rows, columns = sizes
        graph.node.remove(last)
        codes = [last.input[0]], [output.name]
        graph.node.append(helper.make_node("Transpose", *codes, perm=[0, 2, 3, 1]))
        shape = ["n", rows, columns, channels]
        output.CopyFrom(helper.make_tensor_value_info(output.name, TensorProto.UINT8, shape))
    drop_unused(model)
    sorted_nodes(model)


def grids_of(model: onnx.ModelProto) -> tuple[Grid, ...]:
    """Return what the bytes of each output of a graph stand for."""
    makers = {output: node for node in model.graph.node for output in node.output}
    fixed = constants(model.graph)
    grids = []
    for output in model.graph.output:
        rounded = makers[makers[output.name].input[0]]
        scale, zero = (numpy_helper.to_array(fixed[name]).item() for name in rounded.input[1:])
        grids.append(Grid(scale=scale, zero=zero))
    return tuple(grids)
