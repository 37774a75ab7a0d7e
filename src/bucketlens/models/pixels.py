"""From RGB pixels to the tensor that a graph takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bucketlens.models.card import InputSpec


def graph_input(batch: NDArray[np.uint8], spec: InputSpec) -> NDArray[Any]:
    """Return a batch as the model's input: uint8 as it is, or float32 normalised.

    Args:
        batch: RGB pixels, uint8 (N, H, W, 3), of the size that `spec` asks for.
        spec: From the model card.

    Raises:
        ValueError: the batch is of another shape or type; the caller scales pictures.
    """
    if batch.dtype != np.uint8 or batch.shape[1:] != (spec.height, spec.width, 3):
        raise ValueError(
            f"the model takes uint8 (N, {spec.height}, {spec.width}, 3), "
            f"got {batch.dtype} {batch.shape}"
        )
    pixels: NDArray[Any] = batch[..., ::-1] if spec.channels == "bgr" else batch
    if spec.dtype == "float32":
        mean, std = np.array(spec.mean, np.float32), np.array(spec.std, np.float32)
        pixels = (pixels.astype(np.float32) - mean) / std
    if spec.layout == "nchw":
        pixels = pixels.transpose(0, 3, 1, 2)
    return np.ascontiguousarray(pixels)
