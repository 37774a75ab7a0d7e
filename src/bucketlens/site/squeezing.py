"""Scripts and stylesheets without what only people need: comments, indentation, loose blanks.

Nothing is renamed or moved, so a fault is found at its name, and what is served can still be read.
Strings, templates and regular expressions stay as they are.
"""

from __future__ import annotations

import re

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
