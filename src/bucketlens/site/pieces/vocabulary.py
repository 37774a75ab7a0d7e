"""The label table: what the search box completes and what words of a query mean."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from bucketlens.query import VocabularyLabel, with_synonyms

if TYPE_CHECKING:
    import duckdb


class Word(msgspec.Struct, frozen=True):
    """A label of the catalog's dictionary.

    Attributes:
        id: Given once; ids only grow.
        name: As it is shown.
        aliases: Other words that find it.
        categories: Names.
        parents: Names of the labels above it.
    """

    id: int
    name: str
    aliases: tuple[str, ...]
    categories: tuple[str, ...]
    parents: tuple[str, ...] = ()


def read_words(connection: duckdb.DuckDBPyConnection) -> dict[int, Word]:
    """The dictionary by id."""
    found = connection.execute(
        "SELECT id, name, aliases, categories, parents FROM vocabulary ORDER BY id"
    )
    return {
        number: Word(number, name, *(tuple(names or ()) for names in lists))
        for number, name, *lists in found.fetchall()
    }


@lru_cache(maxsize=2)
def encode_words(words: tuple[Word, ...]) -> bytes:
    """The label table: all categories, then what there is to know of each word.

    That is its id, name, aliases, the numbers of its categories, and words it is proposed for.
    Among the aliases are words that only queries know, such as kid for Person. It seldom changes
    from one update to the next, so the last ones are remembered.
    """
    known = with_synonyms(
        VocabularyLabel(word.id, word.name, word.aliases, word.categories) for word in words
    )
    names = sorted({name for word in words for name in word.categories})
    number = {name: n for n, name in enumerate(names)}
    return msgspec.json.encode(
        [
            names,
            [
                [
                    *(word.id, word.name, word.aliases),
                    *([number[name] for name in word.categories], word.related),
                ]
                for word in known
            ],
        ]
    )
