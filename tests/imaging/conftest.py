"""Pictures that are made on the spot."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

Encode = Callable[..., bytes]


@pytest.fixture(scope="session")
def corners() -> NDArray[np.uint8]:
    """A picture of 96 x 64 whose quarters are red, green, blue and yellow, in reading order."""
    pixels = np.zeros((64, 96, 3), dtype=np.uint8)
    pixels[:32, :48] = (255, 0, 0)
    pixels[:32, 48:] = (0, 255, 0)
    pixels[32:, :48] = (0, 0, 255)
    pixels[32:, 48:] = (255, 255, 0)
    return pixels


@pytest.fixture(scope="session")
def photo() -> NDArray[np.uint8]:
    """A smooth picture with some texture, 640 x 480: what JPEG is made for."""
    rows, columns = np.mgrid[0:480, 0:640].astype(np.float64)
    channels = [
        128 + 100 * np.sin(columns / 90 + rows / 140),
        128 + 80 * np.cos(rows / 60),
        120 + 60 * np.sin(columns / 35) * np.cos(rows / 50),
    ]
    noise = np.random.default_rng(7).normal(0, 6, (480, 640, 3))
    return np.clip(np.stack(channels, axis=-1) + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def encoded() -> Encode:
    """A function that writes a picture (pixels or an image) as bytes of a format."""

    def encode(picture: NDArray[np.uint8] | Image.Image, kind: str, **options: Any) -> bytes:  # noqa: ANN401 - Pillow's own
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        file = io.BytesIO()
        image.save(file, kind, **options)
        return file.getvalue()

    return encode
