"""From a query's text to its tree.

    query  = either
    either = all ("OR" all)*
    all    = single (["AND"] single)*
    single = ("-" | "NOT") single | "(" either ")" | word | "a name" | field:value | confidence>80

Brackets that hold one thing only are left out of the tree; others stay, since a clause of
confidence speaks of the labels in its own bracket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketlens.query import values
from bucketlens.query.mistakes import QueryError
from bucketlens.query.nodes import (
    After,
    And,
    Before,
    Confidence,
    Everything,
    InCategory,
    Named,
    Not,
    OfColor,
    OnDate,
    Or,
    Oriented,
    Phrase,
    Term,
)
from bucketlens.query.tokens import Token, tokens

if TYPE_CHECKING:
    from bucketlens.query.nodes import Leaf, Node


def parse(text: str) -> Node:
    """The tree of a query; an empty one asks for everything.

    Raises:
        QueryError: It can't be read; says what is wrong and where.

    Example:
        >>> parse("dog -beach")
        And(args=(Term(text='dog', at=(0, 3)), Not(arg=Term(text='beach', at=(5, 10)))))
    """
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self._next = 0

    def query(self) -> Node:
        if not self._tokens:
            return Everything()
        tree = self._either()
        if self._peek() is not None:
            raise self._misplaced()
        return tree

    def _either(self) -> Node:
        parts = [self._all()]
        while self._at("or"):
            self._next += 1
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all(self) -> Node:
        parts = [self._single()]
        while (token := self._peek()) is not None and token.kind not in ("or", ")"):
            if token.kind == "and":
                self._next += 1
                # Words that AND joins are two things, even where a label has both as its name.
                parts[-1] = _apart(parts[-1])
                parts.append(_apart(self._single()))
            else:
                parts.append(self._single())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _single(self) -> Node:
        token = self._peek()
        if token is None or token.kind in ("or", "and", ")"):
            raise self._misplaced()
        self._next += 1
        if token.kind == "-":
            return Not(self._single())
        return self._bracket(token) if token.kind == "(" else _leaf(token)

    def _bracket(self, opening: Token) -> Node:
        inner = self._either()
        if not self._at(")"):
            raise QueryError("this bracket is not closed", opening.start, opening.end)
        self._next += 1
        return inner

    def _misplaced(self) -> QueryError:
        """What is wrong with the next token, or with the end."""
        before = self._tokens[self._next - 1] if self._next else None
        if before is not None and before.kind in ("or", "and", "-", "("):
            return QueryError(
                f"something has to follow \u201c{before.text}\u201d", before.start, before.end
            )
        token = self._tokens[self._next]
        return QueryError(f"\u201c{token.text}\u201d does not belong here", token.start, token.end)

    def _peek(self) -> Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _at(self, kind: str) -> bool:
        token = self._peek()
        return token is not None and token.kind == kind


def _apart(node: Node) -> Node:
    return Phrase(node.text, node.at) if isinstance(node, Term) else node


def _leaf(token: Token) -> Leaf:  # noqa: PLR0911 - one line for each kind of clause
    start, end = at = token.start, token.end
    match token.kind:
        case "word":
            return Term(token.text, at)
        case "phrase":
            return Phrase(token.text, at)
        case "category":
            return InCategory(token.text, at)
        case "confidence":
            value = values.read_confidence(token.text, start, end)
            return Confidence(token.comparison, value, at)
        case "color":
            return OfColor(values.read_word("color", token.text, values.COLORS, start, end), at)
        case "orientation":
            word = values.read_word("orientation", token.text, values.ORIENTATIONS, start, end)
            return Oriented(word, at)
        case "name":
            return Named(token.text, at)
        case _:
            return _dated(token)


def _dated(token: Token) -> Leaf:
    start, end = at = token.start, token.end
    value = values.read_date(token.kind, token.text, start, end)
    if token.kind == "date":
        return OnDate(value, at)
    kind = Before if token.kind == "before" else After
    return kind(values.first_day(value), at)
