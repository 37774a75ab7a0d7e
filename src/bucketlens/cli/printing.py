"""Text from strangers on a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """Text from strangers, with what could move a terminal's cursor made visible."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
