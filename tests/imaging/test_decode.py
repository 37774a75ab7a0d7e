"""Every format that is read comes out as upright RGB."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from bucketlens.errors import DamagedError, TooLargeError, UnsupportedError
from bucketlens.imaging import Cover, Limits, decode

Pixels = NDArray[np.uint8]
Encode = Callable[..., bytes]

LIMITS = Limits()

EXACT = ["PNG", "WEBP", "TIFF", "BMP", "GIF"]


def options(kind: str) -> dict[str, Any]:
    """What makes an encoder keep the picture as it is, or nearly."""
    lossy: dict[str, Any] = {"quality": 95, "subsampling": "4:4:4"}
    return {"WEBP": {"lossless": True}, "JPEG": lossy, "AVIF": lossy}.get(kind, {})


def difference(first: Pixels, second: Pixels) -> int:
    """The largest difference between two pictures."""
    assert first.shape == second.shape
    return int(np.abs(first.astype(int) - second.astype(int)).max())


@pytest.mark.parametrize("kind", EXACT)
def test_lossless_formats_give_back_every_pixel(
    corners: Pixels, encoded: Encode, kind: str
) -> None:
    """What a lossless format holds is what comes out."""
    image = decode(encoded(corners, kind, **options(kind)), limits=LIMITS)
    assert difference(image.pixels, corners) == 0
    assert (image.width, image.height, image.format) == (96, 64, kind.lower())
    assert (image.frames, image.orientation, image.taken) == (1, 1, None)


@pytest.mark.parametrize("kind", ["JPEG", "AVIF"])
def test_lossy_formats_come_close(corners: Pixels, encoded: Encode, kind: str) -> None:
    """What a lossy format holds is nearly what went in."""
    image = decode(encoded(corners, kind, **options(kind)), limits=LIMITS)
    assert difference(image.pixels, corners) <= 12
    assert image.format == kind.lower()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_once(
    corners: Pixels, encoded: Encode, kind: str, orientation: int
) -> None:
    """Each of the eight EXIF orientations ends upright, in every format that can carry it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(corners, kind, exif=exif, **options(kind))
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    image = decode(data, limits=LIMITS)
    assert difference(image.pixels, np.asarray(upright)) <= 3
    assert (image.width, image.height) == upright.size
    assert image.orientation == orientation


def test_orientation_known_corners(corners: Pixels, encoded: Encode) -> None:
    """Orientation 6, a phone held upright, turns the picture clockwise by a quarter."""
    exif = Image.Exif()
    exif[0x0112] = 6
    image = decode(encoded(corners, "PNG", exif=exif), limits=LIMITS)
    found = [tuple(image.pixels[row, column]) for row in (5, -5) for column in (5, -5)]
    blue, red, yellow, green = (0, 0, 255), (255, 0, 0), (255, 255, 0), (0, 255, 0)
    assert found == [blue, red, yellow, green]
    assert (image.width, image.height) == (64, 96)


def test_a_scaled_decode_is_turned_too(photo: Pixels, encoded: Encode) -> None:
    """Width and height are those of the upright original, the pixels those of the scaled one."""
    exif = Image.Exif()
    exif[0x0112] = 8
    image = decode(encoded(photo, "JPEG", exif=exif), limits=LIMITS, cover=Cover(100, 150))
    assert (image.width, image.height) == (480, 640)
    assert image.pixels.shape == (160, 120, 3)


def test_date_taken_comes_from_exif(corners: Pixels, encoded: Encode) -> None:
    """DateTimeOriginal is given in ISO 8601."""
    exif = Image.Exif()
    exif[0x010F] = "a maker"
    exif.get_ifd(0x8769)[0x9003] = "2023:07:01 12:30:59"
    for kind in ("JPEG", "PNG", "WEBP", "AVIF"):
        assert decode(encoded(corners, kind, exif=exif), limits=LIMITS).taken == (
            "2023-07-01T12:30:59"
        ), kind


MODES = {
    "PNG": ["L", "1", "P", "LA", "RGBA", "I;16"],
    "TIFF": ["L", "1", "P", "LA", "RGBA", "I;16", "I", "F", "CMYK", "YCbCr"],
    "JPEG": ["L", "CMYK", "YCbCr"],
    "GIF": ["L", "1", "P", "RGBA"],
    "WEBP": ["L", "P", "RGBA"],
    "BMP": ["L", "1", "P", "RGBA"],
}


