"""The order of events of one key."""

from __future__ import annotations


def sequencer_newer(a: str | None, b: str | None) -> bool:
    """Whether event ``a`` happened after event ``b``, by their sequencers.

    Both must be of the same key of the same store. Sequencers are hexadecimal and of different
    lengths: the shorter is filled up with zeros on the right, then they compare as text. False
    also when one is unknown, since then only the store can tell.
    """
    if not a or not b:
        return False
    length = max(len(a), len(b))
    return a.upper().ljust(length, "0") > b.upper().ljust(length, "0")
