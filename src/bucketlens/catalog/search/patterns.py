"""Patterns for the names of files: ``img_2*``, ``trips/*/beach?.jpg``, ``beach``."""

from __future__ import annotations

import re
from typing import NamedTuple

SEPARATOR = "\0"
"""Between keys that are searched as one text; no store can have it in a key."""


class NamePattern(NamedTuple):
    """A pattern for lower-case names.

    Attributes:
        parts: What stands between the ``*``; each may hold ``?``.
        whole_key: It is for the whole key; else for what follows the key's last slash.
    """

    parts: tuple[str, ...]
    whole_key: bool

    @property
    def for_one(self) -> str:
        """A regular expression that has to match all of one name, as RE2 reads it."""
        return ".*".join(_escaped(part, ".") for part in self.parts)

    @property
    def for_many(self) -> re.Pattern[str]:
        """One that finds each match among keys with a separator before and after each.

        What a ``*`` skips is found once and never reconsidered, so that no pattern takes longer
        than its length times that of the keys.
        """
        one = f"[^{SEPARATOR}]" if self.whole_key else f"[^{SEPARATOR}/]"
        first, *rest = (_escaped(part, one) for part in self.parts)
        middle = "".join(f"(?>{one}*?{part})" for part in rest[:-1])
        last = f"{one}*{rest[-1]}" if rest else ""
        before = "" if self.whole_key else f"(?:[^{SEPARATOR}]*/)?"
        return re.compile(f"{SEPARATOR}{before}{first}{middle}{last}(?={SEPARATOR})")


def name_pattern(text: str) -> NamePattern:
    """What a person means by a pattern.

    ``*`` stands for any characters, ``?`` for one. Without either, the text may stand anywhere in
    the name. With a slash, it is about the whole key. Case does not matter.
    """
    low = text.lower()
    if not set("*?") & set(low):
        low = f"*{low}*"
    return NamePattern(tuple(re.split(r"\*+", low)), "/" in text)


def _escaped(part: str, one: str) -> str:
    return one.join(map(re.escape, part.split("?")))
