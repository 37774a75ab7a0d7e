"""What a query means for one collection: from words to label numbers, steps and days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bucketlens.query.mistakes import QueryError
from bucketlens.query.nodes import (
    After,
    And,
    AnyLabel,
    Before,
    Condition,
    Confidence,
    Days,
    HasCategory,
    HasLabel,
    InCategory,
    Node,
    Not,
    Nothing,
    OnDate,
    Or,
    Phrase,
    Term,
)
from bucketlens.query.tokens import JOINTS
from bucketlens.query.values import BOUNDS, LEVELS, days_of, level_of
from bucketlens.query.vocabulary import LONGEST_NAME
from bucketlens.query.words import search_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketlens.query.vocabulary import Meaning, Vocabulary

Levels = tuple[int, int]
"""From the first level to before the second."""

ANY: Levels = (0, LEVELS)


class Resolved(msgspec.Struct, frozen=True):
    """A query, understood.

    Attributes:
        node: What has to hold for an image.
        query: The query with words that together are a name joined, for showing it.
        warnings: What is answered a little otherwise than it was asked.
    """

    node: Condition
    query: Node
    warnings: tuple[str, ...] = ()


def resolve(query: Node, vocabulary: Vocabulary) -> Resolved:
    """What a query means with the words of one collection.

    Raises:
        QueryError: A word or category is not known here; its ``suggestions`` are near to it.
    """
    joined = _joined(query, vocabulary)
    resolver = _Resolver(vocabulary)
    return Resolved(resolver.condition(joined, ANY), joined, tuple(resolver.warnings))


class _Resolver:
    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._excluding = 0
        self.warnings: dict[str, None] = {}

    def condition(  # noqa: PLR0911 - one line for each kind of clause
        self, node: Node, levels: Levels
    ) -> Condition:
        """A node as a condition; ``levels`` is what clauses of confidence around it ask for."""
        match node:
            case And():
                return self._all(node, levels)
            case Or():
                return Or(tuple(self.condition(arg, levels) for arg in node.args))
            case Not():  # what is left out is left out however sure it is
                self._excluding += 1
                inner = self.condition(node.arg, ANY)
                self._excluding -= 1
                return Not(inner)
            case Term() | Phrase() | InCategory():
                return self._named(node, levels)
            case Confidence():
                return AnyLabel(*_both(levels, self._levels(node)))
            case Before():
                return Days(None, node.value)
            case After():
                return Days(node.value, None)
            case OnDate():
                return days_of(node.value)
            case _:
                return node

    def _all(self, node: And, levels: Levels) -> Condition:
        rest = [arg for arg in node.args if not isinstance(arg, Confidence)]
        for arg in node.args:
            if isinstance(arg, Confidence):
                levels = _both(levels, self._levels(arg))
        parts = [self.condition(arg, levels) for arg in rest]
        if len(rest) < len(node.args) and not any(map(_speaks_of_labels, rest)):
            parts.append(AnyLabel(*levels))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _named(self, node: Term | Phrase | InCategory, levels: Levels) -> Condition:
        only = isinstance(node, InCategory)
        if meaning := self._vocabulary.meaning(node.text, only_category=only):
            return _of(meaning, levels)
        start, end = node.at or (-1, -1)
        if (joint := search_key(node.text).upper()) in JOINTS:
            raise QueryError(f"to join words, write {joint} in capitals", start, end)
        what = "is of a category" if only else "has a label called"
        message = f"no image here {what} \u201c{node.text}\u201d"
        if self._excluding:
            self.warnings[message] = None
            return Nothing()
        kinds = ("category",) if only else ("label", "alias", "category")
        raise QueryError(message, start, end, tuple(self._vocabulary.near(node.text, kinds)))

    def _levels(self, node: Confidence) -> Levels:
        """The levels that a clause asks for, widened where it stands between two steps."""
        reached = level_of(node.value)
        if node.cmp == ">":
            levels, used = (reached, LEVELS), BOUNDS[reached]
        else:
            most = reached if node.value in BOUNDS[:LEVELS] else reached + 1
            levels, used = (0, most), BOUNDS[most]
        if used != node.value:
            self.warnings[f"confidence goes by steps: {used} instead of {node.value:g}"] = None
        return levels


def _joined(node: Node, vocabulary: Vocabulary) -> Node:
    """The query with neighbouring words that are one name as a phrase; the longest name wins."""
    if isinstance(node, Not):
        return Not(_joined(node.arg, vocabulary))
    if isinstance(node, Or):
        return Or(tuple(_joined(arg, vocabulary) for arg in node.args))
    if not isinstance(node, And):
        return node
    parts: list[Node] = []
    at = 0
    while at < len(node.args):
        name = _name_in(node.args[at : at + LONGEST_NAME], vocabulary)
        parts.append(_together(name) if name else _joined(node.args[at], vocabulary))
        at += len(name) or 1
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _name_in(args: Sequence[Node], vocabulary: Vocabulary) -> list[Term]:
    """The words that these begin with and that are one name; none where no two are."""
    terms: list[Term] = []
    for arg in args:
        if not isinstance(arg, Term):
            break
        terms.append(arg)
    while len(terms) > 1:
        if vocabulary.spelled(" ".join(term.text for term in terms)):
            return terms
        terms.pop()
    return []


def _together(terms: Sequence[Term]) -> Phrase:
    text = " ".join(term.text for term in terms)
    first, last = terms[0].at, terms[-1].at
    return Phrase(text, (first[0], last[1]) if first and last else None)


def _speaks_of_labels(node: Node) -> bool:
    """Whether a clause of confidence beside a node has something to narrow in it."""
    if isinstance(node, And | Or):
        return any(map(_speaks_of_labels, node.args))
    return isinstance(node, Term | Phrase | InCategory | Confidence)


def _of(meaning: Meaning, levels: Levels) -> Condition:
    found: list[Condition] = [HasLabel(label, *levels) for label in meaning.labels]
    found.extend(HasCategory(name, *levels) for name in meaning.categories)
    return found[0] if len(found) == 1 else Or(tuple(found))


def _both(first: Levels, second: Levels) -> Levels:
    return max(first[0], second[0]), min(first[1], second[1])
