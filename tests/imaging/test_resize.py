"""Model inputs: the right part of the picture, at the right size."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from bucketlens.imaging import model_input, resize
from bucketlens.imaging.resize import GAP
from bucketlens.types import BoundingBox, DecodedImage

Method = Literal["bicubic", "bilinear", "area"]
Pixels = NDArray[np.uint8]
METHODS: list[Method] = ["bicubic", "bilinear", "area"]

CLOSE = 2.0
"""Levels of 255, on average."""


def decoded(pixels: Pixels) -> DecodedImage:
    """A decoded image of these pixels."""
    return DecodedImage(pixels, pixels.shape[1], pixels.shape[0], "png")


@pytest.fixture
def quadrants() -> Pixels:
    """A picture whose pixels say where they are: red grows to the right, green downwards."""
    rows, columns = np.mgrid[0:300, 0:400]
    pixels = np.stack([columns * 255 // 399, rows * 255 // 299, rows * 0 + 90], axis=-1)
    return pixels.astype(np.uint8)


def test_the_size_asked_for_comes_out(quadrants: Pixels) -> None:
    """Height comes first in the shape."""
    for method in METHODS:
        assert resize(quadrants, 50, 30, method=method).shape == (30, 50, 3)
        assert resize(quadrants, 500, 600, method=method).shape == (600, 500, 3)


def test_the_size_it_has_costs_nothing(quadrants: Pixels) -> None:
    """Pixels that have the size already are given back."""
    assert resize(quadrants, 400, 300, method="bicubic") is quadrants


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "box", [(0, 0, 400, 300), (50.5, 20.25, 180.5, 299.75), (390, 290, 400, 300)]
)
def test_a_box_equals_pillows_own(
    photo: Pixels, method: Method, box: tuple[float, float, float, float]
) -> None:
    """Cutting the pixels before scaling changes nothing about the result."""
    filters = {"bicubic": 3, "bilinear": 2, "area": 4}
    reference = Image.fromarray(photo).resize(
        (64, 48), Image.Resampling(filters[method]), box=box, reducing_gap=GAP
    )
    difference = np.abs(
        resize(photo, 64, 48, method=method, box=box).astype(int) - np.asarray(reference)
    )
    assert difference.max() <= 1


def test_a_picture_that_is_little_larger_is_scaled_in_one_step(photo: Pixels) -> None:
    """Below 2.6 times the wanted size the result is that of the filter alone."""
    reference = Image.fromarray(photo).resize((260, 260), Image.Resampling.BICUBIC)
    scaled = resize(photo, 260, 260, method="bicubic")
    assert (scaled == np.asarray(reference)).all()


@pytest.mark.parametrize("method", METHODS)
def test_averaging_first_is_close_to_one_step(photo: Pixels, method: Method) -> None:
    """A picture that is several times too large keeps its look, by a level or two."""
    filters = {"bicubic": 3, "bilinear": 2, "area": 4}
    reference = Image.fromarray(photo).resize((64, 48), Image.Resampling(filters[method]))
    scaled = resize(photo, 64, 48, method=method)
    difference = np.abs(scaled.astype(int) - np.asarray(reference))
    assert difference.mean() < CLOSE


def test_the_centre_crop_takes_its_share_of_the_short_side(quadrants: Pixels) -> None:
    """With 0.9 of 300 rows, 15 rows are left out above and below, and 65 columns at the sides."""
    pixels = model_input(decoded(quadrants), width=270, height=270, crop=0.9, method="area")
    assert (pixels == quadrants[15:285, 65:335]).all()


def test_without_a_crop_the_picture_is_stretched(quadrants: Pixels) -> None:
    """Both edges stay in the picture."""
    pixels = model_input(decoded(quadrants), width=64, height=64, crop=None, method="bilinear")
    assert pixels[32, 0, 0] < 8
    assert pixels[32, -1, 0] > 247


def test_a_region_is_looked_at_alone(quadrants: Pixels) -> None:
    """The lower right quarter, stretched to the whole input."""
    region = BoundingBox(left=0.5, top=0.5, width=0.5, height=0.5)
    pixels = model_input(
        decoded(quadrants), width=200, height=150, crop=None, method="area", region=region
    )
    assert (pixels == quadrants[150:, 200:]).all()


def test_a_crop_that_is_not_square_keeps_its_shape(quadrants: Pixels) -> None:
    """A wide input takes a wide box from the middle."""
    pixels = model_input(decoded(quadrants), width=400, height=100, crop=1.0, method="area")
    assert (pixels == quadrants[100:200]).all()


ratios = st.floats(0, 1, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 40),
    columns=st.integers(1, 40),
    box=st.tuples(ratios, ratios, ratios, ratios),
    crop=st.none() | st.floats(0.05, 1),
    method=st.sampled_from(METHODS),
)
def test_any_region_of_any_picture_gives_an_input(
    rows: int,
    columns: int,
    box: tuple[float, float, float, float],
    crop: float | None,
    method: Method,
) -> None:
    """However thin the picture or empty the box, the model gets its pixels."""
    region = BoundingBox(left=box[0], top=box[1], width=box[2], height=box[3])
    pixels = model_input(
        decoded(np.full((rows, columns, 3), 77, dtype=np.uint8)),
        width=9,
        height=7,
        crop=crop,
        method=method,
        region=region,
    )
    assert pixels.shape == (7, 9, 3)
    assert (pixels == 77).all()
