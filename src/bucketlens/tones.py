"""Image properties as they are stored, for whoever knows that they were checked when written.

To check thirty colours takes four times as long as to read them.
"""

from __future__ import annotations

import msgspec


class SwatchExtract(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """As ``Swatch``."""

    hex: str
    percent: float


class ToneExtract(msgspec.Struct, frozen=True, gc=False):
    """As ``Tone``."""

    brightness: float
    sharpness: float
    contrast: float | None = None
    colors: tuple[SwatchExtract, ...] = ()


class TonesExtract(msgspec.Struct, frozen=True, gc=False):
    """As ``PictureTones``."""

    whole: ToneExtract
    foreground: ToneExtract
    background: ToneExtract
