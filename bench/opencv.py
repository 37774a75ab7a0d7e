"""OpenCV alone: ``imread``, ``resize`` and its own network engine, one image at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import torch

from photosets import CACHE
from tutorial import MEAN, SCALE, SIZE, network

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class OpenCV:
    """The float network in OpenCV's engine, with OpenCV's own number of threads."""

    def __init__(self) -> None:
        """Read the network."""
        self._network = cv2.dnn.readNetFromONNX(str(exported_network()))

    def __call__(self, paths: Sequence[str]) -> list[int]:
        """The likeliest class of each photo."""
        found = []
        for path in paths:
            self._network.setInput(_blob(path))
            found.append(int(self._network.forward().argmax()))
        return found


def exported_network() -> Path:
    """The float network as ONNX, made once."""
    target = CACHE / "efficientnet-lite2.onnx"
    if not target.exists():
        target.parent.mkdir(exist_ok=True)
        example = (torch.zeros(1, 3, SIZE, SIZE),)
        program = torch.onnx.export(network(), example, opset_version=18, dynamo=True)
        program.save(str(target))
    return target


def _blob(path: str) -> object:
    picture = cv2.imread(path)
    # The only one of its filters that averages what it leaves out; cubic if it enlarges.
    method = cv2.INTER_AREA if min(picture.shape[:2]) > SIZE else cv2.INTER_CUBIC
    square = cv2.resize(picture, (SIZE, SIZE), interpolation=method)
    return cv2.dnn.blobFromImage(square, 1 / SCALE, mean=(MEAN, MEAN, MEAN), swapRB=True)
