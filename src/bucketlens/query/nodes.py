"""What a query says, as a tree of frozen structs with one JSON form.

Two kinds of tree share the joints ``And``, ``Or`` and ``Not``. A *query* (:data:`Node`) is what was
written: words and clauses, each with the place where it stands. A *condition*
(:data:`Condition`) is what it means for one collection: label numbers, steps of confidence and
days; that is what the catalog and the site's index answer.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

Span: TypeAlias = tuple[int, int]
"""Where something stands in the text: the first character, and the one after the last."""


class _Node(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="op"):
    pass


class And(_Node, frozen=True, tag="and"):
    """All of them."""

    args: tuple[Node, ...]


class Or(_Node, frozen=True, tag="or"):
    """At least one of them."""

    args: tuple[Node, ...]


class Not(_Node, frozen=True, tag="not"):
    """Everything but this."""

    arg: Node


class Everything(_Node, frozen=True, tag="all"):
    """What an empty query asks for."""


class Nothing(_Node, frozen=True, tag="none"):
    """What a word asks for that no image has."""


class Term(_Node, frozen=True, tag="term"):
    """A bare word; with its neighbours it may be the name of one label."""

    text: str
    at: Span | None = None


class Phrase(_Node, frozen=True, tag="phrase"):
    """A name in quotes."""

    text: str
    at: Span | None = None


class InCategory(_Node, frozen=True, tag="category"):
    """``category:"Animals and Pets"``."""

    text: str
    at: Span | None = None


class Confidence(_Node, frozen=True, tag="confidence"):
    """``confidence>80``; ``cmp`` is ``>`` (at least) or ``<`` (below), ``value`` 0 to 100."""

    cmp: str
    value: float
    at: Span | None = None


class OfColor(_Node, frozen=True, tag="color"):
    """``color:blue``, one of twelve words."""

    value: str
    at: Span | None = None


class Before(_Node, frozen=True, tag="before"):
    """Older than that day: ``2026-01-01``."""

    value: str
    at: Span | None = None


class After(_Node, frozen=True, tag="after"):
    """Of that day or younger: ``2026-01-01``."""

    value: str
    at: Span | None = None


class OnDate(_Node, frozen=True, tag="date"):
    """Of that year, month or day: ``2026``, ``2026-01`` or ``2026-01-15``."""

    value: str
    at: Span | None = None


class Oriented(_Node, frozen=True, tag="orientation"):
    """``orientation:portrait``, or landscape, or square."""

    value: str
    at: Span | None = None


class Named(_Node, frozen=True, tag="name"):
    """``name:img_2*``, a pattern for the names of files."""

    pattern: str
    at: Span | None = None


class HasLabel(_Node, frozen=True, tag="label"):
    """A label of that number at a level of confidence from ``least`` to below ``most``."""

    id: int
    least: int = 0
    most: int = 8


class AnyLabel(_Node, frozen=True, tag="anylabel"):
    """Some label at such a level."""

    least: int = 0
    most: int = 8


class HasCategory(_Node, frozen=True, tag="incategory"):
    """Some label of that category at such a level."""

    name: str
    least: int = 0
    most: int = 8


class Days(_Node, frozen=True, tag="days"):
    """From one day to before another, ``2026-01-01``; None is no bound."""

    start: str | None = msgspec.field(name="from", default=None)
    end: str | None = msgspec.field(name="to", default=None)


Leaf: TypeAlias = (
    Term
    | Phrase
    | InCategory
    | Confidence
    | OfColor
    | Before
    | After
    | OnDate
    | Oriented
    | Named
    | HasLabel
    | AnyLabel
    | HasCategory
    | Days
)
Node: TypeAlias = And | Or | Not | Everything | Nothing | Leaf
Condition: TypeAlias = Node
"""A tree of ``And``, ``Or``, ``Not``, ``Everything``, ``Nothing``, ``HasLabel``, ``AnyLabel``,
``HasCategory``, ``OfColor``, ``Oriented``, ``Days`` and ``Named`` only."""


def without_places(node: Node) -> Node:
    """The same query without where its parts stand, for comparing."""
    if isinstance(node, And | Or):
        return type(node)(tuple(without_places(arg) for arg in node.args))
    if isinstance(node, Not):
        return Not(without_places(node.arg))
    return msgspec.structs.replace(node, at=None) if hasattr(node, "at") else node


def to_json(node: Node) -> bytes:
    """The JSON form, the same that the site's script uses."""
    return msgspec.json.encode(node)


def from_json(data: bytes | str) -> Node:
    """Read the JSON form.

    Raises:
        msgspec.ValidationError: It is no tree of nodes.
    """
    return _DECODER.decode(data)


_DECODER: msgspec.json.Decoder[Node] = msgspec.json.Decoder(Node)
