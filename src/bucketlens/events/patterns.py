"""Patterns for keys: ``*.jpg``, ``trips/**/*.png``, ``private/``.

======== =========================================================================================
``*``    any characters but ``/``
``**``   any characters, ``/`` too; ``**/`` at the start of a folder also matches no folder at all
``?``    one character but ``/``
``[ab]`` one of these, ``[a-z]`` a range, ``[!ab]`` none of these; never ``/``
======== =========================================================================================

All else is itself, upper and lower case differ, and ``[*]`` is a star. A pattern is matched with
the whole key; one without ``/`` with the last part of the key, in whatever folder; one that ends
in ``/`` with everything below that folder.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from bucketlens.errors import ConfigError

STAR = "[^/]*"
ONE = "[^/]"


class _Chunk(NamedTuple):
    """A part of a pattern between two double stars.

    Attributes:
        opener: Expression of the double star before it, greedy; empty for the first chunk.
        lazy: The same, taking as little as it can.
        pieces: Expressions of what stands before, between and after its single stars.
    """

    opener: str
    lazy: str
    pieces: list[str]


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """The expression whose ``fullmatch`` is true for the keys that the pattern means.

    Matching takes at most quadratic time in the length of the key: what stands before a later
    star is matched once, at its first place, and not tried again (a later place can't help).

    Raises:
        ConfigError: The pattern is empty.
    """
    if not pattern:
        raise ConfigError("an include or exclude pattern is empty", setting="include")
    if "/" not in pattern:
        pattern = f"**/{pattern}"
    elif pattern.endswith("/"):
        pattern = f"{pattern}**"
    *before, last = _chunks(pattern)
    source = "".join(f"(?>{chunk.lazy}{_pieces(chunk.pieces)})" for chunk in before)
    return re.compile(f"(?s){source}{last.opener}{_pieces(last.pieces, last=True)}")


def _pieces(pieces: list[str], *, last: bool = False) -> str:
    """Join what stands between single stars; each but the final one stays at its first place."""
    first, *rest = pieces
    if not rest:
        return first
    *middle, final = rest
    firmly = "".join(f"(?>{STAR}?{piece})" for piece in middle)
    return f"{first}{firmly}{STAR}{final}" if last else f"{first}{firmly}(?>{STAR}?{final})"


def _chunks(pattern: str) -> list[_Chunk]:
    """Cut a pattern at its stars."""
    chunks = [_Chunk("", "", [""])]
    at = 0
    while at < len(pattern):
        stars = _run(pattern, at)
        if stars == 1:
            chunks[-1].pieces.append("")
            at += 1
        elif stars:
            whole = (at == 0 or pattern[at - 1] == "/") and pattern[at + stars :].startswith("/")
            chunks.append(_Chunk("(?:.*/)?", "(?:.*?/)??", [""]) if whole else _deep())
            at += stars + whole
        else:
            expression, at = _single(pattern, at)
            chunks[-1].pieces[-1] += expression
    return chunks


def _deep() -> _Chunk:
    return _Chunk(".*", ".*?", [""])


def _run(pattern: str, at: int) -> int:
    """How many stars stand here in a row."""
    return len(pattern) - at - len(pattern[at:].lstrip("*"))


def _single(pattern: str, at: int) -> tuple[str, int]:
    """The expression for one character of a key, and where the pattern goes on."""
    char = pattern[at]
    if char == "?":
        return ONE, at + 1
    if char == "[":
        start = at + 1 + pattern.startswith("!", at + 1)
        end = pattern.find("]", start + 1)  # a ] that comes first is a member
        if end > 0:
            return _one_of(pattern[start:end], negated=start > at + 1), end + 1
    return re.escape(char), at + 1


def _one_of(members: str, *, negated: bool) -> str:
    """The expression for ``[members]``; a range that runs backwards has no members."""
    parts = []
    at = 0
    while at < len(members):
        low = high = members[at]
        at += 1
        if members.startswith("-", at) and at + 1 < len(members):
            high = members[at + 1]
            at += 2
        if low <= high:
            parts.append(f"{re.escape(low)}-{re.escape(high)}")
    if not parts:
        return ONE if negated else "(?!)"
    return f"(?!/)[{'^' if negated else ''}{''.join(parts)}]"
