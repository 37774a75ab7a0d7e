"""A query's text as tokens: words, names in quotes, clauses, and what joins them.

The script of the site (``site/static/js/query.js``) reads by the same rules; the cases in
``tests/query/cases.json`` hold for both.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from bucketlens.query.mistakes import QueryError

MAX_LENGTH = 1000
"""Characters of a query; people type ten, links hold a few hundred."""

MAX_TOKENS = 100
"""Words, clauses and signs; so nothing is nested deeper than Python's own stack is."""

BLANKS = "\\t-\\r \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff"
"""What JavaScript takes for blanks (in a class of a pattern), so that both agree."""

QUOTES = '"\u201c\u201d\u201e'
"""The plain quote, and those that phones make of it."""

FIELDS = ("after", "before", "category", "color", "confidence", "date", "name", "orientation")
JOINTS = {"OR": "or", "AND": "and", "NOT": "-"}

_OPERAND = rf"""
    [{QUOTES}] (?P<{{0}}quoted> (?: \\. | [^{QUOTES}\\] )* ) (?P<{{0}}closed> [{QUOTES}]? )
  | (?P<{{0}}word> [^(){QUOTES}{BLANKS}]+ )
"""
_TOKEN = re.compile(
    rf"""
    [{BLANKS}]*
    (?: (?P<sign> [()] | -(?=[^{BLANKS}]) )
      | (?P<name> [A-Za-z]+ ) (?: [{BLANKS}]* (?P<less>[<>]) | : [{BLANKS}]* (?P<more>[<>]?) )
        =? [{BLANKS}]* (?: {_OPERAND.format("of_")} )?
      | {_OPERAND.format("")}
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_COMPARES = re.compile("^=|[<>]")
_SOMETHING = re.compile(f"[^{BLANKS}]")


class Token(NamedTuple):
    """A piece of a query.

    Attributes:
        kind: ``(``, ``)``, ``-``, ``and``, ``or``, ``word``, ``phrase``, or the name of a field.
        text: The word, the name without its quotes, or the field's value.
        start: Its first character in the query.
        end: The one after its last.
        comparison: ``<`` or ``>``, of a confidence.
    """

    kind: str
    text: str
    start: int
    end: int
    comparison: str = ""


def tokens(text: str) -> list[Token]:
    """The tokens of a query, in order.

    Raises:
        QueryError: A quote is not closed, a field is not known or has no value, or it is too long.
    """
    if len(text) > MAX_LENGTH:
        raise QueryError(f"the query is longer than {MAX_LENGTH} characters", MAX_LENGTH, len(text))
    found: list[Token] = []
    while match := _TOKEN.match(text, found[-1].end if found else 0):
        found.append(_token(text, match))
    if len(found) > MAX_TOKENS:
        start = found[MAX_TOKENS].start
        raise QueryError(f"the query is longer than {MAX_TOKENS} words", start, len(text))
    return found


def _token(text: str, match: re.Match[str]) -> Token:
    first = _SOMETHING.search(text, match.start())
    start = first.start() if first else match.start()
    if match["sign"]:
        return Token(match["sign"], match["sign"], start, match.end())
    if match["closed"] == "" or match["of_closed"] == "":
        raise QueryError("the quote is not closed", start, len(text))
    if match["name"]:
        return _field(match, start)
    word, quoted = match["word"], match["quoted"]
    if word == "-":
        raise QueryError("a minus stands right before what it leaves out", start, match.end())
    if word:
        # What compares nothing is text, but would compare when it stood after a field's name.
        kind = JOINTS.get(word) or ("phrase" if _COMPARES.search(word) else "word")
        return Token(kind, word, start, match.end())
    if not _SOMETHING.search(quoted):
        raise QueryError("there is nothing between these quotes", start, match.end())
    return Token("phrase", _ESCAPED.sub(r"\1", quoted), start, match.end())


def _field(match: re.Match[str], start: int) -> Token:
    compared = match["less"] or match["more"]
    written = f"\u201c{match['name']}{compared or ':'}\u201d"
    kind = match["name"].lower().replace("colour", "color")
    if kind not in FIELDS or (compared and kind != "confidence"):
        known = ", ".join(f"{field}:" for field in FIELDS)
        raise QueryError(
            f"there is no {written}, only {known}; other colons stand in quotes",
            start,
            match.end(),
        )
    text = match["of_word"] or _ESCAPED.sub(r"\1", match["of_quoted"] or "")
    if not text:
        raise QueryError(f"{written} needs a value", start, match.end())
    return Token(kind, text, start, match.end(), compared or ">")
