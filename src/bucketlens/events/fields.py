"""Reading JSON from strangers: strict about what names the object, lenient about the rest.

A wrong bucket or key would work on the wrong object, so those raise. Size, ETag and the like are
only remembered, so a value of an unexpected type counts as absent.
"""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import unquote_plus

import msgspec

from bucketlens.events.parsed import EventParseError

T = TypeVar("T")

LONGEST_EXCERPT = 80
"""Characters of a stranger's text that a message repeats."""

LARGEST_SIZE = 2**63 - 1


def decode_json(payload: bytes | bytearray | memoryview | str) -> object:
    """The JSON value in a payload.

    Raises:
        EventParseError: It is empty, not JSON, not UTF-8, or nested without end.
    """
    if not payload:
        raise EventParseError("the event is empty")
    try:
        value: object = msgspec.json.decode(payload)
    except (msgspec.MsgspecError, ValueError, RecursionError) as exc:
        raise EventParseError(f"the event is not valid JSON: {exc}") from exc
    return value


def read_as(value: object, kind: type[T], what: str) -> T:
    """The parts of a JSON object that ``kind`` names.

    Raises:
        EventParseError: A part that must be there is missing or of another type.
    """
    try:
        return msgspec.convert(value, kind)
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as exc:
        raise EventParseError(f"{what} is not as expected: {exc}") from exc


def object_name(name: str, what: str) -> str:
    """A key or bucket name that a store can be asked for.

    Raises:
        EventParseError: It is empty or has no UTF-8 form.
    """
    if not name:
        raise EventParseError(f"{what} is empty")
    try:
        name.encode()
    except UnicodeEncodeError as exc:
        raise EventParseError(f"{what} {excerpt(name)} is not valid Unicode") from exc
    return name


def decoded_key(key: str, what: str = "the object key") -> str:
    """A key that was form-encoded: plus is a space, ``%2B`` a plus, once and only once.

    Raises:
        EventParseError: It is empty, or its escapes are not UTF-8.
    """
    try:
        key = unquote_plus(key, errors="strict")
    except UnicodeError as exc:
        raise EventParseError(f"{what} {excerpt(key)} is not encoded as UTF-8") from exc
    return object_name(key, what)


def optional_text(value: object) -> str | None:
    """A text that says something, else None."""
    return value if isinstance(value, str) and value else None


def optional_etag(value: object) -> str | None:
    """An ETag without the quotes of its HTTP form."""
    text = optional_text(value)
    return text.strip('"') or None if text else None


def optional_size(value: object) -> int | None:
    """A number of bytes; Ceph's documentation shows it as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:  # noqa: PLR2004 - digits of 2**63
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= LARGEST_SIZE else None


def excerpt(text: object) -> str:
    """A stranger's text for a message: quoted, on one line, not long."""
    shown = repr(text[: LONGEST_EXCERPT + 1] if isinstance(text, str) else text)
    return shown if len(shown) <= LONGEST_EXCERPT else f"{shown[:LONGEST_EXCERPT]}…"
