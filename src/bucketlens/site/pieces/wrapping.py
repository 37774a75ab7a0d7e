"""A piece of the index as a file: a script that only hands over a name and a value.

Pages that were opened from a folder may not fetch files, but they may load scripts; over HTTP the
same files are fetched and what stands between the brackets is read as JSON, never run. All but the
manifest are compressed here (raw DEFLATE in Base64), since buckets and plain servers don't.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from typing import Any

import msgspec

FOLDER = "data/index/"
SUFFIX = ".js"
CONTENT_TYPE = "text/javascript; charset=utf-8"
LEVEL = 6
MOST_BYTES = 1 << 28
"""Of an unpacked piece: far above any that is written, and a bound for a damaged one."""

_CALL = "bucketlens.piece("


class BrokenPieceError(Exception):
    """A piece that the manifest leads to is not there or damaged; a new build helps."""


class Piece(msgspec.Struct, frozen=True):
    """A file of the index.

    Attributes:
        name: Below the folder of the index, without suffix: ``0123456789abcdef/p3``.
        data: Its bytes as they are written.
    """

    name: str
    data: bytes

    @property
    def path(self) -> str:
        """Where it stands in the site."""
        return f"{FOLDER}{self.name}{SUFFIX}"


def pack(value: bytes) -> str:
    """Bytes compressed, as text that JSON can hold."""
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return base64.b64encode(packer.compress(value) + packer.flush()).decode()


def unpack(text: str) -> bytes:
    """The bytes again.

    Raises:
        ValueError: This is not packed, or far too large.
    """
    try:
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        value = unpacker.decompress(base64.b64decode(text, validate=True), MOST_BYTES)
    except (zlib.error, binascii.Error) as exc:
        raise ValueError(str(exc)) from exc
    if not unpacker.eof:
        raise ValueError("it is cut off, or too large")
    return value


def wrap(name: str, value: Any) -> Piece:  # noqa: ANN401 - anything that msgspec can encode
    """A piece that hands over a value as it is."""
    body = msgspec.json.encode(value).decode()
    return Piece(name, f"{_CALL}{msgspec.json.encode(name).decode()},{body});\n".encode())


def wrap_packed(name: str, value: bytes) -> Piece:
    """A piece that hands over compressed bytes."""
    return wrap(name, pack(value))


def named_by_content(stem: str, value: bytes) -> Piece:
    """A packed piece that is called ``stem.`` and a hash of what it holds."""
    return wrap_packed(f"{stem}.{hashlib.sha256(value).hexdigest()[:16]}", value)


def unwrap(data: bytes) -> bytes:
    """The JSON that a piece hands over.

    Raises:
        ValueError: This is no piece.
    """
    text = data.strip()
    if not (text.startswith(_CALL.encode()) and text.endswith(b");")):
        raise ValueError("it is not a call of bucketlens.piece")
    return text[text.index(b",") + 1 : -2]


def unwrap_packed(piece: str, data: bytes) -> bytes:
    """The bytes that a packed piece hands over.

    Raises:
        BrokenPieceError: It is damaged.
    """
    try:
        return unpack(msgspec.json.decode(unwrap(data), type=str))
    except (ValueError, msgspec.MsgspecError) as exc:
        raise BrokenPieceError(f"the piece {piece} is damaged: {exc}") from exc
