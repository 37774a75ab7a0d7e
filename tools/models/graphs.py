"""Small edits of ONNX graphs that both builds share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import numpy_helper

if TYPE_CHECKING:
    from collections.abc import Iterator


def constants(graph: onnx.GraphProto) -> dict[str, onnx.TensorProto]:
    """Return the initializers of the graph by name."""
    return {tensor.name: tensor for tensor in graph.initializer}


def consumers(graph: onnx.GraphProto, name: str) -> list[onnx.NodeProto]:
    """Return the nodes that read the value `name`."""
    return [node for node in graph.node if name in node.input]


def attribute(node: onnx.NodeProto, name: str, default: object = None) -> object:
    """Return the value of one attribute of a node."""
    for entry in node.attribute:
        if entry.name == name:
            return onnx.helper.get_attribute_value(entry)
    return default


def set_attribute(node: onnx.NodeProto, name: str, value: object) -> None:
    """Set one attribute of a node, whether or not it is there already."""
    for entry in list(node.attribute):
        if entry.name == name:
            node.attribute.remove(entry)
    node.attribute.append(onnx.helper.make_attribute(name, value))


def fold_pads(model: onnx.ModelProto) -> int:
    """Move every zero Pad that only a convolution reads into that convolution.

    A Pad that stands alone is copied in memory, and breaks the pattern by which the runtime
    finds a quantised convolution.
    """
    folded = 0
    for pad, conv in list(_padded_convolutions(model.graph)):
        before = numpy_helper.to_array(constants(model.graph)[pad.input[1]]).tolist()
        rank = len(before) // 2
        spatial = before[2:rank] + before[rank + 2 :]
        own = attribute(conv, "pads", [0] * len(spatial))
        if not isinstance(own, list):
            raise TypeError(f"{conv.name}: pads are {own!r}")
        set_attribute(conv, "pads", [a + b for a, b in zip(own, spatial, strict=True)])
        set_attribute(conv, "auto_pad", "NOTSET")
        conv.input[0] = pad.input[0]
        model.graph.node.remove(pad)
        folded += 1
    drop_unused(model)
    return folded


def drop_unused(model: onnx.ModelProto) -> None:
    """Remove the initializers that no node reads."""
    used = {name for node in model.graph.node for name in node.input}
    for tensor in [t for t in model.graph.initializer if t.name not in used]:
        model.graph.initializer.remove(tensor)


def sorted_nodes(model: onnx.ModelProto) -> None:
    """Put the nodes into an order in which each value is made before it is read."""
    known = {value.name for value in model.graph.input} | set(constants(model.graph)) | {""}
    waiting, ordered = list(model.graph.node), []
    while waiting:
        ready = [node for node in waiting if known.issuperset(node.input)]
        if not ready:
            raise ValueError(f"no way to order {[node.name for node in waiting][:5]}")
        ordered += ready
        known.update(name for node in ready for name in node.output)
        waiting = [node for node in waiting if node not in ready]
    del model.graph.node[:]
    model.graph.node.extend(ordered)


def _padded_convolutions(
    graph: onnx.GraphProto,
) -> Iterator[tuple[onnx.NodeProto, onnx.NodeProto]]:
    fixed = constants(graph)
    for pad in graph.node:
        if pad.op_type != "Pad" or pad.input[1] not in fixed:
            continue
        readers = consumers(graph, pad.output[0])
        amounts = numpy_helper.to_array(fixed[pad.input[1]])
        planes_only = not np.any(amounts.reshape(2, -1)[:, :2])
        if len(readers) == 1 and readers[0].op_type == "Conv" and planes_only:
            yield pad, readers[0]


def tidy(model: onnx.ModelProto) -> None:
    """Remove what says where and when a graph was made: the file then depends on its inputs only.

    Exporters leave stack traces with the paths of the machine behind.
    """
    model.doc_string = ""
    del model.metadata_props[:]
    graph = model.graph
    graph.doc_string = ""
    del graph.value_info[:]
    for part in (graph, *graph.node, *graph.input, *graph.output, *graph.initializer):
        part.doc_string = ""
        if hasattr(part, "metadata_props"):
            del part.metadata_props[:]
