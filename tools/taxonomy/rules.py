"""The rules that the overlay keeps; each that is broken gives a message with file and line."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from bucketlens.labels.taxonomy import lookup_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from overlay import Entry
    from wordnet import WordNet

LONGEST = 50
"""What a label filter of DetectLabels may hold."""

CHARACTERS = re.compile(r"[A-Za-z0-9àâèçñó'-_(). ]+")
"""What a label filter of DetectLabels may be made of (from ' to _ is a range)."""

SMALL_WORDS = frozenset({"of", "and", "the", "in", "on", "des", "o'"})
"""Words that stay small within a name."""

OWN_CAPITALS = frozenset({"iPod"})
"""Names that are written as their owners do."""


def broken_rules(
    entries: Sequence[Entry], categories: Sequence[str], classes: Sequence[str]
) -> list[str]:
    """Messages for all that is wrong in the overlay by itself.

    Args:
        entries: The overlay.
        categories: The categories that there are.
        classes: The source ids that must each belong to one label.
    """
    return [
        *_names(entries),
        *_parents(entries),
        *_cycles(entries),
        *_categories(entries, categories),
        *_sources(entries, classes),
    ]


def disagreements(entries: Sequence[Entry], wordnet: WordNet) -> list[str]:
    """Messages where WordNet does not know a class, or thinks that it is something else.

    A label with senses promises that each class below it, by whichever parent, is a kind of one of
    these. The field ``unlike`` of a label cuts the promise there.
    """
    by_name = {entry.name: entry for entry in entries}
    messages = [
        f"{e.place}: {e.name} has the sense {sense}, which WordNet does not have"
        for e in entries
        for sense in (*e.senses, *e.within)
        if wordnet.find(sense) is None
    ]
    for entry in entries:
        promised = _promised(entry, by_name)
        for source in (source for source in entry.sources if source.startswith("n")):
            if source not in wordnet.synsets:
                messages.append(f"{entry.place}: {source} is no noun of WordNet")
                continue
            kinds = wordnet.above(source)
            for above in promised:
                senses = {wordnet.find(sense) for sense in (*above.senses, *above.within)}
                if senses and not senses & kinds:
                    messages.append(
                        f"{entry.place}: for WordNet {source} ({entry.name}) is no {above.name}"
                    )
    return messages


def is_title_case(text: str) -> bool:
    """Whether each word begins with a capital or a digit, small words within the name aside."""
    words = text.split(" ")
    return text in OWN_CAPITALS or all(
        (i > 0 and part in SMALL_WORDS) or part[:1].isupper() or part[:1].isdigit()
        for i, word in enumerate(words)
        for part in ([word] if word in SMALL_WORDS else _parts(word))
    )


def _parts(word: str) -> list[str]:
    """``Jack-o'-Lantern`` as its three words; small ones within are left out."""
    first, *rest = word.strip("()").split("-")
    return [first, *(part for part in rest if part not in SMALL_WORDS)]


def _names(entries: Sequence[Entry]) -> Iterator[str]:
    owners: dict[str, str] = {}
    for entry in entries:
        for text in (entry.name, *entry.aliases):
            if len(text) > LONGEST or not CHARACTERS.fullmatch(text):
                yield f"{entry.place}: a filter of DetectLabels can't hold {text!r}"
            if not is_title_case(text):
                yield f"{entry.place}: {text!r} is not in title case"
            owner = owners.setdefault(lookup_key(text), entry.place)
            if owner != entry.place:
                yield f"{entry.place}: {text!r} is taken by {owner}"


def _parents(entries: Sequence[Entry]) -> Iterator[str]:
    names = {entry.name for entry in entries}
    for entry in entries:
        parents = [*([entry.parent] if entry.parent else []), *entry.also]
        for parent in parents:
            if parent not in names:
                yield f"{entry.place}: {entry.name} has the parent {parent!r}, which is no label"
        if entry.also and not entry.parent:
            yield f"{entry.place}: {entry.name} is a root and has further parents"
        if len(set(parents)) < len(parents):
            yield f"{entry.place}: {entry.name} has a parent twice"


def _cycles(entries: Sequence[Entry]) -> Iterator[str]:
    by_name = {entry.name: entry for entry in entries}
    for entry in entries:
        waiting, seen = [entry.name], set[str]()
        while waiting:
            current = by_name.get(waiting.pop())
            if current is None or current.name in seen:
                continue
            seen.add(current.name)
            above = [*([current.parent] if current.parent else []), *current.also]
            if entry.name in above:
                yield f"{entry.place}: {entry.name} is above itself"
                break
            waiting.extend(above)


def _categories(entries: Sequence[Entry], categories: Sequence[str]) -> Iterator[str]:
    for entry in entries:
        for category in entry.categories:
            if category not in categories:
                yield f"{entry.place}: {entry.name} has the unknown category {category!r}"
        if not entry.categories and entry.parent is None:
            yield f"{entry.place}: {entry.name} is a root and has no category"


def _sources(entries: Sequence[Entry], classes: Sequence[str]) -> Iterator[str]:
    used = Counter(source for entry in entries for source in entry.sources)
    for source in classes:
        if used[source] != 1:
            yield f"{source} belongs to {used[source]} labels"
    for source in used.keys() - set(classes):
        yield f"{source} is no class of the models"


def _promised(entry: Entry, by_name: dict[str, Entry]) -> list[Entry]:
    """The label and those above it, up to where the overlay leaves WordNet's way."""
    found: dict[str, Entry] = {}
    waiting = [entry]
    while waiting:
        current = waiting.pop()
        if current.name not in found:
            found[current.name] = current
            if not current.unlike:
                above = [*([current.parent] if current.parent else []), *current.also]
                waiting.extend(by_name[name] for name in above)
    return list(found.values())