@pytest.mark.parametrize(("kind", "mode"), [(kind, mode) for kind in MODES for mode in MODES[kind]])
def test_every_mode_of_every_format_becomes_rgb(encoded: Encode, kind: str, mode: str) -> None:
    """A grey ramp is a grey ramp in whatever mode it was stored."""
    ramp = np.repeat(np.arange(0, 256, 4, dtype=np.uint8)[None, :], 48, axis=0)
    image = Image.fromarray(ramp)
    if mode == "I;16":
        image = Image.fromarray(ramp.astype(np.uint16) * 257)
    else:
        image = (image.convert("RGB") if mode in {"CMYK", "YCbCr", "RGBA"} else image).convert(mode)
    pixels = decode(encoded(image, kind, **options(kind)), limits=LIMITS).pixels
    assert pixels.shape == (48, 64, 3)
    assert pixels.dtype == np.uint8
    if mode == "1":
        assert set(np.unique(pixels)) <= {0, 255}
    else:
        assert difference(pixels, np.repeat(ramp[..., None], 3, axis=2)) <= 6


def test_transparency_shows_white(encoded: Encode) -> None:
    """Alpha is put over white, half of it half-way."""
    image = Image.new("RGBA", (30, 10), (255, 0, 0, 255))
    image.paste((0, 0, 255, 0), (10, 0, 20, 10))
    image.paste((0, 0, 0, 128), (20, 0, 30, 10))
    pixels = decode(encoded(image, "PNG"), limits=LIMITS).pixels
    assert [tuple(pixels[5, column]) for column in (5, 15)] == [(255, 0, 0), (255, 255, 255)]
    assert abs(int(pixels[5, 25, 0]) - 127) <= 1


def test_sixteen_bits_with_a_transparent_value(encoded: Encode) -> None:
    """Grey of 16 bits keeps its shades; the value that is named transparent shows white."""
    values = np.array([[0, 1000, 30_000, 65_535]], dtype=np.uint16)
    data = encoded(Image.fromarray(values), "PNG")
    chunk = b"tRNS" + (1000).to_bytes(2, "big")
    chunk = b"\x00\x00\x00\x02" + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    at = data.index(b"IDAT") - 4
    pixels = decode(data[:at] + chunk + data[at:], limits=LIMITS).pixels
    assert pixels[0, :, 0].tolist() == [0, 255, 117, 255]


def test_a_transparent_palette_shows_white(encoded: Encode) -> None:
    """The transparent colour of a GIF or a palette PNG is white too."""
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 10, 200, 10])
    image.paste(0, (0, 0, 4, 8))
    for kind in ("GIF", "PNG"):
        pixels = decode(encoded(image, kind, transparency=0), limits=LIMITS).pixels
        assert tuple(pixels[4, 1]) == (255, 255, 255)
        assert tuple(pixels[4, 6]) == (10, 200, 10)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_the_first_frame_counts(corners: Pixels, encoded: Encode, kind: str) -> None:
    """Of an animation or a multi-page file the first frame is decoded and the number kept."""
    frames = [Image.fromarray(np.full_like(corners, shade)) for shade in (40, 120, 200)]
    data = encoded(Image.fromarray(corners), kind, save_all=True, append_images=frames)
    image = decode(data, limits=LIMITS)
    assert image.frames == 4
    assert image.pixels[5, 5, 0] > 200
    assert image.pixels[5, 5, 1] < 60


def test_a_gif_without_frames_is_one_frame_or_damaged(corners: Pixels, encoded: Encode) -> None:
    """Stray bytes before the first frame are passed over by Pillow, and count as nothing."""
    data = encoded(corners, "GIF")
    at = data.index(b",", 13 + 3 * 2)
    with suppress(DamagedError):
        assert decode(data[:at] + b"\x00" + data[at:], limits=LIMITS).frames == 1


def test_a_second_picture_in_a_jpeg_is_counted(corners: Pixels, encoded: Encode) -> None:
    """Multi-picture JPEGs (MPO) are JPEG with two frames."""
    other = Image.fromarray(np.zeros_like(corners))
    data = encoded(Image.fromarray(corners), "MPO", save_all=True, append_images=[other])
    image = decode(data, limits=LIMITS)
    assert (image.format, image.frames) == ("jpeg", 2)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "BMP", "GIF", "JPEG"])
