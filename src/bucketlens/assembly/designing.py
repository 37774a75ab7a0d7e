"""How a site looks, from the settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bucketlens.errors import ConfigError
from bucketlens.site import Design

if TYPE_CHECKING:
    from bucketlens.settings import Settings

MOST_STYLE = 200_000
"""Bytes of an extra stylesheet; every visitor's browser fetches it."""


def design_of(settings: Settings) -> Design:
    """How the site looks, by the settings.

    Raises:
        ConfigError: The extra stylesheet can't be read, or is too large to be one.
    """
    return Design(
        title=settings.title,
        accent=settings.accent,
        extra_css=_stylesheet(settings.extra_stylesheet),
        originals=settings.publish_originals,
        thumbnail_size=settings.thumbnail_size,
    )


def _stylesheet(path: str) -> str:
    if not path:
        return ""
    try:
        with Path(path).open("rb") as file:
            data = file.read(MOST_STYLE + 1)
    except OSError as exc:
        raise ConfigError(f"extra_stylesheet: {path} can't be read: {exc.strerror}") from exc
    if len(data) > MOST_STYLE:
        raise ConfigError(f"extra_stylesheet: {path} has over {MOST_STYLE:,} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise ConfigError(f"extra_stylesheet: {path} is not UTF-8: {exc}") from exc
