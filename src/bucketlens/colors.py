"""Names of colours, and image properties in the shape of a DetectLabels reply.

The stored form of a dominant colour is its hex code and share. Its names follow from that: the
nearest of the 138 colours that CSS names, and one of twelve simple words for it. Both are decided
in Oklab, where equal steps look about equally large.

Amazon does not publish its twelve words. The eleven basic colour terms of English are certain
enough; we take cyan as the twelfth, since it is the group that CSS's own colours leave over.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bucketlens.types import DominantColor, ImageProperties, ImageQuality, ImageRegion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bucketlens.tones import SwatchExtract, ToneExtract, TonesExtract
    from bucketlens.types import PictureTones, RGBPixels, Swatch, Tone

CSS = (
    "aliceblue f0f8ff, antiquewhite faebd7, aquamarine 7fffd4, azure f0ffff, beige f5f5dc, "
    "bisque ffe4c4, black 000000, blanchedalmond ffebcd, blue 0000ff, blueviolet 8a2be2, "
    "brown a52a2a, burlywood deb887, cadetblue 5f9ea0, chartreuse 7fff00, chocolate d2691e, "
    "coral ff7f50, cornflowerblue 6495ed, cornsilk fff8dc, crimson dc143c, cyan 00ffff, "
    "darkblue 00008b, darkcyan 008b8b, darkgoldenrod b8860b, darkgreen 006400, darkgrey a9a9a9, "
    "darkkhaki bdb76b, darkmagenta 8b008b, darkolivegreen 556b2f, darkorange ff8c00, "
    "darkorchid 9932cc, darkred 8b0000, darksalmon e9967a, darkseagreen 8fbc8f, "
    "darkslateblue 483d8b, darkslategrey 2f4f4f, darkturquoise 00ced1, darkviolet 9400d3, "
    "deeppink ff1493, deepskyblue 00bfff, dimgrey 696969, dodgerblue 1e90ff, firebrick b22222, "
    "floralwhite fffaf0, forestgreen 228b22, gainsboro dcdcdc, ghostwhite f8f8ff, gold ffd700, "
    "goldenrod daa520, gray 808080, green 008000, greenyellow adff2f, honeydew f0fff0, "
    "hotpink ff69b4, indianred cd5c5c, indigo 4b0082, ivory fffff0, khaki f0e68c, "
    "lavender e6e6fa, lavenderblush fff0f5, lawngreen 7cfc00, lemonchiffon fffacd, "
    "lightblue add8e6, lightcoral f08080, lightcyan e0ffff, lightgoldenrodyellow fafad2, "
    "lightgreen 90ee90, lightgrey d3d3d3, lightpink ffb6c1, lightsalmon ffa07a, "
    "lightseagreen 20b2aa, lightskyblue 87cefa, lightslategrey 778899, lightsteelblue b0c4de, "
    "lightyellow ffffe0, lime 00ff00, limegreen 32cd32, linen faf0e6, magenta ff00ff, "
    "maroon 800000, mediumaquamarine 66cdaa, mediumblue 0000cd, mediumorchid ba55d3, "
    "mediumpurple 9370db, mediumseagreen 3cb371, mediumslateblue 7b68ee, "
    "mediumspringgreen 00fa9a, mediumturquoise 48d1cc, mediumvioletred c71585, "
    "midnightblue 191970, mintcream f5fffa, mistyrose ffe4e1, moccasin ffe4b5, "
    "navajowhite ffdead, navy 000080, oldlace fdf5e6, olive 808000, olivedrab 6b8e23, "
    "orange ffa500, orangered ff4500, orchid da70d6, palegoldenrod eee8aa, palegreen 98fb98, "
    "paleturquoise afeeee, palevioletred db7093, papayawhip ffefd5, peachpuff ffdab9, "
    "peru cd853f, pink ffc0cb, plum dda0dd, powderblue b0e0e6, purple 800080, red ff0000, "
    "rosybrown bc8f8f, royalblue 4169e1, saddlebrown 8b4513, salmon fa8072, sandybrown f4a460, "
    "seagreen 2e8b57, seashell fff5ee, sienna a0522d, silver c0c0c0, skyblue 87ceeb, "
    "slateblue 6a5acd, slategrey 708090, snow fffafa, springgreen 00ff7f, steelblue 4682b4, "
    "tan d2b48c, teal 008080, thistle d8bfd8, tomato ff6347, turquoise 40e0d0, violet ee82ee, "
    "wheat f5deb3, white ffffff, whitesmoke f5f5f5, yellow ffff00, yellowgreen 9acd32"
)
"""The colours that CSS names, spelled as DetectLabels spells them: gray, but darkgrey.

