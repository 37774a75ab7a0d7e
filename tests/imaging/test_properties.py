"""Image properties: colours, brightness, contrast, sharpness, in front and behind."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from bucketlens.imaging import fit, picture_tones, region_colors
from bucketlens.imaging.properties import LEAST_PERCENT, MOST_COLORS
from bucketlens.types import WHOLE, BoundingBox, Detection

Pixels = NDArray[np.uint8]

LEFT = BoundingBox(left=0.0, top=0.0, width=0.5, height=1.0)


def detection(box: BoundingBox, score: float = 0.9) -> Detection:
    """Something found in a box."""
    return Detection(
        class_index=0, score=score, left=box.left, top=box.top, width=box.width, height=box.height
    )


def halves(left: tuple[int, int, int], right: tuple[int, int, int]) -> Pixels:
    """A picture of two colours, 320 x 240."""
    pixels = np.zeros((240, 320, 3), dtype=np.uint8)
    pixels[:, :160], pixels[:, 160:] = left, right
    return pixels


def test_two_colours_are_found_with_their_shares() -> None:
    """Half red, half blue; the mean of the pixels of a name is the colour."""
    tone = picture_tones(halves((200, 30, 20), (10, 20, 200))).whole
    assert sorted((swatch.hex, swatch.percent) for swatch in tone.colors) == [
        ("#0a14c8", 50.0),
        ("#c81e14", 50.0),
    ]


def test_foreground_and_background_are_told_apart() -> None:
    """What lies in the boxes of detections is in front; the rest is behind."""
    pixels = halves((255, 255, 255), (0, 0, 0))
    tones = picture_tones(pixels, [detection(LEFT)])
    assert [swatch.hex for swatch in tones.foreground.colors] == ["#ffffff"]
    assert [swatch.hex for swatch in tones.background.colors] == ["#000000"]
    assert (tones.foreground.brightness, tones.background.brightness) == (100.0, 0.0)
    assert (tones.whole.brightness, tones.whole.contrast) == (50.0, 100.0)
    assert tones.foreground.contrast is None


def test_weak_detections_do_not_count() -> None:
    """Without a good detection the middle is the foreground."""
    pixels = halves((255, 255, 255), (0, 0, 0))
    weak = picture_tones(pixels, [detection(LEFT, 0.2)])
    assert weak == picture_tones(pixels)
    assert weak.foreground.brightness == 50.0


def test_without_background_the_whole_stands_for_it() -> None:
    """A detection that fills the picture leaves nothing behind it."""
    tones = picture_tones(halves((90, 90, 90), (10, 200, 10)), [detection(WHOLE)])
    assert tones.background.colors == tones.whole.colors
    assert tones.background.brightness == tones.whole.brightness


def test_sharpness_falls_as_a_picture_is_blurred(photo: Pixels) -> None:
    """The more blur, the lower the figure."""
    rng = np.random.default_rng(3)
    blocks = rng.integers(0, 256, (24, 32, 3), dtype=np.uint8).repeat(20, 0).repeat(20, 1)
    image = Image.fromarray(blocks)
    found = [
        picture_tones(np.asarray(image.filter(ImageFilter.GaussianBlur(radius)))).whole.sharpness
        for radius in (0, 2, 4, 8, 16)
    ]
    assert found == sorted(found, reverse=True)
    assert found[0] > 75
    assert found[-1] < 35
    assert picture_tones(photo).whole.sharpness > 10


def test_a_picture_of_one_colour_has_no_sharpness_and_no_contrast() -> None:
    """There is nothing in it."""
    tone = picture_tones(np.full((50, 70, 3), 120, dtype=np.uint8)).whole
    assert (tone.sharpness, tone.contrast) == (0.0, 0.0)
    assert [swatch.percent for swatch in tone.colors] == [100.0]


def test_the_thumbnails_pixels_give_the_same(photo: Pixels) -> None:
    """The figures are those of the picture at 320 pixels, so that copy may be given."""
    assert picture_tones(fit(photo, 320)) == picture_tones(photo)


def test_colours_of_a_region() -> None:
    """Only what is inside of the box counts."""
    pixels = halves((250, 240, 10), (0, 0, 0))
    middle = BoundingBox(left=0.25, top=0.0, width=0.5, height=1.0)
    left, both = region_colors(pixels, [LEFT, middle])
    assert [swatch.hex for swatch in left] == ["#faf00a"]
    assert [swatch.percent for swatch in both] == [50.0, 50.0]
    assert region_colors(pixels, []) == []


ratios = st.floats(0, 1, allow_nan=False)


@settings(max_examples=60, deadline=None)
@given(
    pixels=arrays.arrays(np.uint8, st.tuples(st.integers(1, 30), st.integers(1, 30), st.just(3))),
    box=st.tuples(ratios, ratios, ratios, ratios),
)
def test_any_picture_has_properties(pixels: Pixels, box: tuple[float, float, float, float]) -> None:
    """Figures lie between 0 and 100, shares fall, and none is below the least."""
    region = BoundingBox(left=box[0], top=box[1], width=box[2], height=box[3])
    tones = picture_tones(pixels, [detection(region)])
    for tone in (tones.whole, tones.foreground, tones.background):
        assert 0 <= tone.brightness <= 100
        assert 0 <= tone.sharpness <= 100
        shares = [swatch.percent for swatch in tone.colors]
        assert shares == sorted(shares, reverse=True)
        assert len(shares) <= MOST_COLORS
        assert all(share >= LEAST_PERCENT for share in shares)
        assert sum(shares) <= 100.5
    assert all(region_colors(pixels, [region, LEFT]))


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (5, 5)])
def test_tiny_pictures_have_properties(size: tuple[int, int]) -> None:
    """Too small for a sharpness, but not for a colour."""
    tones = picture_tones(np.full((*size, 3), 33, dtype=np.uint8))
    assert tones.whole.colors[0].hex == "#212121"
