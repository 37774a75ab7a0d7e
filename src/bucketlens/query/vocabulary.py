"""The words that a collection knows: which labels and categories a word means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bucketlens.query.nodes import InCategory, Term
from bucketlens.query.tokens import BLANKS, QUOTES
from bucketlens.query.words import compact, distance, other_numbers, search_key, tolerance
from bucketlens.query.writing import to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NEAR = 3
"""Names that are offered for an unknown word."""

LONGEST_NAME = 6
"""Words of a name that are joined without quotes."""

PARTIAL = 3
"""Letters from which the beginning of a name counts as near to it."""

_CATEGORY = re.compile(f"category:[{BLANKS}]*", re.ASCII | re.IGNORECASE)


class VocabularyLabel(msgspec.Struct, frozen=True, omit_defaults=True):
    """A label of a collection.

    Attributes:
        id: The number that conditions name it by.
        name: As it is shown.
        aliases: Other words for it.
        categories: That it belongs to.
        count: Images that have it.
        related: Words that it is proposed for, where nothing is called so.
    """

    id: int
    name: str
    aliases: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    count: int = 0
    related: tuple[str, ...] = ()


class VocabularyCategory(msgspec.Struct, frozen=True, omit_defaults=True):
    """A category of a collection, and how many images have a label of it."""

    name: str
    count: int = 0


class Completion(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a word that is being typed may become.

    Attributes:
        text: What goes into the query, in quotes where it needs them.
        kind: ``label``, ``alias`` or ``category``.
        name: Of the label or category.
        count: Images that have it.
        alias: The word that was met, where it is not the label's name.
    """

    text: str
    kind: str
    name: str
    count: int
    alias: str = ""


class Meaning(NamedTuple):
    """What a word stands for: labels, by their numbers, or categories, by their names."""

    labels: tuple[int, ...] = ()
    categories: tuple[str, ...] = ()


class _Entry(NamedTuple):
    """A word of a label or the name of a category, ready to be compared."""

    key: str
    text: str
    kind: str
    name: str
    images: int


class _Word(NamedTuple):
    """All that is called by one word."""

    labels: dict[int, None]
    aliased: dict[int, None]
    categories: dict[str, None]


