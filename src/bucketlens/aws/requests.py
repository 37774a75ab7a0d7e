"""What events ask for: keys to be settled, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bucketlens.events import sequencer_newer

if TYPE_CHECKING:
    from collections.abc import Iterable


class Request(NamedTuple):
    """A key below the source, and the sequencer of the event that speaks of it."""

    key: str
    sequencer: str | None


def merge(requests: Iterable[Request]) -> dict[str, str | None]:
    """The newest sequencer of each key, in the order in which the keys came first.

    >>> merge([Request("a", "0A"), Request("b", None), Request("a", "0B")])
    {'a': '0B', 'b': None}
    """
    merged: dict[str, str | None] = {}
    for key, sequencer in requests:
        known = merged.setdefault(key, sequencer)
        if known is None or sequencer_newer(sequencer, known):
            merged[key] = sequencer
    return merged
