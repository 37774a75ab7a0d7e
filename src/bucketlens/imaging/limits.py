"""How large an image may be, and how small it may be decoded."""

from __future__ import annotations

from dataclasses import dataclass

from bucketlens.errors import TooLargeError

MEGABYTE = 1024 * 1024
MEGAPIXEL = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused before memory is taken for it; the fields are the settings of those names.

    Attributes:
        max_bytes: Size of the file.
        max_pixels: Width times height.
    """

    max_bytes: int = 15 * MEGABYTE
    max_pixels: int = 100 * MEGAPIXEL

    def check_bytes(self, size: int) -> None:
        """Refuse a file of so many bytes.

        Raises:
            TooLargeError: It is over ``max_bytes``.
        """
        if size > self.max_bytes:
            raise TooLargeError(
                f"is {size / MEGABYTE:.1f} MB, over the limit of"
                f" {self.max_bytes / MEGABYTE:.1f} MB (max_bytes)",
                setting="max_bytes",
            )

    def check_pixels(self, width: int, height: int, *, share: float = 1.0) -> None:
        """Refuse a picture of this size.

        Args:
            width: Pixels.
            height: Pixels.
            share: Part of the limit that holds, for formats that take more memory than others.

        Raises:
            TooLargeError: It is over ``max_pixels``, or its share.
        """
        if width * height > self.max_pixels * share:
            rule = "max_pixels" if share == 1.0 else f"{share:g} of max_pixels for this format"
            raise TooLargeError(
                f"is {width} x {height} = {width * height / MEGAPIXEL:.1f} megapixels, over the"
                f" limit of {self.max_pixels * share / MEGAPIXEL:.1f} ({rule})",
                setting="max_pixels",
            )


@dataclass(frozen=True, slots=True)
class Cover:
    """The least size that whoever asks can work with, pixels.

    A picture may be decoded smaller than it is while its short side stays at least ``short`` and
    its long side at least ``long``. One that is smaller already is left as it is.
    """

    short: int
    long: int

    def allows(self, width: int, height: int) -> bool:
        """Whether a picture scaled down to this size is still large enough."""
        return min(width, height) >= self.short and max(width, height) >= self.long

    def divisor(self, width: int, height: int) -> int:
        """The largest whole number by which both sides may be divided; at least 1."""
        short, long = min(width, height), max(width, height)
        return max(1, min(short // max(self.short, 1), long // max(self.long, 1)))
