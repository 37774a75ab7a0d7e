"""The segments of a JPEG file before its first scan, read without decoding anything."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bucketlens.errors import DamagedError, TooLargeError, UnsupportedError
from bucketlens.imaging.tiff import Tiff

if TYPE_CHECKING:
    from collections.abc import Iterator

FRAME_MARKERS = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
PROGRESSIVE_MARKERS = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
SCALABLE_MARKERS = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
"""Frames coded by DCT. Asked to scale another (lossless JPEG), libjpeg-turbo 3 writes the whole
picture into the memory for the scaled one."""

STANDALONE = frozenset({0x00, 0x01, *range(0xD0, 0xD9)})
SCAN = 0xDA
END = 0xD9
APP1, APP2 = 0xE1, 0xE2

EXIF_PREFIX = b"Exif\x00\x00"
ICC_PREFIX = b"ICC_PROFILE\x00"
MPF_PREFIX = b"MPF\x00"
MPF_IMAGES = 0xB001

BITS = 8
"""Of each channel; medical and film JPEGs with 12 or 16 are read by neither decoder."""

FRAME_HEADER = 6
"""Bytes of a frame segment up to the number of components."""

PIXEL_FORMATS = {1: "GRAY", 3: "RGB", 4: "CMYK"}

MOST_SCANS = 100
"""Scans of one picture: encoders write up to about 20, and each costs a pass over all of it."""

MARKER = re.compile(rb"\xff+([^\xff])", re.DOTALL)
SCAN_HEADER = re.compile(rb"\xff\xda..(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: its marker's second byte, where it begins, and what it holds."""

    marker: int
    start: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Markers:
    """What the segments say.

    Attributes:
        width: Pixels, as stored.
        height: Pixels, as stored.
        components: 1 for grey, 3 for colour, 4 for CMYK and its kin.
        progressive: Whether each scan refines the whole picture.
        scalable: Whether it may be decoded at a smaller scale.
        scan: Where the first scan begins.
        exif: The EXIF block.
        profile: The ICC profile, put together.
        frames: Pictures in a multi-picture file (MPO, and phones' gain maps).
    """

    width: int
    height: int
    components: int
    progressive: bool
    scalable: bool
    scan: int
    exif: bytes | None = None
    profile: bytes | None = None
    frames: int = 1

    @property
    def pixel_format(self) -> str:
        """The layout that is asked of the decoder."""
        return PIXEL_FORMATS.get(self.components, "RGB")

    def check_scans(self, data: bytes) -> None:
        """Refuse a file that is slow by construction.

        Raises:
            TooLargeError: It has more than ``MOST_SCANS`` scans.
        """
        first = data[self.scan + 4 : self.scan + 5]
        if not self.progressive and first and first[0] >= self.components:
            return  # one scan holds everything; libjpeg stops after it
        scans = data.count(bytes((0xFF, SCAN)), self.scan)
        if scans > MOST_SCANS:
            raise TooLargeError(f"is a JPEG of {scans} scans; photos have at most {MOST_SCANS}")

    def has_detail(self, data: bytes) -> bool:
        """Whether a progressive file holds its first pass of fine luma detail, to the end."""
        detail = False
        for match in SCAN_HEADER.finditer(data, self.scan):
            if detail:
                return True
            spectrum = match.end() + 2 * match[1][0]
            detail = data[spectrum : spectrum + 1] > b"\x00"
        return False


def read_markers(data: bytes) -> Markers:
    """Read the segments up to the first scan.

    Raises:
        DamagedError: They end before a picture's size and first scan are found.
        UnsupportedError: The picture has more than 8 bits a channel.
    """
    segments = list(_segments(data))
    frames = [part for part in segments if part.marker in FRAME_MARKERS]
    frame = frames[0].body if len(frames) == 1 else b""
    width, height = int.from_bytes(frame[3:5], "big"), int.from_bytes(frame[1:3], "big")
    if len(frame) < FRAME_HEADER or not width or not height:
        raise DamagedError("is a JPEG without a picture's size")
    if frame[0] > BITS:
        raise UnsupportedError(f"is a JPEG of {frame[0]} bits a channel; {BITS} are read")
    return Markers(
        width=width,
        height=height,
        components=frame[5],
        progressive=frames[0].marker in PROGRESSIVE_MARKERS,
        scalable=frames[0].marker in SCALABLE_MARKERS,
        scan=segments[-1].start,
        exif=next(_bodies(segments, APP1, EXIF_PREFIX), None),
        profile=_profile(segments),
        frames=_count_pictures(next(_bodies(segments, APP2, MPF_PREFIX), b"")),
    )


def _segments(data: bytes) -> Iterator[Segment]:
    """The segments from the start of the picture to its first scan, inclusive."""
    at = 2
    while found := MARKER.search(data, at):
        marker, start = found[1][0], found.end() - 2
        if marker in STANDALONE:
            at = start + 2
            continue
        if marker == END:
            raise DamagedError("is a JPEG without a picture")
        size = max(2, int.from_bytes(data[start + 2 : start + 4], "big"))
        at = start + 2 + size
        yield Segment(marker, start, data[start + 4 : at])
        if marker == SCAN:
            return
    raise DamagedError("is a JPEG that ends before its picture begins")


def _bodies(segments: list[Segment], marker: int, prefix: bytes) -> Iterator[bytes]:
    """What stands behind a prefix, in each segment of a kind."""
    for part in segments:
        if part.marker == marker and part.body.startswith(prefix):
            yield part.body[len(prefix) :]


def _profile(segments: list[Segment]) -> bytes | None:
    """The ICC profile, put together from its numbered parts."""
    parts = {body[:1]: body[2:] for body in _bodies(segments, APP2, ICC_PREFIX)}
    return b"".join(parts[number] for number in sorted(parts)) or None


def _count_pictures(block: bytes) -> int:
    try:
        tiff = Tiff(block)
    except ValueError:
        return 1
    return max(1, tiff.directory(tiff.first).integer(MPF_IMAGES, 1))
