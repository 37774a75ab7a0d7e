"""Names of colours, and properties in the shape of a DetectLabels reply."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketlens.colors import (
    SIMPLE,
    dominant_color,
    dominant_colors,
    image_properties,
    named_colors,
    nearest_named,
)
from bucketlens.types import PictureTones, Swatch, Tone


def words(code: str) -> tuple[str, str]:
    """The CSS name and the simple word of a colour."""
    color = dominant_color(Swatch(f"#{code}", 10.0))
    return color.css_color, color.simplified_color


def test_there_are_138_names_and_12_words() -> None:
    """CSS names 138 different colours (148 names, some for the same); DetectLabels has 12 words."""
    assert len({color[1:] for color in named_colors()}) == len(named_colors()) == 138
    assert len(SIMPLE) == 12


def test_a_named_colour_has_its_own_name() -> None:
    """What CSS names exactly is called so."""
    for color in named_colors():
        assert words(bytes(color[1:]).hex())[0] == color.name


@pytest.mark.parametrize(
    ("code", "name", "word"),
    [
        ("000000", "black", "black"),
        ("1c1711", "black", "black"),
        ("ffffff", "white", "white"),
        ("808080", "gray", "grey"),
        ("2f4f4f", "darkslategrey", "grey"),
        ("ff0000", "red", "red"),
        ("a52a2a", "brown", "brown"),
        ("7c451d", "saddlebrown", "brown"),
        ("c8a27c", "tan", "brown"),
        ("ff8c00", "darkorange", "orange"),
        ("ffd700", "gold", "yellow"),
        ("008000", "green", "green"),
        ("5a6521", "darkolivegreen", "green"),
        ("40e0d0", "turquoise", "cyan"),
        ("87ceeb", "skyblue", "blue"),
        ("000080", "navy", "blue"),
        ("800080", "purple", "purple"),
        ("ff69b4", "hotpink", "pink"),
    ],
)
def test_names_are_those_that_a_person_would_say(code: str, name: str, word: str) -> None:
    """The nearest name by sight, and a plain word."""
    assert words(code) == (name, word)


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_every_colour_has_both_names(color: tuple[int, int, int]) -> None:
    """Any of the 16 million, without exception."""
    name, word = words(bytes(color).hex())
    assert name in {named.name for named in named_colors()}
    assert word in SIMPLE


def test_pixels_are_named_in_any_shape() -> None:
    """The index array has the shape of the picture."""
    names = nearest_named(np.zeros((4, 5, 3), dtype=np.uint8))
    assert names.shape == (4, 5)
    assert named_colors()[int(names[0, 0])].name == "black"


def test_the_reply_has_amazons_field_names() -> None:
    """As the service model spells them."""
    built = msgspec.to_builtins(dominant_color(Swatch("#6a8d3f", 31.2)))
    assert built == {
        "Red": 0x6A,
        "Green": 0x8D,
        "Blue": 0x3F,
        "HexCode": "#6a8d3f",
        "CSSColor": "olivedrab",
        "SimplifiedColor": "green",
        "PixelPercent": 31.2,
    }


def test_properties_keep_to_the_most_colours() -> None:
    """The limit holds for the picture, its foreground and its background."""
    colors = tuple(Swatch(f"#{shade:02x}0000", 20.0 - shade) for shade in range(15))
    tone = Tone(brightness=40.0, sharpness=70.0, colors=colors)
    whole = Tone(brightness=50.0, sharpness=60.0, contrast=33.0, colors=colors)
    properties = image_properties(PictureTones(whole=whole, foreground=tone, background=tone), 4)
    assert properties.quality.contrast == 33.0
    assert properties.foreground.quality.contrast is msgspec.UNSET
    assert "Contrast" not in msgspec.to_builtins(properties.background.quality)
    for region in (properties, properties.foreground, properties.background):
        assert [color.pixel_percent for color in region.dominant_colors] == [20.0, 19.0, 18.0, 17.0]
    assert dominant_colors(colors, 0) == ()
