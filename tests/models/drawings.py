"""A picture that integers alone decide, so that it is the same on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def drawing(side: int, shift: int = 0) -> NDArray[np.uint8]:
    """Two ramps, a checkerboard and a bright disc; other shifts give other pictures."""
    down, across = np.mgrid[0:side, 0:side]
    red = across * 255 // (side - 1)
    green = down * 255 // (side - 1)
    blue = (across // 20 + down // 20 + shift) % 2 * 255
    picture = np.stack([red, green, blue], axis=-1)
    centre = side // 2 + shift
    picture[(down - centre) ** 2 + (across - centre) ** 2 < (side // 4) ** 2] = (230, 200, 40)
    return picture.astype(np.uint8)
