"""Every image comes in a form that the service takes, and shows the same picture."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from tests.rekognition.double import check_image

from bucketlens.errors import UnsupportedError
from bucketlens.imaging import Limits, decode
from bucketlens.pipeline.fitting import LONGEST, MAX_SENT, MAX_STORED, converted, fits

if TYPE_CHECKING:
    from bucketlens.types import DecodedImage

LIMITS = Limits()


def picture(kind: str, size: tuple[int, int], **options: object) -> bytes:
    """A file with a smooth picture."""
    columns, rows = size
    ramp = np.linspace(0, 255, columns, dtype=np.uint8)[None, :].repeat(rows, axis=0)
    buffer = io.BytesIO()
    Image.fromarray(np.dstack([ramp, 255 - ramp, ramp // 2])).save(buffer, kind, **options)
    return buffer.getvalue()


def seen(data: bytes) -> DecodedImage:
    """The file, decoded."""
    return decode(data, limits=LIMITS)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_plain_files_go_as_they_are(kind: str):
    """JPEG and PNG within the limits need no conversion."""
    data = picture(kind, (640, 480))
    assert fits(seen(data), len(data), stored=False)
    assert fits(seen(data), MAX_SENT, stored=False)
    assert not fits(seen(data), MAX_SENT + 1, stored=False)
    assert fits(seen(data), MAX_STORED, stored=True)
    assert not fits(seen(data), MAX_STORED + 1, stored=True)


@pytest.mark.parametrize("size", [(79, 480), (480, 79), (LONGEST + 1, 480)])
def test_sides_out_of_range_do_not_fit(size: tuple[int, int]):
    """80 to 10,000 pixels, each side."""
    image = replace(seen(picture("PNG", (640, 480))), width=size[0], height=size[1])
    assert not fits(image, 1000, stored=False)


def test_a_turned_png_is_converted():
    """The service turns only JPEGs, and its boxes would be of the lying picture."""
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = {kind: picture(kind, (640, 480), exif=exif) for kind in ("JPEG", "PNG")}
    assert fits(seen(turned["JPEG"]), 1000, stored=True)
    assert seen(turned["PNG"]).orientation == 6
    assert not fits(seen(turned["PNG"]), 1000, stored=True)
    upright = Image.open(io.BytesIO(converted(turned["PNG"], LIMITS)))
    assert upright.size == (480, 640)


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        ("WEBP", (640, 480)),
        ("AVIF", (640, 480)),
        ("TIFF", (300, 200)),
        ("GIF", (100, 100)),
        ("BMP", (90, 3000)),
        ("PNG", (12_000, 300)),
        ("JPEG", (40, 30)),
        ("PNG", (1, 1)),
        ("PNG", (20, 1000)),
    ],
)
def test_everything_else_becomes_a_jpeg_within_the_limits(kind: str, size: tuple[int, int]):
    """Large ones are scaled down, tiny ones up, and the shape stays."""
    sent = converted(picture(kind, size), LIMITS)
    check_image(sent)
    assert len(sent) <= MAX_SENT
    image = Image.open(io.BytesIO(sent))
    assert image.format == "JPEG"
    shape, was = image.width / image.height, size[0] / size[1]
    assert shape == pytest.approx(was, rel=0.02)


def test_noise_is_made_small_enough():
    """What JPEG can hardly compress is compressed harder."""
    noise = np.random.default_rng(1).integers(0, 256, (2048, 2048, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    assert len(converted(buffer.getvalue(), LIMITS)) <= MAX_SENT


def test_a_thread_is_not_taken():
    """2 x 9,000 pixels can't be brought to 80 pixels without passing 10,000."""
    with pytest.raises(UnsupportedError, match="too narrow"):
        converted(picture("PNG", (9000, 2)), LIMITS)
