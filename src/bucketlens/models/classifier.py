"""Classifiers: from pixels to calibrated log-probabilities, energy and embedding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bucketlens.errors import ConfigError
from bucketlens.models.card import ClassifierCard
from bucketlens.models.pixels import graph_input
from bucketlens.models.session import open_session, require_outputs, require_size

if TYPE_CHECKING:
    import onnxruntime
    from numpy.typing import NDArray

    from bucketlens.models.card import ClassifierDecoding
    from bucketlens.models.folder import ModelFolder
    from bucketlens.models.session import Provider

# A probability of zero has no logarithm; this is far below what a record can hold.
SMALLEST = 1e-30


@dataclass(frozen=True, slots=True)
class ClassifierOutput:
    """What a classifier says of a batch of N images.

    Attributes:
        log_probabilities: Natural logarithms of calibrated probabilities, float32 (N, C).
        energy: log of the sum of exp of the raw logits, float32 (N,).
        embedding: Features, float32 (N, E), if the model gives them.
    """

    log_probabilities: NDArray[np.float32]
    energy: NDArray[np.float32]
    embedding: NDArray[np.float32] | None


class Classifier:
    """A classifier that is ready to run; may be shared by threads."""

    def __init__(
        self, folder: ModelFolder, *, provider: Provider = "cpu", threads: int = 1
    ) -> None:
        """Open the model of a folder.

        Raises:
            ConfigError: the folder holds no classifier, or its graph is not what the card says.
        """
        if not isinstance(folder.card, ClassifierCard):
            raise ConfigError(
                f"{folder.path} holds a detector, and a classifier is needed here. "
                "Swap the two settings, or name another folder",
                setting="classifier",
            )
        self.card: ClassifierCard = folder.card
        self.labels = folder.labels
        self._session = open_session(folder, provider=provider, threads=threads)
        decoding = self.card.decoding
        self._outputs = [decoding.scores]
        if decoding.embedding is not None:
            self._outputs.append(decoding.embedding)
        _check_outputs(folder, self._session, self._outputs)

    def run(self, batch: NDArray[np.uint8]) -> ClassifierOutput:
        """Classify N images.

        Args:
            batch: RGB pixels of the size that the card's input asks for, uint8 (N, H, W, 3).
        """
        spec = self.card.input
        results = self._session.run(self._outputs, {spec.name: graph_input(batch, spec)})
        log_probabilities, energy = calibrated(results[0], self.card.decoding)
        embedding = np.asarray(results[1], np.float32) if len(results) > 1 else None
        return ClassifierOutput(log_probabilities, energy, embedding)


def calibrated(
    scores: NDArray[np.floating], decoding: ClassifierDecoding
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return log-probabilities (N, C) and energy (N,) of a model's raw scores (N, C).

    Each row is computed by itself and in float64: what stands in a record must not depend on
    which other images shared its batch.
    """
    rows = np.asarray(scores, np.float64)
    if decoding.activation == "probabilities":
        rows = np.log(np.maximum(rows, SMALLEST))
    energy = [_log_sum_exp(row) for row in rows]
    scaled = [row / decoding.temperature for row in rows]
    spread = [row - _log_sum_exp(row) for row in scaled]
    return np.array(spread, np.float32), np.array(energy, np.float32)


def _log_sum_exp(row: NDArray[np.float64]) -> float:
    top = float(row.max())
    return top + float(np.log(np.exp(row - top).sum()))


def _check_outputs(
    folder: ModelFolder, session: onnxruntime.InferenceSession, names: list[str]
) -> None:
    require_outputs(folder, session, names)
    shapes = {output.name: output.shape for output in session.get_outputs()}
    require_size(folder, names[0], shapes[names[0]][-1], folder.card.label_count)
