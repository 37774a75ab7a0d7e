"""JPEG: the scale, colours, and what is done with files that are not whole."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms

from bucketlens.errors import DamagedError, InputError, TooLargeError, UnsupportedError
from bucketlens.imaging import Cover, Limits, decode
from bucketlens.imaging.jpeg import missing_rows, scaled_size
from bucketlens.imaging.markers import read_markers

Pixels = NDArray[np.uint8]
Encode = Callable[..., bytes]

LIMITS = Limits()


@given(
    width=st.integers(1, 20_000),
    height=st.integers(1, 20_000),
    short=st.integers(1, 2_000),
    extra=st.integers(0, 2_000),
)
def test_the_scale_covers_and_the_next_fast_one_does_not(
    width: int, height: int, short: int, extra: int
) -> None:
    """The chosen size is one of the fast scales, the smallest that covers."""
    cover = Cover(short, short + extra)
    chosen = scaled_size(width, height, cover)
    sizes = [(-(-width * n // 8), -(-height * n // 8)) for n in (1, 2, 3, 4)]
    covering = [size for size in sizes if cover.allows(*size)]
    assert chosen == (covering[0] if covering else (width, height))


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize(("eighths", "short"), [(1, 60), (2, 120), (3, 180), (4, 240), (8, 241)])
def test_each_scale_decodes(
    photo: Pixels, encoded: Encode, *, progressive: bool, subsampling: str, eighths: int, short: int
) -> None:
    """Every scale, of every kind of colour sampling, baseline and progressive."""
    data = encoded(photo, "JPEG", progressive=progressive, subsampling=subsampling)
    pixels = decode(data, limits=LIMITS, cover=Cover(short, short)).pixels
    assert pixels.shape == (60 * eighths, 80 * eighths, 3)


def test_grey_comes_out_grey(photo: Pixels, encoded: Encode) -> None:
    """A grey JPEG has three equal channels."""
    pixels = decode(encoded(Image.fromarray(photo).convert("L"), "JPEG"), limits=LIMITS).pixels
    assert (pixels[..., 0] == pixels[..., 1]).all()
    assert (pixels[..., 0] == pixels[..., 2]).all()


@pytest.mark.parametrize("cover", [None, Cover(100, 100)])
def test_cmyk_has_the_right_colours(encoded: Encode, cover: Cover | None) -> None:
    """Ink is stored inverted, as Adobe does: red stays red."""
    image = Image.new("RGB", (320, 240), (200, 30, 60)).convert("CMYK")
    pixels = decode(encoded(image, "JPEG", quality=95), limits=LIMITS, cover=cover).pixels
    assert np.abs(pixels.astype(int) - (200, 30, 60)).max() <= 4


def wide_gamut_profile() -> bytes:
    """A profile whose red and green are swapped: impossible to overlook."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_other_profiles_are_converted_to_srgb(encoded: Encode, kind: str) -> None:
    """Colours mean what the profile says that they mean."""
    image = Image.new("RGB", (64, 48), (220, 20, 20))
    plain = decode(encoded(image, kind), limits=LIMITS).pixels
    swapped = decode(encoded(image, kind, icc_profile=wide_gamut_profile()), limits=LIMITS).pixels
    assert plain[5, 5, 0] > 200
    assert plain[5, 5, 1] < 60
    assert swapped[5, 5, 1] > 200
    assert swapped[5, 5, 0] < 60


def test_a_profile_that_says_srgb_changes_nothing(photo: Pixels, encoded: Encode) -> None:
    """Most profiles name sRGB in other words; those pixels are left alone."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    tagged = decode(encoded(photo, "PNG", icc_profile=profile), limits=LIMITS).pixels
    assert (tagged == photo).all()


@pytest.mark.parametrize("profile", [b"\x00", b"garbage" * 40, wide_gamut_profile()[:300]])
def test_a_broken_profile_is_ignored(photo: Pixels, encoded: Encode, profile: bytes) -> None:
    """A profile that can't be read is no reason to refuse a picture."""
    data = encoded(photo, "JPEG", icc_profile=profile)
    assert (
        decode(data, limits=LIMITS).pixels == decode(encoded(photo, "JPEG"), limits=LIMITS).pixels
    ).all()


def test_a_profile_of_another_colour_model_is_ignored(photo: Pixels, encoded: Encode) -> None:
    """An RGB profile in a grey picture says nothing."""
    grey = Image.fromarray(photo).convert("L")
    tagged = decode(encoded(grey, "JPEG", icc_profile=wide_gamut_profile()), limits=LIMITS)
    assert (tagged.pixels == decode(encoded(grey, "JPEG"), limits=LIMITS).pixels).all()


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9])
def test_a_photo_with_rows_missing_is_damaged(photo: Pixels, encoded: Encode, share: float) -> None:
    """A cut-off photo is refused, with the part that is missing."""
    data = encoded(photo, "JPEG", quality=90)
    with pytest.raises(DamagedError, match=r"lower \d+% of the picture are missing"):
        decode(data[: int(len(data) * share)], limits=LIMITS)


