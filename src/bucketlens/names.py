"""Names of outputs: a key becomes a path that every file system and store can hold, and back.

Plain keys stay as they are. What is dangerous somewhere is written so that it is safe everywhere:

``%41``
    Bytes of the UTF-8 form, in upper-case hex: control characters, what Windows forbids, ``%``
    and ``~`` themselves, a dot or space where it would be lost, the first letter of a device
    name (``aux.jpg``), and characters that another one equals when case or normal form is
    ignored.
``name~u``, ``name~bb``
    Which of the ASCII letters left standing are upper case: all of them (``IMG_1234.JPG~u``), or
    a bit mask, lowest bit and digit first, in the digits ``a`` to ``p`` (``Cute_Dog.jpg~bb``).
``%_``
    A segment that is empty: ``in//a.jpg``, a leading or a trailing slash.
``start%-/rest``
    One segment that was too long for one name.

A directory that ends like an output file has that dot encoded, so ``a.jpg.json/b.jpg`` leaves
room for the record of ``a.jpg``. No segment begins with a dot: such names are free for temporary
files.

Names can't change later. So what is decided here about characters must not follow the Unicode
tables of the Python that runs: only characters of Unicode 3.2, whose properties are settled by
the standard's stability policy, and the emoji blocks stay as they are.
"""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIXES = (
    *(".json", ".html", ".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".svg", ".txt"),
    *(".csv", ".xml", ".js", ".css", ".gz", ".br", ".zst", ".parquet", ".bin", ".lock", ".tmp"),
)
"""What the name of an output may end in; directories never do."""

MAX_SEGMENT = 200
"""Bytes of one segment at most; leaves room below 255 for suffixes and temporary names."""

_EMPTY = "%_"
_MORE = "%-"
_ROOM = MAX_SEGMENT - 12
"""Of a split segment, before the mark of continuation and what encoding the ends may add."""

_DEVICES = r"(?:con|prn|aux|nul|(?:com|lpt)[0-9¹²³]|conin\$|conout\$)"
_DEVICE = re.compile(rf"{_DEVICES} *(?:\.|\Z)", re.IGNORECASE | re.ASCII)
_PLAIN_CHARACTERS = "a-z0-9_!#$&'()+,;=@^`{} \\[\\]\\-"
_PLAIN = re.compile(
    rf"(?!{_DEVICES} *(?:\.|\Z))[{_PLAIN_CHARACTERS}][{_PLAIN_CHARACTERS}.]*(?<![. ])"
)
_SAFE_ASCII = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_!#$&'()+,;=@[]^`{}. -"
)
_ESCAPE = re.compile(rb"%([0-9A-F]{2})")
_CASE_MARK = re.compile(r"~(u|[a-p]+)\Z")

_EMOJI = range(0x1F300, 0x1FB00)
_JAMO = range(0x1100, 0x1200)
"""Conjoining Hangul: letters, but they melt together as combining marks do."""
_INVISIBLE = frozenset("\u034f\u17b4\u17b5\u180b\u180c\u180d\u3164\uffa0") | frozenset(
    map(chr, range(0xFE00, 0xFE10))
)
"""Characters that some file systems pass over when they compare."""


def encode_name(key: str) -> str:
    """The path, segments joined by ``/``, that stands for a key; see the module for the rules.

    Any text is a key, also with lone surrogates (bytes of a file name that are not UTF-8).

    >>> encode_name("uploads/2024/cute dog+1.jpg")
    'uploads/2024/cute dog+1.jpg'
    >>> encode_name("DCIM//IMG_1234.JPG")
    'DCIM~u/%_/IMG_1234.JPG~u'
    """
    *directories, leaf = key.split("/")
    parts = [_segment(part, directory=True) for part in directories]
    parts.append(_segment(leaf, directory=False))
    return "/".join(parts)


def decode_name(name: str) -> str:
    """The key that a name stands for.

    Raises:
        ValueError: ``encode_name`` gives no such name.
    """
    key = "".join(_decoded(name))
    if encode_name(key) != name:
        raise ValueError(f"{name!r} is not the name of a key")
    return key


def output_name(key: str, suffix: str) -> str:
    """The name of an output about a key: ``output_name("trip/a.jpg", ".json")``.

    Raises:
        ValueError: The suffix is not one that directories are kept clear of.
    """
    _check_suffix(suffix)
    return encode_name(key) + suffix


def key_of(name: str, suffix: str) -> str | None:
    """The key that an output with this suffix is about; None if the name is not of that kind."""
    _check_suffix(suffix)
    if not name.endswith(suffix):
        return None
    try:
        return decode_name(name[: -len(suffix)])
    except ValueError:
        return None


