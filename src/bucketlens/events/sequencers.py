"""The order of events of one key."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


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


def newest(asked: Iterable[tuple[str, str | None]]) -> dict[str, str | None]:
    """The newest sequencer of each key, in the order in which the keys came first.

    >>> newest([("a", "0A"), ("b", None), ("a", "0B")])
    {'a': '0B', 'b': None}
    """
    keys: dict[str, str | None] = {}
    for key, sequencer in asked:
        known = keys.setdefault(key, sequencer)
        if known is None or sequencer_newer(sequencer, known):
            keys[key] = sequencer
    return keys