def test_no_picture_is_scaled_below_its_cover(photo: Pixels, encoded: Encode, kind: str) -> None:
    """The sides stay at least as long as asked for, and are made smaller where that allows."""
    for cover in (Cover(100, 150), Cover(239, 300), Cover(50, 639), Cover(1, 1)):
        rows, columns = decode(encoded(photo, kind), limits=LIMITS, cover=cover).pixels.shape[:2]
        assert min(rows, columns) >= cover.short
        assert max(rows, columns) >= cover.long
    small = decode(encoded(photo, kind), limits=LIMITS, cover=Cover(100, 150)).pixels
    assert small.shape == (120, 160, 3)


def test_no_picture_is_scaled_up(corners: Pixels, encoded: Encode) -> None:
    """A picture smaller than the cover stays as it is."""
    for kind in ("JPEG", "PNG"):
        image = decode(encoded(corners, kind), limits=LIMITS, cover=Cover(400, 700))
        assert image.pixels.shape == (64, 96, 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_scaled_decode_shows_the_same_picture(photo: Pixels, encoded: Encode, kind: str) -> None:
    """Scaling while decoding differs little from scaling afterwards."""
    data = encoded(photo, kind, **options(kind))
    scaled = decode(data, limits=LIMITS, cover=Cover(120, 160)).pixels
    whole = Image.fromarray(decode(data, limits=LIMITS).pixels)
    reference = np.asarray(whole.resize((scaled.shape[1], scaled.shape[0]), Image.Resampling.BOX))
    assert np.abs(scaled.astype(int) - reference.astype(int)).mean() < 1.5


def test_large_pictures_are_shrunk_in_bands(encoded: Encode) -> None:
    """A picture of several bands is the same as one shrunk in one piece."""
    rows = np.arange(3001, dtype=np.uint32)[:, None]
    columns = np.arange(2003, dtype=np.uint32)[None, :]
    pixels = ((rows * 7 + columns * 13) % 251).astype(np.uint8)
    image = Image.fromarray(pixels).convert("P")
    scaled = decode(encoded(image, "PNG"), limits=LIMITS, cover=Cover(600, 900)).pixels
    reference = np.asarray(image.convert("RGB").reduce(3))
    assert scaled.shape == (1001, 668, 3)
    assert difference(scaled, reference) == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF"])
def test_too_many_pixels_are_refused(photo: Pixels, encoded: Encode, kind: str) -> None:
    """The limit on pixels holds for each format and names its setting."""
    with pytest.raises(TooLargeError, match=r"640 x 480 .*max_pixels") as caught:
        decode(encoded(photo, kind), limits=Limits(max_pixels=307_199), cover=Cover(10, 10))
    assert caught.value.setting == "max_pixels"


def test_too_many_bytes_are_refused(photo: Pixels, encoded: Encode) -> None:
    """The limit on bytes comes first and names its setting."""
    data = encoded(photo, "PNG")
    with pytest.raises(TooLargeError, match="max_bytes") as caught:
        decode(data, limits=Limits(max_bytes=len(data) - 1))
    assert caught.value.setting == "max_bytes"
    assert decode(data, limits=Limits(max_bytes=len(data))).width == 640


def test_limits_beyond_pillows_own(encoded: Encode) -> None:
    """A limit above Pillow's 89 megapixels is ours alone: no warning, no refusal."""
    wide = Image.new("1", (10_000, 9_000))
    assert decode(encoded(wide, "PNG"), limits=LIMITS, cover=Cover(90, 100)).width == 10_000


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF", "GIF", "AVIF", "BMP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_cut_off_files_are_damaged(photo: Pixels, encoded: Encode, kind: str, share: float) -> None:
    """A file that ends early is no picture, whatever its format."""
    data = encoded(photo, kind)
    with pytest.raises((DamagedError, UnsupportedError)):
        decode(data[: int(len(data) * share)], limits=LIMITS)


def test_the_name_plays_no_part(corners: Pixels, encoded: Encode) -> None:
    """Only bytes are looked at: the function is not even told a name."""
    assert decode(encoded(corners, "WEBP"), limits=LIMITS).format == "webp"