def test_a_lost_tail_is_tolerated(photo: Pixels, encoded: Encode) -> None:
    """A photo without its last bytes is a photo, as in every viewer."""
    data = encoded(photo, "JPEG", quality=90)
    whole = decode(data, limits=LIMITS).pixels
    for cut in (2, len(data) // 100):
        pixels = decode(data[:-cut], limits=LIMITS).pixels
        assert (pixels[:440] == whole[:440]).all()


def test_a_progressive_photo_needs_its_details(photo: Pixels, encoded: Encode) -> None:
    """A progressive photo that ends in its first, blurred pass is refused; later it is not."""
    data = encoded(photo, "JPEG", quality=90, progressive=True)
    with pytest.raises(DamagedError, match="cut off before its details"):
        decode(data[: len(data) // 8], limits=LIMITS)
    assert decode(data[: len(data) * 9 // 10], limits=LIMITS).width == 640


def test_an_error_in_the_middle_is_damage(photo: Pixels, encoded: Encode) -> None:
    """Where libjpeg gives up, the rest of the picture would be noise."""
    data = bytearray(encoded(photo, "JPEG", quality=90))
    middle = len(data) // 2
    data[middle : middle + 2] = b"\xff\x94"
    with pytest.raises(DamagedError, match="Unsupported marker type 0x94"):
        decode(bytes(data), limits=LIMITS)


def test_missing_rows_are_counted() -> None:
    """Only grey rows at the very end count."""
    pixels = np.zeros((10, 4, 3), dtype=np.uint8)
    assert missing_rows(pixels) == 0
    pixels[6:] = 128
    assert missing_rows(pixels) == 4
    pixels[8, 1, 2] = 0
    assert missing_rows(pixels) == 1
    assert missing_rows(np.full((10, 4, 3), 128, dtype=np.uint8)) == 10


def test_bytes_after_the_end_do_no_harm(photo: Pixels, encoded: Encode) -> None:
    """Phones append previews and videos behind the picture."""
    data = encoded(photo, "JPEG")
    assert (
        decode(data + b"\x00ftypmp42" * 500, limits=LIMITS).pixels
        == decode(data, limits=LIMITS).pixels
    ).all()


def test_what_only_pillow_reads_is_read(photo: Pixels, encoded: Encode) -> None:
    """Stray bytes between two segments stop simplejpeg; the picture is still scaled."""
    data = encoded(photo, "JPEG")
    stray = data[:20] + b"\x00\x00\x00" + data[20:]
    with pytest.raises(ValueError, match="extraneous"):
        simplejpeg.decode_jpeg(stray)
    pixels = decode(stray, limits=LIMITS, cover=Cover(100, 100)).pixels
    assert pixels.shape == (120, 160, 3)


def test_lossless_jpeg_is_never_scaled() -> None:
    """Scaling a lossless JPEG makes libjpeg-turbo write beyond the picture's memory."""
    frame = b"\xff\xc3\x00\x0b\x08\x02\x00\x02\x00\x01\x01\x11\x00"
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x01\x00\x00"
    assert not read_markers(b"\xff\xd8" + frame + scan).scalable


def test_endless_scans_are_refused(encoded: Encode) -> None:
    """A progressive file of a thousand empty passes costs nothing to make and hours to read."""
    data = encoded(Image.new("RGB", (64, 64)), "JPEG", progressive=True)
    body = data.rindex(b"\xff\xda")
    hostile = data[:body] + data[body:-2] * 1000 + data[-2:]
    with pytest.raises(TooLargeError, match=r"1\d\d\d scans"):
        decode(hostile, limits=LIMITS)


def test_a_header_larger_than_the_limit_is_refused(photo: Pixels, encoded: Encode) -> None:
    """The size in the header counts, before any memory is taken for it."""
    data = bytearray(encoded(photo, "JPEG"))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = b"\xff\xdc\xff\xdc"
    with pytest.raises(TooLargeError, match="65500 x 65500"):
        decode(bytes(data), limits=LIMITS)


def test_more_than_eight_bits_are_unsupported(photo: Pixels, encoded: Encode) -> None:
    """A JPEG of 12 bits is sound, but of a kind that is not read."""
    data = bytearray(encoded(photo, "JPEG"))
    data[data.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(UnsupportedError, match="12 bits"):
        decode(bytes(data), limits=LIMITS)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_brings_anything_but_an_input_error(draw: st.DataObject) -> None:
    """Bytes are changed, removed and added anywhere: a picture or an InputError, nothing else."""
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.linear_gradient("L").convert("RGB").resize((40, 30)).save(file, "JPEG", exif=exif)
    data = bytearray(file.getvalue())
    for _ in range(draw.draw(st.integers(1, 8))):
        at = draw.draw(st.integers(0, len(data) - 1))
        data[at : at + draw.draw(st.integers(0, 3))] = draw.draw(st.binary(max_size=4))
    try:
        image = decode(bytes(data), limits=Limits(max_pixels=1_000_000), cover=Cover(5, 5))
    except InputError:
        return
    assert image.pixels.shape[2] == 3
