"""TIFF structures, EXIF blocks and camera RAW files, sound and hostile."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bucketlens.errors import DamagedError, TooLargeError, UnsupportedError
from bucketlens.imaging import Limits, decode
from bucketlens.imaging.exif import Exif, parse_date, read_exif
from bucketlens.imaging.tiff import MOST_FRAMES, Tiff

Encode = Callable[..., bytes]

SHORT, LONG = 3, 4


def tiff(*tags: tuple[int, int, int], following: int = 0) -> bytes:
    """A little-endian TIFF of one directory with one value for each tag."""
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return (
        b"II*\x00\x08\x00\x00\x00"
        + struct.pack("<H", len(tags))
        + entries
        + struct.pack("<I", following)
    )


def test_values_are_read_in_either_byte_order() -> None:
    """The orientation is the same number in both."""
    little = tiff((0x0112, SHORT, 6))
    big = (
        b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"
        + bytes(4)
    )
    assert read_exif(little).orientation == 6
    assert read_exif(b"Exif\x00\x00" + big).orientation == 6


def test_bigtiff_is_read() -> None:
    """BigTIFF differs in the width of its numbers only."""
    entry = struct.pack("<HHQQ", 0x0112, SHORT, 1, 8)
    data = b"II+\x00\x08\x00\x00\x00" + struct.pack("<QQ", 16, 1) + entry + bytes(8)
    found = Tiff(data)
    assert found.directory(found.first).integer(0x0112) == 8


@pytest.mark.parametrize("value", [0, 9, 99, 65535])
def test_orientations_that_do_not_exist_are_upright(value: int) -> None:
    """Only 1 to 8 mean anything."""
    assert read_exif(tiff((0x0112, SHORT, value))).orientation == 1


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2024:05:17 18:30:01", "2024-05-17T18:30:01"),
        ("1900:01:01 00:00:00", "1900-01-01T00:00:00"),
        ("0000:00:00 00:00:00", None),
        ("2024:13:40 99:00:00", None),
        ("0001:01:01 00:00:00", None),
        ("    :  :     :  :  ", None),
        ("2024-05-17T18:30:01", None),
        ("", None),
    ],
)
def test_dates(text: str, date: str | None) -> None:
    """Dates that cameras write are read; what is no date is none."""
    assert parse_date(text) == date


@given(st.binary(max_size=400))
def test_hostile_exif_never_raises(block: bytes) -> None:
    """Any bytes behind a TIFF header give facts, or none."""
    for header in (b"II*\x00\x08\x00\x00\x00", b"MM\x00*\x00\x00\x00\x08", b""):
        assert 1 <= read_exif(header + block).orientation <= 8


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0x0112, 0x8769, 0x9003, 0x014A]),
            st.integers(0, 20),
            st.integers(0, 2**32 - 1),
            st.integers(0, 2**32 - 1),
        ),
        max_size=12,
    )
)
def test_hostile_counts_and_offsets_never_raise(tags: list[tuple[int, int, int, int]]) -> None:
    """Counts of four billion and offsets into nowhere are treated as absent."""
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    block = b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", len(tags)) + entries
    assert isinstance(read_exif(block), Exif)


def test_a_loop_of_directories_ends() -> None:
    """A directory that names itself as the next is one page."""
    found = Tiff(tiff((256, LONG, 1), following=8))
    assert len(list(found.chain())) == 1


def test_a_long_chain_is_cut() -> None:
    """However many pages a file claims, only so many are followed."""
    one = struct.calcsize("<HHHIII")
    count = MOST_FRAMES + 50
    pages = b"".join(
        struct.pack("<HHHIII", 1, 256, LONG, 1, 1, 8 + (index + 1) * one) for index in range(count)
    )
    assert len(list(Tiff(b"II*\x00\x08\x00\x00\x00" + pages).chain())) == MOST_FRAMES


@pytest.mark.parametrize(
    ("data", "camera"),
    [
        (tiff((254, LONG, 1), (50706, LONG, 1)), "DNG"),
        (b"II*\x00\x10\x00\x00\x00CR\x02\x00" + bytes(4) + tiff((256, LONG, 9))[8:], "Canon CR2"),
    ],
)
def test_raw_photos_are_named(data: bytes, camera: str) -> None:
    """A RAW file is refused as such; its thumbnail would only look like an answer."""
    with pytest.raises(UnsupportedError, match=f"RAW photo .{camera}"):
        decode(data, limits=Limits())


def test_a_camera_brand_with_hidden_pictures_is_raw(encoded: Encode) -> None:
    """NEF, ARW and their kin: a small first picture, the photo in a sub-directory."""
    info = {271: "NIKON CORPORATION", 254: 1, 330: 8}
    data = encoded(Image.new("RGB", (16, 12)), "TIFF", tiffinfo=info)
    with pytest.raises(UnsupportedError, match="NIKON"):
        decode(data, limits=Limits())


def test_a_scanner_with_a_name_is_not_raw(encoded: Encode) -> None:
    """A maker's name alone does not make a RAW file."""
    data = encoded(Image.new("RGB", (16, 12)), "TIFF", tiffinfo={271: "EPSON"})
    assert decode(data, limits=Limits()).format == "tiff"


def test_huge_tiles_are_refused() -> None:
    """A tile larger than the limit is refused before libtiff allocates it."""
    data = tiff((256, LONG, 8), (257, LONG, 8), (322, LONG, 1_000_000), (323, LONG, 1_000_000))
    with pytest.raises(TooLargeError, match="max_pixels"):
        decode(data, limits=Limits())


def test_a_tiff_without_directories_is_damaged() -> None:
    """A header that points nowhere is no picture."""
    with pytest.raises(DamagedError, match="TIFF without a picture"):
        decode(b"II*\x00\xff\xff\xff\x7f", limits=Limits())


def test_odd_sample_sizes_are_unsupported() -> None:
    """What Pillow has no mode for is called unsupported, not damaged."""
    data = tiff(
        (256, LONG, 4), (257, LONG, 1), (258, SHORT, 24), (259, SHORT, 1), (262, SHORT, 1),
        (273, LONG, 8), (277, SHORT, 1), (278, LONG, 1), (279, LONG, 6),
    )  # fmt: skip
    with pytest.raises(UnsupportedError, match="TIFF of a kind that is not read"):
        decode(data, limits=Limits())
