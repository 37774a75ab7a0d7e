"""Scripts and stylesheets without what only people need: comments, blanks, long names.

Nothing is moved. Strings, templates and regular expressions stay as they are.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TOKEN = re.compile(
    r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<template>`)
  | (?P<regex>/(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*)
  | (?P<blank>\s+)
  | (?P<word>[\w$\#]+)
  | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)

BEFORE_REGEX = re.compile(r"(?:^|[=(,:\[!&|?{};<>+]|\breturn)$")
"""After any other text a slash divides."""

OPEN_LINE = "{[(,;=&|?:<>+."
"""A line that ends so goes on in the next one; elsewhere its end may end a statement."""

IN_TEMPLATE = re.compile(r"\$\{(\w+)\b")
SHORT = 3
"""Characters of a name that is short enough."""

ZERO = re.compile(r"(?<![\w.#])0\.(?=\d)")
CSS_BLANK = re.compile(r'("(?:[^"\\]|\\.)*")|\s*([{};,])\s*|(:)\s+|(\s)\s+')


def squeeze_script(text: str) -> str:
    """A script without comments and without blanks that separate nothing."""
    done: list[str] = []
    gap = ""
    place = 0
    while place < len(text):
        token, kind, place = _next(text, place, done)
        if kind in ("comment", "blank"):
            gap = "\n" if "\n" in token or gap == "\n" else " "
            continue
        if token.startswith("}") and done[-1:] == [";"] and not _is_body(done):
            done.pop()
        elif done and gap and (separator := _separator(done[-1][-1], token[0], gap)):
            done.append(separator)
        done.append(token)
        gap = ""
    return "".join(done) + "\n"


def shorten_names(text: str, names: Iterable[str]) -> str:
    """A squeezed script with short names for things of its top level.

    A name is left alone where any of its places might mean something else: a property, a key, a
    shorthand for one, or some other part of a template. Everywhere else it is replaced, in inner
    scopes too, where it then is another name for the same.

    Args:
        text: A squeezed script.
        names: Of its top level.
    """
    tokens = _tokens(text)
    words = [token for token in tokens if token[0].isalpha()]
    counts = Counter(words)
    templates = "".join(token for token in tokens if token[0] == "`")
    fixed = {token for place, token in enumerate(tokens) if _may_be_a_key(tokens, place)}
    free = (name for name in _short_names() if name not in text)
    long = [name for name in set(names) - fixed if len(name) > SHORT]
    chosen = {
        name: next(free)
        for name in sorted(long, key=lambda name: (-counts[name], name))
        if _is_only_called(name, templates)
    }
    return "".join(
        IN_TEMPLATE.sub(lambda found: "${" + chosen.get(found[1], found[1]), token)
        if token[0] == "`"
        else chosen.get(token, token)
        for token in tokens
    )


def _is_only_called(name: str, templates: str) -> bool:
    """Whether templates hold a name only right behind the opening of a place: ``${name``."""
    return templates.count("${" + name) == len(re.findall(rf"\b{name}\b", templates))


def _tokens(text: str) -> list[str]:
    done: list[str] = []
    place = 0
    while place < len(text):
        token, _, place = _next(text, place, done)
        done.append(token)
    return done


def _may_be_a_key(tokens: list[str], place: int) -> bool:
    before = tokens[place - 1] if place else ""
    after = tokens[place + 1] if place + 1 < len(tokens) else ""
    return before == "." or after == ":" or (before in "{," and after in ",}=" and after != "")


def _short_names() -> Iterator[str]:
    letters = string.ascii_letters
    return ("$" + "".join(parts) for size in (1, 2) for parts in product(letters, repeat=size))


def squeeze_style(text: str) -> str:
    """A stylesheet without comments and without blanks that separate nothing."""
    bare = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL).strip()
    bare = CSS_BLANK.sub(lambda found: "".join(found.groups("")), bare).replace(";}", "}")
    return ZERO.sub(".", bare) + "\n"


def _is_body(done: list[str]) -> bool:
    """Whether the semicolon at the end is the empty body of a loop: ``while (read());``."""
    depth = 0
    for place in range(len(done) - 2, -1, -1):
        depth += {")": 1, "(": -1}.get(done[place], 0)
        if depth <= 0:
            return done[place] == "(" and done[place - 1] in ("for", "while", "if")
    return False


def _next(text: str, place: int, done: list[str]) -> tuple[str, str, int]:
    """A token, its kind, and where the next one begins."""
    match = TOKEN.match(text, place)
    if match is None:  # not to be: every character is at least a sign
        raise ValueError(f"no token at {text[place : place + 20]!r}")
    kind = match.lastgroup or "sign"
    if kind == "regex" and not BEFORE_REGEX.search("".join(done[-1:])):
        return text[place], "sign", place + 1
    if kind == "template":
        end = _template_end(text, place + 1)
        return text[place:end], kind, end
    return match[0], kind, match.end()


def _template_end(text: str, place: int) -> int:
    """Where the template ends that begins before a place; what stands in it may hold others."""
    depth = 0
    while place < len(text):
        character = text[place]
        if character == "\\":
            place += 1
        elif character == "`":
            if not depth:
                return place + 1
            place = _template_end(text, place + 1) - 1
        elif text.startswith("${", place):
            depth += 1
            place += 1
        elif character in "{}" and depth:
            depth += 1 if character == "{" else -1
        place += 1
    raise ValueError("a template of a script has no end")


def _separator(before: str, after: str, gap: str) -> str:
    if gap == "\n" and before not in OPEN_LINE and after not in "})].,;?:&|":
        return "\n"
    words = all(c.isalnum() or c in "_$#" for c in (before, after))
    return " " if words or (before == after and before in "+-") else ""
