"""The 8-bit codes that class probabilities and embeddings are stored in.

A probability p becomes the byte ``round(255 * sqrt(-ln(p) / 16))``: steps are finest near
certainty, where thresholds lie (0.3 points at 99 %, 1.2 points at 80 %), and nowhere over 1.35
points; what lies below e^-15.9 is zero. A thousand classes take 1.3 KB in JSON. Decoded
probabilities are whole multiples of 2^-32, so that sums over them are exact in float64 in whatever
order they are added.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from bucketlens.types import Embedding

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEEPEST = 16.0
"""-ln of the smallest probability that is told from zero; code 255 stands for it and less."""

RESOLUTION = 2.0**32


def encode_log_probabilities(log_probabilities: NDArray[np.floating]) -> bytes:
    """Natural logs of probabilities (any shape, values <= 0) as one byte each.

    Raises:
        ValueError: One of them is not a number, as a broken model gives.
    """
    if np.isnan(log_probabilities).any():
        raise ValueError("the model gave a probability that is not a number")
    depth = np.clip(-np.asarray(log_probabilities, dtype=np.float64), 0.0, DEEPEST)
    return np.rint(255.0 * np.sqrt(depth / DEEPEST)).astype(np.uint8).tobytes()


def decode_probabilities(codes: bytes) -> NDArray[np.float64]:
    """Probabilities from their codes, not normalised; code 255 gives exactly 0."""
    return _table()[np.frombuffer(codes, dtype=np.uint8)]


@cache
def _table() -> NDArray[np.float64]:
    probabilities = np.exp(-DEEPEST * (np.arange(256) / 255.0) ** 2)
    probabilities[255] = 0.0
    return np.rint(probabilities * RESOLUTION) / RESOLUTION


def encode_embedding(vector: NDArray[np.floating]) -> Embedding:
    """A feature vector in one byte a value; the scale is the largest magnitude over 127.

    Raises:
        ValueError: A value is infinite or not a number, as a broken model gives.
    """
    largest = float(np.max(np.abs(vector), initial=0.0))
    if not math.isfinite(largest):
        raise ValueError("the model gave an embedding with a value that is not a number")
    scale = float(np.float32(largest / 127.0))
    if scale == 0.0:
        return Embedding(codes=bytes([128]) * len(vector), scale=0.0)
    codes = np.clip(np.rint(np.asarray(vector, dtype=np.float64) / scale) + 128, 1, 255)
    return Embedding(codes=codes.astype(np.uint8).tobytes(), scale=scale)


def decode_embedding(embedding: Embedding) -> NDArray[np.float32]:
    """The feature vector, to within half a step of what was encoded."""
    codes = np.frombuffer(embedding.codes, dtype=np.uint8).astype(np.float32)
    return (codes - 128.0) * np.float32(embedding.scale)
