"""What a file is, by its first bytes."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucketlens.errors import DamagedError, UnsupportedError
from bucketlens.imaging import Limits, decode
from bucketlens.imaging.sniff import sniff


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"<!DOCTYPE html><html><body>404</body></html>", "an HTML page"),
        (b"\xef\xbb\xbf\n <html lang='en'>", "an HTML page"),
        (b"<?xml version='1.0'?><svg width='9'/>", "an SVG drawing"),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "XML text"),
        (b'{"error": "not found"}', "JSON text"),
        (b"hello, this is no picture", "text"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "a Git LFS pointer"),
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
        (b"PK\x03\x04\x14\x00", "a ZIP archive"),
        (b"\x1f\x8b\x08\x00", "gzip-compressed data"),
        (b"8BPS\x00\x01", "a Photoshop document"),
        (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xff\x0a\x00", "JPEG XL"),
        (b"\x00\x00\x00\x18ftypcrx \x00\x00\x00\x01", "a RAW photo (Canon CR3)"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00", "a video"),
        (b"FUJIFILMCCD-RAW 0201", "a RAW photo (Fujifilm RAF)"),
        (b"\x00\x05\x16\x07\x00\x02\x00\x00", "a macOS resource fork"),
        (b"\x93\x01\x7f\x80garbage", "not of an image format that is known"),
    ],
)
def test_what_is_no_image_is_named(data: bytes, name: str) -> None:
    """The message says what the file looks like, and what is read."""
    with pytest.raises(UnsupportedError) as caught:
        decode(data, limits=Limits())
    assert caught.value.message.startswith(f"is {name}")
    assert "bucketlens reads JPEG, PNG" in caught.value.message


def test_an_empty_file_is_damaged() -> None:
    """No bytes at all: something went wrong on the way."""
    with pytest.raises(DamagedError, match="is empty"):
        decode(b"", limits=Limits())


def test_zero_bytes_are_damaged() -> None:
    """A file of zeros is what a failed upload or a full disk leaves."""
    with pytest.raises(DamagedError, match="holds 512 zero bytes"):
        decode(bytes(512), limits=Limits())


@pytest.mark.parametrize(
    ("brands", "kind"),
    [
        (b"heic\x00\x00\x00\x00mif1heic", "heic"),
        (b"mif1\x00\x00\x00\x00mif1heic", "heic"),
        (b"mif1\x00\x00\x00\x00mif1avif", "avif"),
        (b"avis\x00\x00\x00\x00avifmsf1", "avif"),
    ],
)
def test_brands_tell_heic_from_avif(brands: bytes, kind: str) -> None:
    """Both share a container; the compatible brands decide where the major one does not."""
    box = (len(brands) + 8).to_bytes(4, "big") + b"ftyp" + brands
    assert sniff(box + bytes(20)) == kind


@given(st.binary(max_size=64))
def test_any_bytes_have_a_verdict(data: bytes) -> None:
    """Whatever the bytes, there is a format or one of two errors."""
    with suppress(DamagedError, UnsupportedError):
        assert sniff(data).islower()
