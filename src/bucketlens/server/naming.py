"""Names that people's files come with, made into keys of the source."""

from __future__ import annotations

import re
import unicodedata
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 120
"""Bytes of a name without its ending; leaves room for a number."""

ENDINGS = {
    "jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "png": (".png",),
    "webp": (".webp",),
    "avif": (".avif",),
    "heic": (".heic", ".heif"),
    "tiff": (".tif", ".tiff"),
    "bmp": (".bmp",),
    "gif": (".gif",),
}
"""Of each format; the first is added where a name has none of them."""

_UNWANTED = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*%#&~$`\'{}\[\];=+,@!^\\/]+')
_BLANKS = re.compile(r"\s+")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)


def safe_stem(name: str) -> str:
    r"""What remains of a file's name without its folders and its ending, fit for any store.

    >>> safe_stem("C:\\photos\\..\\Größe 1?.JPG")
    'Größe 1'
    """
    name = re.split(r"[/\\]", name)[-1]
    stem = name.rpartition(".")[0] or name
    stem = unicodedata.normalize("NFC", stem.encode("utf-8", "ignore").decode())
    stem = "".join(" " if c.isspace() else c for c in stem if c.isprintable() or c.isspace())
    stem = _BLANKS.sub(" ", _UNWANTED.sub("-", stem)).strip(" .-_")
    stem = stem.encode()[:LONGEST].decode(errors="ignore").strip(" .-_")
    if _DEVICES.fullmatch(stem):
        stem = f"image-{stem}"
    return stem or "image"


def ending_for(name: str, kind: str) -> str:
    """The ending of a file of a format: its own if that is right, in lower case."""
    own = "." + name.rpartition(".")[2].lower()
    endings = ENDINGS[kind]
    return own if own in endings else endings[0]


def candidates(folder: str, name: str, kind: str, most: int = 1000) -> Iterator[str]:
    """Keys to try, one after the other, until one is free.

    >>> list(candidates("uploads", "a.PNG", "png", most=2))
    ['uploads/a.png', 'uploads/a-2.png']
    """
    prefix = f"{folder.strip('/')}/" if folder.strip("/") else ""
    stem, ending = safe_stem(name), ending_for(name, kind)
    for number in count(1):
        if number > most:
            return
        yield f"{prefix}{stem}{f'-{number}' if number > 1 else ''}{ending}"
