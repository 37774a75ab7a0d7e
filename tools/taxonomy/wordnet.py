"""The nouns of WordNet 3.0, read from the files of a ``dict`` folder.

Only what the taxonomy needs: the words of a synset, the synsets above it, and how many senses a
word has. An ImageNet id is ``n`` and the offset of a synset in ``data.noun``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

HYPERNYM = ("@", "@i")
"""Pointer symbols of *is a kind of* and *is an instance of*."""

NOUN_FILES = ("data.noun", "index.noun")


@dataclass(frozen=True, slots=True)
class Synset:
    """One meaning: its id (``n02099601``), its words as WordNet writes them, the meanings above."""

    id: str
    words: tuple[str, ...]
    hypernyms: tuple[str, ...]


class WordNet:
    """The nouns of a WordNet ``dict`` folder."""

    def __init__(self, folder: Path) -> None:
        """Read ``data.noun`` and ``index.noun``, 20 MB.

        Raises:
            SystemExit: The folder holds no WordNet 3.0.
        """
        missing = [name for name in NOUN_FILES if not (folder / name).is_file()]
        if missing:
            raise SystemExit(f"{folder} has no {' and no '.join(missing)}: not a WordNet folder")
        self.folder = folder
        self.synsets = dict(_read_synsets(folder / "data.noun"))
        self.senses = dict(_read_senses(folder / "index.noun"))

    @property
    def version(self) -> str:
        """As the licence at the head of ``data.noun`` names it, for instance ``3.0``."""
        with (self.folder / "data.noun").open(encoding="ascii") as lines:
            for line in lines:
                if found := re.search(r"WordNet (\d+\.\d+) Copyright", line):
                    return found.group(1)
        return "unknown"

    def sha256(self) -> dict[str, str]:
        """Hex digests of the files that were read, by name."""
        return {
            name: hashlib.sha256((self.folder / name).read_bytes()).hexdigest()
            for name in NOUN_FILES
        }

    def find(self, sense: str) -> str | None:
        """The id of a sense written as ``dog.1`` (word, number in WordNet's order), or None."""
        word, _, number = sense.rpartition(".")
        senses = self.senses.get(word.lower(), ())
        return senses[int(number) - 1] if number.isdigit() and int(number) <= len(senses) else None

    def above(self, synset: str) -> frozenset[str]:
        """The ids of all meanings above one, and its own."""
        found: set[str] = set()
        waiting = [synset]
        while waiting:
            current = waiting.pop()
            if current not in found:
                found.add(current)
                waiting.extend(self.synsets[current].hypernyms)
        return frozenset(found)

    def plain_words(self, synset: str) -> list[str]:
        """The words that mean this and nothing else, without the scientific names."""
        return [
            word.replace("_", " ")
            for word in self.synsets[synset].words
            if len(self.senses[word.lower()]) == 1 and not self._is_scientific(word)
        ]

    def _is_scientific(self, word: str) -> bool:
        genus, _, species = word.partition("_")
        return (
            genus[:1].isupper()
            and not species[:1].isupper()
            and f"genus_{genus.lower()}" in self.senses
        )


def _read_synsets(file: Path) -> list[tuple[str, Synset]]:
    """Lines are: offset, file number, type, word count (hex), words, pointer count, pointers."""
    synsets = []
    with file.open(encoding="ascii") as lines:
        for line in lines:
            if line.startswith(" "):
                continue  # the licence
            fields = line.partition(" | ")[0].split()
            words_end = 4 + 2 * int(fields[3], 16)
            pointers = fields[words_end + 1 :]
            found = Synset(
                id=f"n{fields[0]}",
                words=tuple(fields[4:words_end:2]),
                hypernyms=tuple(
                    f"n{pointers[at + 1]}"
                    for at in range(0, 4 * int(fields[words_end]), 4)
                    if pointers[at] in HYPERNYM
                ),
            )
            synsets.append((found.id, found))
    return synsets


def _read_senses(file: Path) -> list[tuple[str, tuple[str, ...]]]:
    """Lines begin with the word and end with the offsets of its senses, the usual one first."""
    senses = []
    with file.open(encoding="ascii") as lines:
        for line in lines:
            if line.startswith(" "):
                continue
            fields = line.split()
            senses.append((fields[0], tuple(f"n{offset}" for offset in fields[-int(fields[2]) :])))
    return senses
