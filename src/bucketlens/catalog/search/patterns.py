"""Patterns for the names of files: ``img_2*``, ``trips/*/beach?.jpg``, ``beach``."""

from __future__ import annotations

import re
from typing import NamedTuple


class NamePattern(NamedTuple):
    """A pattern for lower-case names.

    Attributes:
        parts: What stands between the ``*``; each may hold ``?``.
        whole_key: It is for the whole key; else for what follows the key's last slash.
    """

    parts: tuple[str, ...]
    whole_key: bool

    @property
    def for_sql(self) -> str:
        """A regular expression that has to match all of one name, as RE2 reads it."""
        return ".*".join(_escaped(part) for part in self.parts)

    @property
    def matcher(self) -> re.Pattern[str]:
        """The same for Python.

        What a ``*`` skips is found once and never reconsidered, so that no pattern takes longer
        than its length times that of the name.
        """
        first, *rest = map(_escaped, self.parts)
        middle = "".join(f"(?>.*?{part})" for part in rest[:-1])
        return re.compile(first + middle + (f".*{rest[-1]}" if rest else ""), re.DOTALL)

    @property
    def rarest(self) -> str:
        """The longest text that each name must hold; empty where there is none."""
        return max((text for part in self.parts for text in part.split("?")), key=len)


def name_pattern(text: str) -> NamePattern:
    """What a person means by a pattern.

    ``*`` stands for any characters, ``?`` for one. Without either, the text may stand anywhere in
    the name. With a slash, it is about the whole key. Case does not matter.
    """
    low = text.lower()
    if not set("*?") & set(low):
        low = f"*{low}*"
    return NamePattern(tuple(re.split(r"\*+", low)), "/" in text)


def _escaped(part: str) -> str:
    return ".".join(map(re.escape, part.split("?")))
