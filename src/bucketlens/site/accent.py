"""The accent colour of the site: any colour that is asked for, made readable in both themes.

A colour that someone likes is seldom dark enough for text on white and light enough for text on
black. So each theme takes the nearest lighter or darker shade that reaches the contrast which
WCAG 2.2 asks of text (4.5 to 1) on every surface of that theme.
"""

from __future__ import annotations

import colorsys
import re

import msgspec

from bucketlens.errors import ConfigError

HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
READABLE = 4.6
"""A little over what is asked, since shades are rounded to whole steps."""

LIGHT_SURFACES = ((0xE9, 0xF3, 0xF1), (0xFF, 0xFF, 0xFF))
DARK_SURFACES = ((0x26, 0x33, 0x31), (0x13, 0x14, 0x15))
STEPS = 100
DARKEST = 0.04045
"""Below this sRGB is a straight line."""

BLACK, WHITE = (0, 0, 0), (255, 255, 255)

RGB = tuple[int, int, int]


class Accent(msgspec.Struct, frozen=True):
    """The shades of an accent colour.

    Attributes:
        light: For the light theme, as CSS writes it.
        on_light: Of text on it.
        dark: For the dark theme.
        on_dark: Of text on it.
    """

    light: str
    on_light: str
    dark: str
    on_dark: str


def accent_of(text: str) -> Accent:
    """The shades of a colour: ``accent_of("#0f766e")``.

    Raises:
        ConfigError: It is not a colour in the form ``#0f766e`` or ``#07e``.
    """
    match = HEX.fullmatch(text)
    if match is None:
        raise ConfigError(f"accent: {text!r} is not a colour; write it as #0f766e or #07e")
    digits = "".join(2 * digit for digit in match[1]) if len(match[1]) < len("rrggbb") else match[1]
    color = (int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16))
    light = _towards(0, color, LIGHT_SURFACES)
    dark = _towards(1, color, DARK_SURFACES)
    return Accent(_hex(light), _hex(_text_on(light)), _hex(dark), _hex(_text_on(dark)))


def contrast(one: RGB, other: RGB) -> float:
    """The contrast of two colours as WCAG defines it, 1 to 21."""
    first, second = sorted((_luminance(one), _luminance(other)))
    return (second + 0.05) / (first + 0.05)


def _towards(end: float, color: RGB, surfaces: tuple[RGB, ...]) -> RGB:
    """The first shade on the way to black (0) or white (1) that is readable on all surfaces."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*(value / 255 for value in color))
    for step in range(STEPS + 1):
        shade = _rgb(hue, lightness + (end - lightness) * step / STEPS, saturation)
        if all(contrast(shade, surface) >= READABLE for surface in surfaces):
            break
    return shade


def _rgb(hue: float, lightness: float, saturation: float) -> RGB:
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def _text_on(color: RGB) -> RGB:
    return max(BLACK, WHITE, key=lambda text: contrast(text, color))


def _luminance(color: RGB) -> float:
    """Relative luminance of sRGB, by the formula of WCAG 2."""
    red, green, blue = (_linear(value / 255) for value in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= DARKEST else float(((value + 0.055) / 1.055) ** 2.4)


def _hex(color: RGB) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)
