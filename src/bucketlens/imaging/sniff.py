"""The format of a file by its first bytes, never by its name."""

from __future__ import annotations

import re

from bucketlens.errors import DamagedError, UnsupportedError

READS = "JPEG, PNG, WebP, AVIF, HEIC, TIFF, BMP or GIF"

SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
)

OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"FUJIFILMCCD-RAW", "a RAW photo (Fujifilm RAF)"),
    (b"IIRO", "a RAW photo (Olympus ORF)"),
    (b"IIRS", "a RAW photo (Olympus ORF)"),
    (b"MMOR", "a RAW photo (Olympus ORF)"),
    (b"IIU\x00", "a RAW photo (Panasonic RW2)"),
    (b"\x00MRM", "a RAW photo (Minolta MRW)"),
    (b"FOVb", "a RAW photo (Sigma X3F)"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"8BPS", "a Photoshop document"),
    (b"\x00\x00\x01\x00", "an icon (ICO)"),
    (b"icns", "an icon (ICNS)"),
    (b"DDS ", "a DDS texture"),
    (b"BLP1", "a BLP texture"),
    (b"BLP2", "a BLP texture"),
    (b"qoif", "QOI"),
    (b"v/1\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"%!PS", "PostScript"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"\x1f\x8b", "gzip-compressed data"),
    (b"BZh", "bzip2-compressed data"),
    (b"\xfd7zXZ\x00", "xz-compressed data"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed data"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video"),
    (b"\x00\x05\x16\x07", "a macOS resource fork (AppleDouble)"),
    (b"version https://git-lfs", "a Git LFS pointer, the photo itself was not fetched"),
)

HEIF_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)
AVIF_BRANDS = frozenset({b"avif", b"avis"})

BRANDS = {"crx ": "a RAW photo (Canon CR3)", "mif3": "HEIF in its minimal form"}

BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
"""Sizes that the header after a BMP's 14 bytes may have."""

HEAD = 1024
"""Bytes at the start that are looked at to name what is not an image."""

MARKUP = re.compile(
    rb"<(!doctype\s+html|html|svg|\?xml|error|[a-z!][a-z0-9:-]*[\s>])", re.IGNORECASE
)


def sniff(data: bytes) -> str:
    """The lower-case name of the format: ``jpeg``, ``png``, ``webp``, ``avif`` and so on.

    Raises:
        DamagedError: The file is empty or holds nothing but zero bytes.
        UnsupportedError: It is something else; the message names it where it can.
    """
    if not data:
        raise DamagedError("is empty")
    known = _image(data)
    if known:
        return known
    if not data.strip(b"\x00"):
        raise DamagedError(f"holds {len(data)} zero bytes and nothing else")
    raise UnsupportedError(f"is {_name(data)}; bucketlens reads {READS}")


def _image(data: bytes) -> str | None:
    kind = next((kind for signature, kind in SIGNATURES if data.startswith(signature)), None)
    if kind is None and data == b"\xff\xd8":
        kind = "jpeg"
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        kind = "webp"
    elif data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in BMP_HEADERS:
        kind = "bmp"
    elif data[4:8] == b"ftyp":
        brands = _brands(data)
        kind = "avif" if brands & AVIF_BRANDS else "heic" if brands & HEIF_BRANDS else None
    return kind


def _brands(data: bytes) -> frozenset[bytes]:
    """The major and compatible brands of an ISO base media file."""
    size = min(int.from_bytes(data[:4], "big"), HEAD, len(data))
    return frozenset({data[8:12], *(data[at : at + 4] for at in range(16, size - 3, 4))})


def _name(data: bytes) -> str:
    for signature, name in OTHERS:
        if data.startswith(signature):
            return name
    if data[4:8] == b"ftyp":
        brand = data[8:12].decode("latin-1")
        return BRANDS.get(brand, f"a video, audio or other media file (brand {brand!r})")
    return _name_of_text(data[:HEAD]) or "not of an image format that is known"


def _name_of_text(head: bytes) -> str | None:
    """What a text is; None if it is not text."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if any(byte < 32 and byte not in b"\t\n\r\x0c" for byte in text):  # noqa: PLR2004 - space
        return None
    markup = MARKUP.match(text)
    if markup:
        lower = text.lower()
        if b"<svg" in lower:
            return "an SVG drawing"
        if b"<html" in lower or b"<!doctype html" in lower:
            return "an HTML page"
        return "XML text"
    if text[:1] in {b"{", b"["}:
        return "JSON text"
    return "text" if text.isascii() else None
