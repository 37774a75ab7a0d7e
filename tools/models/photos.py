"""The development photos, and the pixels of one as a model wants them.

The product scales pictures in its own way (`bucketlens.imaging`); here Pillow does it, as the
authors of both networks did, so that the numbers of the cards compare with theirs.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

Pixels = npt.NDArray[np.uint8]

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Photo:
    """One photo of a development set, with what its manifest knows about it."""

    path: Path
    truth: dict[str, Any]

    def pixels(self) -> Image.Image:
        """Return the picture: upright, RGB, transparent parts over white."""
        with Image.open(self.path) as opened:
            opened.load()
            upright = ImageOps.exif_transpose(opened)
        if upright.mode in {"RGBA", "LA", "P"}:
            over = upright.convert("RGBA")
            upright = Image.alpha_composite(Image.new("RGBA", over.size, "white"), over)
        return upright.convert("RGB")


def data_folder() -> Path:
    """Return the folder of the development sets: the environment's, or the one beside us."""
    told = os.environ.get("BUCKETLENS_TEST_DATA")
    return Path(told) if told else REPOSITORY.parent / "shared" / "data"


def photos(name: str) -> list[Photo]:
    """Return the photos of the set `name`, in the order of its manifest."""
    folder = data_folder() / name
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [Photo(folder / row["file"], row) for row in rows]


def centre_crop(picture: Image.Image, size: int, fraction: float | None) -> Pixels:
    """Scale the centre square of `fraction` of the short side to `size` (None: whole picture)."""
    box: tuple[float, float, float, float] = (0, 0, picture.width, picture.height)
    if fraction is not None:
        side = min(picture.size) * fraction
        left, top = (picture.width - side) / 2, (picture.height - side) / 2
        box = (left, top, left + side, top + side)
    return np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC, box=box))


def stretched(picture: Image.Image, size: int) -> Pixels:
    """Scale the whole picture to a square, its proportions given up."""
    return np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR))