class Vocabulary:
    """The labels and categories of one collection, by the words that people use.

    Args:
        labels: In any order; several may share a name or an alias.
        categories: In any order.

    Attributes:
        labels: As they were given.
    """

    def __init__(
        self,
        labels: Iterable[VocabularyLabel],
        categories: Iterable[VocabularyCategory] = (),
    ) -> None:
        """Index the words."""
        self.labels = tuple(labels)
        self._entries: list[_Entry] = []
        self._words: dict[str, _Word] = {}
        self._related: dict[str, list[VocabularyLabel]] = {}
        for label in self.labels:
            for related in label.related:
                self._related.setdefault(search_key(related), []).append(label)
            self._word("label", label.name, label).labels[label.id] = None
            for alias in label.aliases:
                self._word("alias", alias, label).aliased[label.id] = None
        for category in categories:
            name = category.name
            self._word("category", name, category).categories[name] = None
            for part in name.split(" and "):
                self._words.setdefault(search_key(part), _Word({}, {}, {})).categories[name] = None
        self._compact: dict[str, _Word] = {}
        for key, known in self._words.items():
            self._compact.setdefault(compact(key), known)

    def _word(self, kind: str, text: str, of: VocabularyLabel | VocabularyCategory) -> _Word:
        key = search_key(text)
        self._entries.append(_Entry(key, text, kind, of.name, of.count))
        return self._words.setdefault(key, _Word({}, {}, {}))

    def meaning(self, text: str, *, only_category: bool = False) -> Meaning | None:
        """What a word or a name means; None where nothing is called so.

        A label's name comes before an alias, a label before a category, the number that was typed
        before the other one. ``hotdog`` finds ``Hot Dog``, and ``indoors`` the category ``Home and
        Indoors``.
        """
        key = search_key(text)
        return _first(self._words, key, only_category=only_category) or _first(
            self._compact, compact(key), only_category=only_category
        )

    def spelled(self, text: str) -> Meaning | None:
        """The same, where blanks must stand as they do in the name."""
        return _first(self._words, search_key(text), only_category=False)

    def near(self, text: str, kinds: tuple[str, ...] = ("label", "alias", "category")) -> list[str]:
        """Known words that are near to an unknown one.

        First labels that are related in meaning; then words of which few letters differ, or that
        begin with it.
        """
        key = search_key(text)
        found: dict[str, tuple[int, int, str]] = {
            search_key(label.name): (0, -label.count, label.name)
            for word in (key, *other_numbers(key))
            for label in self._related.get(word, ())
            if label.count and "label" in kinds
        }
        for entry in self._entries:
            if (
                entry.images
                and entry.kind in kinds
                and (apart := _apart(key, entry.key)) is not None
            ):
                rank = apart, -entry.images, entry.text
                found[entry.key] = min(rank, found.get(entry.key, rank))
        return [word for *_, word in sorted(found.values())[:NEAR]]

    def complete(self, prefix: str, limit: int = 8) -> list[Completion]:
        """What a word that is being typed may become: the likely and the frequent first.

        ``category:an`` is completed by categories only; an empty prefix gives what most images
        have.
        """
        clause = _CATEGORY.match(prefix)
        key = search_key(prefix[clause.end() if clause else 0 :].lstrip(QUOTES))
        best: dict[tuple[bool, str], tuple[tuple[int, int, str], _Entry]] = {}
        for entry in self._entries:
            is_category = entry.kind == "category"
            fit = _fit(key, entry)
            if fit is None or not entry.images or (clause and not is_category):
                continue
            ranked = (fit, -entry.images, entry.text), entry
            place = is_category, entry.name
            best[place] = min(best.get(place, ranked), ranked, key=lambda found: found[0])
        in_order = sorted(best.values(), key=lambda found: found[0])
        return [_completion(entry) for _, entry in in_order[:limit]]


def _first(words: Mapping[str, _Word], key: str, *, only_category: bool) -> Meaning | None:
    """The labels of the first number of a word that has some, else the categories."""
    found = [word for number in (key, *other_numbers(key)) if (word := words.get(number))]
    if not only_category:
        for word in found:
            if labels := word.labels or word.aliased:
                return Meaning(labels=tuple(labels))
    return next(
        (Meaning(categories=tuple(word.categories)) for word in found if word.categories), None
    )


def _apart(key: str, other: str) -> int | None:
    """How far a word is from a name or from a word in it; None where it is too far."""
    if len(key) >= PARTIAL and f" {key}" in f" {other}":
        return 1
    most = tolerance(key)
    words = other.split(" ")
    least = _distance(key, other, most)
    if len(words) > 1:
        least = min(least, *(1 + _distance(key, word, most) for word in words))
    return least if least <= most else None


def _distance(key: str, word: str, most: int) -> int:
    """As :func:`distance`; who mistypes two letters seldom mistypes the first."""
    allowed = most if key[:1] == word[:1] else 1
    found = distance(key, word, allowed)
    return found if found <= allowed else most + 1


def _fit(key: str, entry: _Entry) -> int | None:
    """How well a name goes on from what was typed: 0 best, None not at all."""
    if entry.key.startswith(key):
        return 0 if entry.kind == "label" else 1
    if f" {key}" in f" {entry.key}":
        return 2
    return None


def _completion(entry: _Entry) -> Completion:
    is_category = entry.kind == "category"
    clause = to_text(InCategory(entry.name) if is_category else Term(entry.name))
    alias = entry.text if entry.kind == "alias" else ""
    return Completion(clause, entry.kind, entry.name, entry.images, alias)
