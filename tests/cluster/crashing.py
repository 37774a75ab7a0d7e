"""A holder of a run whose workers score by colour, and die of what is blue."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tests.laboratory import ColorScorer, Lab, PageLog

from bucketlens.assembly import Collecting
from bucketlens.cluster.holding import Holder
from bucketlens.errors import ConfigError, TransientError
from bucketlens.events import KeyFilter
from bucketlens.pipeline.recording import Recorder
from bucketlens.pipeline.settling import Settler
from bucketlens.settings import Settings
from bucketlens.stores import STRAIN, Strain, open_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketlens.assembly import Collection
    from bucketlens.types import DecodedImage, Scores


def lab_in(folder: Path) -> Lab:
    """A collection in a folder, where other processes see it too."""
    for name in ("source", "metadata"):
        (folder / name).mkdir(exist_ok=True)
    source, records, private = (
        open_store(str(folder / name)) for name in ("source", "metadata", ".")
    )
    return Lab(source, records, private, PageLog(), Deadly(), Settings(pages=False))


class Deadly(ColorScorer):
    """Ends the process that scores a blue picture."""

    def score(self, images: Sequence[DecodedImage]) -> list[Scores]:
        """As its parent, if it can."""
        if any(image.pixels[0, 0, 2] > 128 for image in images):
            signal.raise_signal(signal.SIGKILL)
        return super().score(images)


def collecting(lab: Lab) -> Collecting:
    """What an engine needs of it; there is no collection to write pages or an index to."""
    labeler = lab.labeler()
    settler = Settler(lab.source, Recorder(lab.records, None), labeler, lambda: 0.0)
    return Collecting(
        lab.source, cast("Collection", None), KeyFilter(suffixes=()), labeler, settler, {}
    )


class LabHolder(Holder):
    """Opens a collection of colours in the place of what a charge names."""

    def open(self) -> Collecting:
        """Unless the folder says otherwise: full, or away for once."""
        folder = Path(self.charge.source).parent
        if (folder / "full").exists():
            raise ConfigError("no space left", setting="out")
        try:
            (folder / "away").unlink()
        except FileNotFoundError:
            return collecting(lab_in(folder))
        STRAIN.add(Strain(retries=5, given_up=1))
        time.sleep(0.1)
        raise TransientError("slow down")
