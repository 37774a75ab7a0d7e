"""Detectors: from pixels to the objects in each image and where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from bucketlens.errors import ConfigError
from bucketlens.models.boxes import Detections, decode_image
from bucketlens.models.card import DetectorCard
from bucketlens.models.maps import SIDES
from bucketlens.models.pixels import graph_input
from bucketlens.models.session import open_session, require_outputs, require_size

if TYPE_CHECKING:
    import numpy as np
    import onnxruntime
    from numpy.typing import NDArray

    from bucketlens.models.folder import ModelFolder
    from bucketlens.models.session import Provider

BYTES = "tensor(uint8)"


class Detector:
    """A detector that is ready to run; may be shared by threads."""

    def __init__(
        self, folder: ModelFolder, *, provider: Provider = "cpu", threads: int = 1
    ) -> None:
        """Open the model of a folder.

        Raises:
            ConfigError: the folder holds no detector, or its graph is not what the card says.
        """
        if not isinstance(folder.card, DetectorCard):
            raise ConfigError(
                f"{folder.path} holds a classifier, and a detector is needed here. "
                "Swap the two settings, or name another folder",
                setting="detector",
            )
        self.card: DetectorCard = folder.card
        self.labels = folder.labels
        self._session = open_session(folder, provider=provider, threads=threads)
        _check_outputs(folder, self._session, self.card)

    def run(self, batch: NDArray[np.uint8]) -> list[Detections]:
        """Return what is found in each of N images.

        Args:
            batch: RGB pixels of the size that the card's input asks for, uint8 (N, H, W, 3).
        """
        spec, decoding = self.card.input, self.card.decoding
        maps = self._session.run(list(decoding.maps), {spec.name: graph_input(batch, spec)})
        return [
            decode_image([level[index] for level in maps], len(self.labels), decoding)
            for index in range(len(batch))
        ]


def _check_outputs(
    folder: ModelFolder, session: onnxruntime.InferenceSession, card: DetectorCard
) -> None:
    require_outputs(folder, session, card.decoding.maps)
    wanted = card.label_count + SIDES * card.decoding.bins
    in_bytes = card.decoding.grids is not UNSET
    for output in session.get_outputs():
        if output.name not in card.decoding.maps:
            continue
        if (output.type == BYTES) != in_bytes:
            told, cure = ("tells grids", "Leave out") if in_bytes else ("tells no grids", "Add")
            raise ConfigError(
                f"{folder.path / 'model.onnx'}: output {output.name} is {output.type}, but "
                f"card.json {told}, which maps of bytes have. {cure} decoding.grids"
            )
        require_size(folder, output.name, output.shape[-1 if in_bytes else 1], wanted)
