"""The directories of TIFF data: of TIFF files, and of the EXIF and MPF blocks in other formats.

Reads what is needed and nothing else, from bytes that may be hostile: every offset and count is
checked, and what does not fit is treated as absent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_TAGS = 4096
"""Tags of one directory that are read; cameras write some dozens."""

MOST_FRAMES = 10_000
"""Directories that are followed; a longer chain is counted as this many."""

MOST_VALUES = 64
"""Values of one tag that are read: enough for every tag that is asked for."""

TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 8: 2, 9: 4, 13: 4, 16: 8, 17: 8, 18: 8}
INTEGERS = frozenset({1, 3, 4, 6, 8, 9, 13, 16, 17, 18})
SIGNED = frozenset({6, 8, 9, 17})
ASCII = 2

EXIF_POINTER = 0x8769


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag's value as it stands in the file.

    Attributes:
        type: The field type of the TIFF standard.
        raw: The bytes of at most ``MOST_VALUES`` values; empty if they lie outside of the file.
    """

    type: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Directory:
    """One image file directory.

    Attributes:
        tags: By tag number.
        order: Byte order of the file.
        following: Where the next directory is; 0 after the last.
    """

    tags: dict[int, Tag]
    order: Literal["little", "big"]
    following: int

    def integers(self, number: int) -> tuple[int, ...]:
        """The values of an integer tag; empty where it is absent or of another type."""
        tag = self.tags.get(number)
        if tag is None or tag.type not in INTEGERS:
            return ()
        size = TYPE_SIZES[tag.type]
        return tuple(
            int.from_bytes(tag.raw[at : at + size], self.order, signed=tag.type in SIGNED)
            for at in range(0, len(tag.raw) - size + 1, size)
        )

    def integer(self, number: int, default: int = 0) -> int:
        """The first value of an integer tag."""
        values = self.integers(number)
        return values[0] if values else default

    def text(self, number: int) -> str:
        """A text tag up to its NUL; empty where it is absent."""
        tag = self.tags.get(number)
        if tag is None or tag.type != ASCII:
            return ""
        return tag.raw.split(b"\x00", 1)[0].decode("ascii", "replace").strip()


class Tiff:
    """TIFF data, classic or big."""

    def __init__(self, data: bytes) -> None:
        """Read the header.

        Raises:
            ValueError: The data do not begin like TIFF.
        """
        if data[:2] not in {b"II", b"MM"}:
            raise ValueError("no TIFF header")
        self._data = data
        self._order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
        magic = self._number(2, 2)
        if magic not in {42, 43}:
            raise ValueError("no TIFF header")
        self._big = magic == 43  # noqa: PLR2004 - BigTIFF
        self.first = self._number(8, 8) if self._big else self._number(4, 4)

    def directory(self, offset: int) -> Directory:
        """The directory at an offset; empty where there is none."""
        head, step, tail = (8, 20, 8) if self._big else (2, 12, 4)
        if offset <= 0 or offset + head > len(self._data):
            return Directory({}, self._order, 0)
        count = self._number(offset, head)
        end = offset + head + count * step
        entries = range(offset + head, min(end, len(self._data) - step + 1), step)
        tags: dict[int, Tag] = {}
        for at in entries[:MOST_TAGS]:
            tags.setdefault(self._number(at, 2), self._tag(at))
        return Directory(tags, self._order, self._number(end, tail))

    def chain(self) -> Iterator[Directory]:
        """The directories of the file in order, each once, at most ``MOST_FRAMES``."""
        seen: set[int] = set()
        offset = self.first
        while offset and offset not in seen and len(seen) < MOST_FRAMES:
            seen.add(offset)
            directory = self.directory(offset)
            if not directory.tags:
                return
            yield directory
            offset = directory.following

    def _tag(self, at: int) -> Tag:
        kind = self._number(at + 2, 2)
        width = 8 if self._big else 4
        count = self._number(at + 4, width)
        size = TYPE_SIZES.get(kind, 0) * min(count, MOST_VALUES)
        inline = TYPE_SIZES.get(kind, 0) * count <= width
        start = at + 4 + width if inline else self._number(at + 4 + width, width)
        raw = self._data[start : start + size]
        return Tag(kind, raw if len(raw) == size else b"")

    def _number(self, at: int, size: int) -> int:
        """An unsigned number; 0 where it lies outside of the data."""
        raw = self._data[at : at + size]
        return int.from_bytes(raw, self._order) if len(raw) == size else 0
