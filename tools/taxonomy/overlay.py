"""The curated overlay: outlines that people edit by hand (see README.md for their lines)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = re.compile(r"n\d{8}|coco:[a-z ]+")
INDENT = 2


class OverlayError(Exception):
    """A line that can't be read; the message names file and line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the overlay.

    Attributes:
        place: File and line, for messages.
        parent: The label that the line stands under; None for a root.
        also: Further parents.
        senses: Senses of WordNet that the label means (``dog.1``).
        within: Further senses that what stands below the label may be a kind of.
        unlike: WordNet puts this elsewhere, and the overlay knows better.
        categories: Own categories; empty to have those of the parent.
    """

    place: str
    name: str
    parent: str | None
    sources: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    senses: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    unlike: bool = False
    min_confidence: float | None = None
    hidden: bool = False


def read_overlay(folder: Path) -> list[Entry]:
    """All entries of the ``.tree`` files of a folder, by file name, then in the order of lines."""
    entries: list[Entry] = []
    for file in sorted(folder.glob("*.tree")):
        entries.extend(_read_file(file))
    return entries


def _read_file(file: Path) -> list[Entry]:
    entries: list[Entry] = []
    top: str | None = None
    path: list[str] = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        place = f"{file.name}:{number}"
        indent = len(line) - len(line.lstrip(" "))
        if indent == 0 and text.startswith("under "):
            top, path = text.removeprefix("under "), [text.removeprefix("under ")]
            continue
        if indent == 0:
            top, path = None, []
        depth, odd = divmod(indent, INDENT)
        if odd or depth > len(path):
            raise OverlayError(f"{place}: indent by {INDENT} spaces below the parent")
        path = path[:depth]
        entry = _read_line(text, place, parent=path[-1] if path else top)
        path.append(entry.name)
        entries.append(entry)
    return entries


def _read_line(text: str, place: str, parent: str | None) -> Entry:
    name, *fields = (field.strip() for field in text.split("|"))
    lists: dict[str, tuple[str, ...]] = {}
    for field in fields:
        word, _, rest = field.partition(" ")
        key = "sources" if SOURCE.match(field) else word
        if key in lists:
            raise OverlayError(f"{place}: {name} has two fields {key!r}")
        lists[key] = _split(field if key == "sources" else rest)
    unknown = set(lists) - {
        "sources", "also", "aka", "wn", "within", "in", "unlike", "min", "hidden"
    }  # fmt: skip
    if unknown:
        raise OverlayError(f"{place}: {name} has the unknown field {', '.join(sorted(unknown))}")
    bad = [source for source in lists.get("sources", ()) if not SOURCE.fullmatch(source)]
    if bad:
        raise OverlayError(f"{place}: {', '.join(bad)} is no source id")
    return Entry(
        place=place,
        name=name,
        parent=parent,
        sources=lists.get("sources", ()),
        also=lists.get("also", ()),
        aliases=lists.get("aka", ()),
        senses=lists.get("wn", ()),
        categories=lists.get("in", ()),
        within=lists.get("within", ()),
        unlike="unlike" in lists,
        min_confidence=float(lists["min"][0]) if "min" in lists else None,
        hidden="hidden" in lists,
    )


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
