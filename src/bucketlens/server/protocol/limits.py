"""The limits of the real service on images; those of ours come from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bucketlens.imaging import picture_size
from bucketlens.server.protocol.errors import (
    ImageTooLargeError,
    InvalidImageFormatError,
    InvalidParameterError,
)
from bucketlens.server.protocol.requests import MOST_BYTES

if TYPE_CHECKING:
    from bucketlens.settings import Settings

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What an image may be.

    Attributes:
        most_bytes: That come with a request.
        most_object_bytes: Of an object in a bucket.
        formats: Names of formats; None for all that are read.
        least_side: Pixels.
        most_side: Pixels.
    """

    most_bytes: int
    most_object_bytes: int
    formats: frozenset[str] | None = None
    least_side: int = 1
    most_side: int | None = None

    def check(self, data: bytes) -> None:
        """Look at the format and the size that the bytes begin with; nothing is decoded.

        Raises:
            InvalidImageFormatError: Of a format that is not taken.
            ImageTooLargeError: A side is too long.
            InvalidParameterError: A side is too short; the service says no more than that.
            InputError: It is no image.
        """
        if self.formats is None:
            return
        picture = picture_size(data)
        if picture.format not in self.formats:
            raise InvalidImageFormatError
        if picture.width is None or picture.height is None:
            return
        if self.most_side is not None and max(picture.width, picture.height) > self.most_side:
            raise ImageTooLargeError(
                f"Input image dimensions {picture.width} x {picture.height} exceed maximum"
                f" dimension size of {self.most_side} pixels"
            )
        if min(picture.width, picture.height) < self.least_side:
            raise InvalidParameterError


def image_limits(settings: Settings) -> ImageLimits:
    """Those of the service, or of the settings alone where ``strict`` is off."""
    if not settings.strict:
        return ImageLimits(settings.max_bytes, settings.max_bytes)
    return ImageLimits(
        most_bytes=min(MOST_BYTES, settings.max_bytes),
        most_object_bytes=min(15 * MEGABYTE, settings.max_bytes),
        formats=frozenset({"jpeg", "png"}),
        least_side=80,
        most_side=10_000,
    )