Of two names for one colour (aqua and cyan, fuchsia and magenta) one is kept.
"""

SIMPLE = (
    "black",
    "blue",
    "brown",
    "cyan",
    "green",
    "grey",
    "orange",
    "pink",
    "purple",
    "red",
    "white",
    "yellow",
)

FIRST_HUE = -15
"""Degrees at which the circle of hues is cut open: between purple and pink."""


class Word(NamedTuple):
    """Where a simple word holds: degrees of hue, lightness and vividness in Oklab, from and to."""

    word: str
    hue: tuple[float, float] = (FIRST_HUE, FIRST_HUE + 360)
    light: tuple[float, float] = (-1, 2)
    vivid: tuple[float, float] = (0, 1)


WORDS = (
    Word("black", light=(-1, 0.12)),
    Word("black", light=(0.12, 0.13), vivid=(0, 0.04)),
    Word("white", light=(0.9, 2), vivid=(0, 0.035)),
    Word("white", light=(0.94, 2), vivid=(0, 0.045)),
    Word("grey", light=(0.12, 0.35), vivid=(0, 0.04)),
    Word("grey", vivid=(0, 0.035)),
    Word("pink", hue=(-15, 10), light=(0.45, 2)),
    Word("pink", hue=(-15, 35), light=(0.6, 2), vivid=(0, 0.19)),
    Word("brown", hue=(10, 35), light=(-1, 0.45), vivid=(0, 0.162)),
    Word("red", hue=(-15, 35)),
    Word("yellow", hue=(35, 85), light=(0.88, 2)),
    Word("yellow", hue=(78, 85), light=(0.66, 2), vivid=(0.105, 1)),
    Word("orange", hue=(35, 85), light=(0.66, 2), vivid=(0.105, 1)),
    Word("orange", hue=(35, 45), vivid=(0.18, 1)),
    Word("brown", hue=(35, 85)),
    Word("yellow", hue=(85, 115), light=(0.62, 2)),
    Word("brown", hue=(85, 100)),
    Word("green", hue=(100, 165)),
    Word("cyan", hue=(165, 208)),
    Word("blue", hue=(208, 278)),
    Word("purple", hue=(278, 345)),
)
"""The first that fits counts. The borders were set by eye, on the named colours and on photos."""

CELL_BITS = 5
"""Bits of each channel that decide a colour's name: cells of 8 x 8 x 8 levels share one."""

CELL_SHIFT = 8 - CELL_BITS

CHROMA_WEIGHT = 4.0
"""Differences in hue and vividness count twice as much as equal ones in lightness (squared)."""

SRGB_KNEE = 0.04045
"""Below this, sRGB is linear."""


class NamedColor(NamedTuple):
    """A colour that CSS has a name for."""

    name: str
    red: int
    green: int
    blue: int


@cache
def named_colors() -> tuple[NamedColor, ...]:
    """The 138 named colours, in the order that :func:`nearest_named` counts them."""
    entries = (entry.split(" ") for entry in CSS.split(", "))
    return tuple(NamedColor(name, *bytes.fromhex(code)) for name, code in entries)


def nearest_named(pixels: RGBPixels) -> NDArray[np.uint8]:
    """The index into :func:`named_colors` of the nearest, for pixels of shape ... x 3."""
    levels = (pixels >> CELL_SHIFT).astype(np.intp)
    cells = (levels[..., 0] << 2 * CELL_BITS) | (levels[..., 1] << CELL_BITS) | levels[..., 2]
    nearest: NDArray[np.uint8] = _nearest_by_cell()[cells]
    return nearest


def dominant_color(swatch: Swatch | SwatchExtract) -> DominantColor:
    """A stored colour with its names, in the shape of a DetectLabels reply."""
    code = int(swatch.hex[1:], 16)
    red, green, blue = code >> 16, code >> 8 & 0xFF, code & 0xFF
    exact, by_cell = _names()
    name, word = by_cell[red >> CELL_SHIFT][green >> CELL_SHIFT][blue >> CELL_SHIFT]
    return DominantColor(
        red=red,
        green=green,
        blue=blue,
        hex_code=swatch.hex,
        css_color=exact.get(code, name),
        simplified_color=word,
        pixel_percent=swatch.percent,
    )


def dominant_colors(
    swatches: tuple[Swatch, ...] | tuple[SwatchExtract, ...], most: int
) -> tuple[DominantColor, ...]:
    """The first ``most`` of the stored colours, which stand largest share first."""
    return tuple([dominant_color(swatch) for swatch in swatches[:most]])