def key_hash(key: str) -> int:
    """64 bits of a key, the same on every machine and in every version."""
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def key_digest(key: str) -> str:
    """sha256 of a key, which stands for it where it must not be told."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _check_suffix(suffix: str) -> None:
    if not suffix.endswith(SUFFIXES) or not suffix.startswith("."):
        raise ValueError(f"{suffix!r} is not a suffix of outputs; they end in one of {SUFFIXES}")


def _segment(segment: str, *, directory: bool) -> str:
    if not segment:
        return _EMPTY
    if len(segment) <= MAX_SEGMENT and _PLAIN.fullmatch(segment):
        return _clear_of_outputs(segment) if directory else segment
    whole = _encoded(segment, directory=directory)
    if len(whole.encode()) <= MAX_SEGMENT:
        return whole
    *starts, rest = _chunks(segment)
    parts = [_encoded(start, directory=False) + _MORE for start in starts]
    return "/".join([*parts, _encoded(rest, directory=directory)])


def _encoded(text: str, *, directory: bool) -> str:
    tokens = _tokens(text)
    for place, lost in ((0, "."), (-1, ". ")):
        if tokens[place] in lost:
            tokens[place] = _escape(tokens[place])
    if _DEVICE.match(text):
        tokens[0] = _escape(text[0])
    encoded = "".join(tokens)
    mark = _case_mark([token for token in tokens if token.isascii() and token.isalpha()])
    return _clear_of_outputs(encoded) if directory and not mark else encoded + mark


def _clear_of_outputs(directory: str) -> str:
    if not directory.endswith(SUFFIXES):
        return directory
    stem, _, extension = directory.rpartition(".")
    return f"{stem}%2E{extension}"


def _tokens(text: str) -> list[str]:
    """Each character as it is, or escaped."""
    tokens: list[str] = []
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and _is_mark(text[end]):
            end += 1
        tokens += _cluster(text[start], text[start + 1 : end])
        start = end
    return tokens


def _cluster(base: str, marks: str) -> Iterator[str]:
    """A character and the combining marks on it; marks stay only where they can't melt into it."""
    kept = _stays(base) and not _is_mark(base)
    yield base if kept else _escape(base)
    if not marks:
        return
    together = base + marks
    fixed = (
        kept
        and not base.isascii()
        and all(map(_stays, marks))
        and unicodedata.normalize("NFC", together) == together
    )
    yield from marks if fixed else map(_escape, marks)


@functools.lru_cache(maxsize=4096)
def _is_mark(character: str) -> bool:
    return not character.isascii() and unicodedata.ucd_3_2_0.category(character).startswith("M")


@functools.lru_cache(maxsize=4096)
def _stays(character: str) -> bool:
    """Whether a character equals no other one when case and normal form are ignored."""
    if character.isascii():
        return character in _SAFE_ASCII
    if ord(character) in _EMOJI:
        return True
    if character in _INVISIBLE or ord(character) in _JAMO:
        return False
    if unicodedata.ucd_3_2_0.category(character)[0] in "CZ":  # also what 3.2 did not have
        return False
    decomposed = unicodedata.normalize("NFD", character)
    return (
        unicodedata.normalize("NFC", character) == character
        and character.casefold() == character
        and decomposed.casefold() == decomposed
        and character.upper().casefold() == character
    )


def _escape(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def _case_mark(letters: list[str]) -> str:
    upper = [letter.isupper() for letter in letters]
    if not any(upper):
        return ""
    if all(upper):
        return "~u"
    digits = []
    for start in range(0, len(upper), 4):
        value = sum(bit << place for place, bit in enumerate(upper[start : start + 4]))
        digits.append("abcdefghijklmnop"[value])
    return "~" + "".join(digits).rstrip("a")


def _chunks(segment: str) -> Iterator[str]:
    """Cut a long segment so that each part fits when it is encoded."""
    start, used, letters = 0, 0, 0
    for place, character in enumerate(segment):
        size = len(character.encode("utf-8", "surrogatepass"))
        if _is_mark(character) or not _stays(character):
            size *= 3
        letters += character.isascii() and character.isalpha()
        if used + size + letters // 4 + 2 > _ROOM:
            yield segment[start:place]
            start, used = place, 0
            letters = int(character.isascii() and character.isalpha())
        used += size
    yield segment[start:]


def _decoded(name: str) -> Iterator[str]:
    for place, part in enumerate(segments := name.split("/")):
        more = part.endswith(_MORE)
        if part != _EMPTY:
            yield _decoded_segment(part.removesuffix(_MORE))
        if place < len(segments) - 1 and not more:
            yield "/"


def _decoded_segment(part: str) -> str:
    body = _CASE_MARK.sub("", part)
    try:
        raw = _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), body.encode())
        return raw.decode("utf-8", "surrogatepass")
    except UnicodeError as exc:
        raise ValueError(f"{part!r} is not part of the name of a key") from exc
