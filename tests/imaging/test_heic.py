"""HEIC: the shared files, since no library at hand may write any."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from bucketlens.errors import DamagedError, TooLargeError
from bucketlens.imaging import Cover, Limits, decode
from bucketlens.imaging.heic import check_names

if TYPE_CHECKING:
    from pathlib import Path

RAINBOW = "formats/images/heic/strukturag__tests_data_rainbow-451x461.heic"


def entry(version: int, name: bytes) -> bytes:
    """An item entry of a HEIC file."""
    number = bytes(4 if version == 3 else 2)
    body = bytes([version, 0, 0, 0]) + number + bytes(2) + b"mime" + name + b"\x00"
    return struct.pack(">I", len(body) + 8) + b"infe" + body


@pytest.mark.parametrize("version", [0, 1, 2, 3])
def test_names_must_be_text(version: int) -> None:
    """A name that is not UTF-8 would bring the process down in pi-heif."""
    check_names(entry(version, "Übersicht".encode()))
    with pytest.raises(DamagedError, match="not text"):
        check_names(bytes(20) + entry(version, b"application/rdf+\x80ml") + bytes(20))


def test_a_name_that_is_not_text_is_no_crash(shared_data: Path) -> None:
    """The very file that did it: one byte of a content type changed."""
    data = (shared_data / RAINBOW).read_bytes()
    assert b"application/rdf+xml" in data
    with pytest.raises(DamagedError, match="not text"):
        decode(data.replace(b"rdf+xml", b"rdf+\x80ml"), limits=Limits())


def test_a_photo_is_decoded_and_scaled(shared_data: Path) -> None:
    """Size, format and scale as for any other format."""
    image = decode((shared_data / RAINBOW).read_bytes(), limits=Limits(), cover=Cover(100, 100))
    assert (image.format, image.width, image.height) == ("heic", 451, 461)
    assert image.pixels.shape == (116, 113, 3)


def test_the_limit_on_pixels_holds(shared_data: Path) -> None:
    """The size in the header is checked before anything is decoded."""
    with pytest.raises(TooLargeError, match="451 x 461"):
        decode((shared_data / RAINBOW).read_bytes(), limits=Limits(max_pixels=207_910))


@pytest.mark.parametrize("share", [0.05, 0.3, 0.7])
def test_a_cut_off_photo_is_damaged(shared_data: Path, share: float) -> None:
    """As for any other format."""
    data = (shared_data / RAINBOW).read_bytes()
    with pytest.raises(DamagedError):
        decode(data[: int(len(data) * share)], limits=Limits())
