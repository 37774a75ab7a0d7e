"""Build the smallest classifier there is, for the tests: it names the strongest colour.

Usage: build_test_model.py TARGET_FOLDER    (PYTHONPATH: src and tools)

Unlike the packaged models it takes float planes in BGR, gives probabilities and no embedding.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
from build_folder import write_folder
from onnx import TensorProto, helper

from bucketlens.models import ClassifierCard, ClassifierDecoding, InputSpec


def colour_model() -> onnx.ModelProto:
    """Return a graph that gives the softmax of the three mean colours."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["planes"], ["means"]),
        helper.make_node("Flatten", ["means"], ["rows"]),
        helper.make_node("Softmax", ["rows"], ["shares"], axis=1),
    ]
    given = helper.make_tensor_value_info("planes", TensorProto.FLOAT, ["n", 3, 2, 4])
    made = helper.make_tensor_value_info("shares", TensorProto.FLOAT, ["n", 3])
    graph = helper.make_graph(nodes, "colours", [given], [made])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def main(target: Path) -> None:
    """Write the folder."""
    card = ClassifierCard(
        name="colours",
        version="1",
        licence="Apache-2.0",
        model_sha256="0" * 64,
        labels_sha256="0" * 64,
        label_count=3,
        input=InputSpec(
            name="planes",
            width=4,
            height=2,
            channels="bgr",
            layout="nchw",
            dtype="float32",
            mean=(0.0, 100.0, 50.0),
            std=(255.0, 50.0, 100.0),
        ),
        decoding=ClassifierDecoding(scores="shares", activation="probabilities"),
    )
    with TemporaryDirectory() as folder:
        model = Path(folder) / "model.onnx"
        onnx.save(colour_model(), model)
        write_folder(target, card, model, ["blue", "green", "red"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