def image_properties(
    tones: PictureTones | TonesExtract, max_dominant_colors: int
) -> ImageProperties:
    """The stored properties of a picture in the shape of a DetectLabels reply."""
    whole = tones.whole
    return ImageProperties(
        quality=ImageQuality(
            brightness=whole.brightness,
            sharpness=whole.sharpness,
            contrast=whole.contrast if whole.contrast is not None else 0.0,
        ),
        dominant_colors=dominant_colors(whole.colors, max_dominant_colors),
        foreground=_region(tones.foreground, max_dominant_colors),
        background=_region(tones.background, max_dominant_colors),
    )


def _region(tone: Tone | ToneExtract, max_dominant_colors: int) -> ImageRegion:
    return ImageRegion(
        quality=ImageQuality(brightness=tone.brightness, sharpness=tone.sharpness),
        dominant_colors=dominant_colors(tone.colors, max_dominant_colors),
    )


class _Names(NamedTuple):
    """CSS names of single colours, since near white several lie in one cell; both names of cells.

    Cells are nested by red, green and blue.
    """

    exact: dict[int, str]
    by_cell: list[list[list[tuple[str, str]]]]


@cache
def _names() -> _Names:
    exact = {c.red << 16 | c.green << 8 | c.blue: c.name for c in named_colors()}
    words = _simple_words(_perceived(_cells())).tolist()
    nearest = _nearest_by_cell().tolist()
    pairs = [(named_colors()[n].name, SIMPLE[w]) for n, w in zip(nearest, words, strict=True)]
    levels = 1 << CELL_BITS
    rows = [pairs[start : start + levels] for start in range(0, len(pairs), levels)]
    return _Names(exact, [rows[start : start + levels] for start in range(0, len(rows), levels)])


@cache
def _nearest_by_cell() -> NDArray[np.uint8]:
    """For each cell, the index of the named colour that is nearest to it."""
    light, red_green, yellow_blue = _perceived(_cells())
    targets = _perceived(np.array([color[1:] for color in named_colors()]))
    nearest = np.zeros(len(light), dtype=np.uint8)
    least = np.full(len(light), np.inf)
    for index, target in enumerate(targets.T):  # element by element: no BLAS, one result anywhere
        distance = (light - target[0]) ** 2
        distance += CHROMA_WEIGHT * (red_green - target[1]) ** 2
        distance += CHROMA_WEIGHT * (yellow_blue - target[2]) ** 2
        closer = distance < least
        nearest[closer] = index
        least[closer] = distance[closer]
    return nearest


def _cells() -> NDArray[np.int64]:
    """The colour that stands for each cell, 32768 x 3; black and white stand for their own."""
    most = (1 << CELL_BITS) - 1
    levels = (np.arange(most + 1) * 255 + most // 2) // most
    return np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)


def _perceived(colors: NDArray[np.int64]) -> NDArray[np.float64]:
    """Colours (n x 3, 0 to 255, sRGB) as lightness, red against green, yellow against blue (3 x n).

    Oklab with the lightness that Okhsl uses, where the darks lie as close together as they look;
    both are Bjorn Ottosson's, of 2020 and 2021.
    """
    encoded = colors.T / 255.0
    red, green, blue = np.where(
        encoded <= SRGB_KNEE, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4
    )
    long = np.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = np.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = np.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    light = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    raised = 1.206 / 1.03 * light - 0.206
    return np.stack(
        [
            (raised + np.sqrt(raised**2 + 4 * 0.03 * 1.206 / 1.03 * light)) / 2,
            1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
            0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
        ]
    )


def _simple_words(perceived: NDArray[np.float64]) -> NDArray[np.intp]:
    """The index into ``SIMPLE`` for each colour: the first of ``WORDS`` that it lies in."""
    light = perceived[0]
    vivid = np.hypot(perceived[1], perceived[2])
    hue = np.degrees(np.arctan2(perceived[2], perceived[1])) % 360
    hue = np.where(hue < FIRST_HUE + 360, hue, hue - 360)
    words = np.zeros(len(light), dtype=np.intp)
    for rule in reversed(WORDS):
        inside = rule.hue[0] <= hue
        inside &= hue < rule.hue[1]
        inside &= (rule.light[0] <= light) & (light < rule.light[1])
        inside &= (rule.vivid[0] <= vivid) & (vivid < rule.vivid[1])
        words[inside] = SIMPLE.index(rule.word)
    return words
