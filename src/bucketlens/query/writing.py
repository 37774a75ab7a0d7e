"""From a query's tree back to text: the normal form, which is read as the same tree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bucketlens.query.nodes import (
    After,
    And,
    Before,
    Confidence,
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
from bucketlens.query.tokens import BLANKS, JOINTS, QUOTES

if TYPE_CHECKING:
    from bucketlens.query.nodes import Node

_UNFIT = re.compile(f"^$|^=|[(){QUOTES}{BLANKS}<>]")
_NO_WORD = re.compile(f"-|[A-Za-z]+:|(?:{'|'.join(JOINTS)})\\Z")
_SPECIAL = re.compile(f"[\\\\{QUOTES}]")


def to_text(node: Node) -> str:
    """The text of a query.

    Example:
        >>> to_text(parse('dog   NOT "golden retriever" colour:Blue'))
        'dog -"golden retriever" color:blue'
    """
    if isinstance(node, And):
        return " ".join(_bracketed(arg) for arg in node.args)
    if isinstance(node, Or):
        return " OR ".join(
            _bracketed(arg) if isinstance(arg, Or) else to_text(arg) for arg in node.args
        )
    if isinstance(node, Not):
        return f"-{_bracketed(node.arg)}"
    return _clause(node)


def _quoted(text: str) -> str:
    """A name in quotes, whatever is in it."""
    return f'"{_SPECIAL.sub(lambda found: chr(92) + found[0], text)}"'


def _as_word(text: str) -> str:
    """A name bare where it can stand so, else in quotes."""
    return _quoted(text) if _NO_WORD.match(text) else _value(text)


def _bracketed(node: Node) -> str:
    return f"({to_text(node)})" if isinstance(node, And | Or) else to_text(node)


def _clause(node: Node) -> str:  # noqa: PLR0911 - one line for each kind of clause
    match node:
        case Term():
            return _as_word(node.text)
        case Phrase():
            return _quoted(node.text)
        case InCategory():
            return f"category:{_value(node.text)}"
        case Confidence():
            return f"confidence{node.cmp}{node.value:g}"
        case OfColor() | Oriented() | Before() | After() | OnDate():
            return f"{node.__struct_config__.tag}:{node.value}"
        case Named():
            return f"name:{_value(node.pattern)}"
        case _:
            return ""


def _value(text: str) -> str:
    return _quoted(text) if _UNFIT.search(text) else text
