"""Words of WordNet that become aliases."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rules import LONGEST, SMALL_WORDS

from bucketlens.labels.taxonomy import lookup_key

if TYPE_CHECKING:
    from overlay import Entry
    from wordnet import WordNet


def propose_aliases(
    entries: list[Entry], wordnet: WordNet, refused: list[str]
) -> dict[str, tuple[str, ...]]:
    """Aliases by label name, beside the curated ones: words for the label's ImageNet classes.

    A word is taken when it has one meaning only, is no scientific name, says more than another
    spelling of what is there, is not among the refused, and is wanted by one label only.
    """
    curated = {lookup_key(text) for e in entries for text in (e.name, *e.aliases)}
    curated |= {lookup_key(word) for word in refused}
    proposals: dict[str, list[str]] = {}
    for entry in entries:
        own = {_squeeze(text) for text in (entry.name, *entry.aliases)}
        words = [_titled(word) for synset in _synsets(entry, wordnet) for word in synset]
        proposals[entry.name] = []
        for word in words:
            if lookup_key(word) in curated or len(word) > LONGEST:
                continue
            if _squeeze(word) in own:
                continue
            own.add(_squeeze(word))
            proposals[entry.name].append(word)
    wanted = Counter(lookup_key(word) for words in proposals.values() for word in words)
    return {
        name: tuple(word for word in words if wanted[lookup_key(word)] == 1)
        for name, words in proposals.items()
        if words
    }


def _synsets(entry: Entry, wordnet: WordNet) -> list[list[str]]:
    """Words of each of the label's ImageNet classes.

    Not of the senses that groups are checked by: for groups WordNet has words such as *animate
    being* and *kine*.
    """
    return [wordnet.plain_words(source) for source in entry.sources if source.startswith("n")]


def _titled(word: str) -> str:
    """``field glasses`` as ``Field Glasses``; capitals that are there stay."""
    parts = word.split(" ")
    return " ".join(
        part
        if i and part in SMALL_WORDS
        else "-".join(p[:1].upper() + p[1:] for p in part.split("-"))
        for i, part in enumerate(parts)
    )


def _squeeze(text: str) -> str:
    """What ``Back Pack`` and ``Backpack`` have in common."""
    return "".join(c for c in text.casefold() if c.isalnum())
