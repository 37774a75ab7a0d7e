"""When two spellings are the same word, and how far apart two words are."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from bucketlens.query.tokens import BLANKS

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORTEST = 3
"""Letters that must be left of a word when its plural ending goes."""

_MARKS = re.compile("[\u0300-\u036f]")
_JOINED = re.compile(f"[-_\u2010-\u2015{BLANKS}]+")
_SIGNS = re.compile("[.,;!?'\u2018\u2019]")


def search_key(text: str) -> str:
    """What spellings of one name have in common.

    Case, accents, hyphens and signs do not matter: ``St. Bernard`` and ``st-bernard`` are one.
    Only the accents of Latin, Greek and Cyrillic letters are dropped; in other scripts such marks
    are letters.
    """
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", text)).lower()
    return _JOINED.sub(" ", _SIGNS.sub("", plain)).strip(" ") or plain


def compact(key: str) -> str:
    """A key without blanks: ``hotdog`` is ``hot dog``."""
    return key.replace(" ", "")


def other_numbers(key: str) -> Iterator[str]:
    """The singulars and plurals that a key may have, by the rules of English spelling."""
    if len(key) > SHORTEST:
        if key.endswith("ies"):
            yield f"{key[:-3]}y"
        if key.endswith("ves"):
            yield f"{key[:-3]}f"
            yield f"{key[:-3]}fe"
        if key.endswith("es"):
            yield key[:-2]
        if key.endswith("s") and not key.endswith("ss"):
            yield key[:-1]
    if key.endswith("y"):
        yield f"{key[:-1]}ies"
    yield f"{key}s"
    yield f"{key}es"


def distance(first: str, second: str, most: int) -> int:
    """How many letters must be changed, added, dropped or swapped; ``most + 1`` where more."""
    if abs(len(first) - len(second)) > most:
        return most + 1
    earlier: list[int] = []
    above = list(range(len(second) + 1))
    for i, one in enumerate(first, 1):
        row = [i]
        for j, other in enumerate(second, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (one != other))
            if i > 1 and j > 1 and one == second[j - 2] and first[i - 2] == other:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        earlier, above = above, row
    return min(above[-1], most + 1)


def tolerance(key: str) -> int:
    """How many wrong letters a word may have and still be taken for another."""
    return min(3, 1 + len(key) // 5)
