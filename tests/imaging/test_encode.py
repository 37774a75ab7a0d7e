"""Thumbnails and previews."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from bucketlens.imaging import encode_jpeg, fit, preview, thumbnail

Pixels = NDArray[np.uint8]


def opened(data: bytes) -> Image.Image:
    """The JPEG, as another program sees it."""
    image = Image.open(io.BytesIO(data))
    assert image.format == "JPEG"
    return image


def test_a_thumbnail_has_its_long_side(photo: Pixels) -> None:
    """320 pixels on the long side, upright or not, and the same picture."""
    assert opened(thumbnail(photo)).size == (320, 240)
    assert opened(thumbnail(photo.swapaxes(0, 1))).size == (240, 320)
    small = np.asarray(opened(thumbnail(photo)), dtype=int)
    reference = np.asarray(Image.fromarray(photo).resize((320, 240), Image.Resampling.BOX))
    assert np.abs(small - reference).mean() < 4


def test_small_pictures_stay_small(photo: Pixels) -> None:
    """Nothing is scaled up."""
    assert opened(thumbnail(photo[:30, :50])).size == (50, 30)
    assert opened(preview(photo)).size == (640, 480)
    assert fit(photo, 640) is photo


@pytest.mark.parametrize(
    ("width", "expected"), [(700, 700), (769, 769), (1500, 1500), (1537, 1024), (3000, 1024)]
)
def test_a_preview_is_the_decoded_picture_where_that_is_near(width: int, expected: int) -> None:
    """Up to half as large again it is encoded as it is; beyond, scaled."""
    pixels = np.zeros((40, width, 3), dtype=np.uint8)
    assert opened(preview(pixels)).size[0] == expected


@pytest.mark.parametrize("size", [(1, 5000), (5000, 1), (3, 1000), (1, 1)])
def test_thin_pictures_have_a_thumbnail(size: tuple[int, int]) -> None:
    """A strip of one pixel stays a strip of one pixel."""
    pixels = np.full((*size, 3), 200, dtype=np.uint8)
    image = opened(thumbnail(pixels))
    assert max(image.size) == min(320, max(size))
    assert min(image.size) >= 1


def test_no_metadata_is_written(photo: Pixels) -> None:
    """What is shown carries no EXIF, no profile, no comment."""
    image = opened(encode_jpeg(photo))
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert not image.getexif()


def test_quality_is_a_trade(photo: Pixels) -> None:
    """Higher quality takes more bytes."""
    assert len(encode_jpeg(photo, 50)) < len(encode_jpeg(photo, 80)) < len(encode_jpeg(photo, 95))


def test_views_are_encoded(photo: Pixels) -> None:
    """Pixels need not lie one after the other in memory."""
    mirrored = photo[:, ::-1]
    assert encode_jpeg(mirrored) == encode_jpeg(np.ascontiguousarray(mirrored))
