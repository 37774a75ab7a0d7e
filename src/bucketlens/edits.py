"""What people said about a picture: labels that they added, and labels that they took away.

An edit is a person's word on one label of one picture. It is about the picture's content, so it is
kept under the sha256 of its bytes, follows the file wherever it moves, and holds for copies too.
"""

from __future__ import annotations

import hashlib
import unicodedata
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from bucketlens.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_EDITS = 200
"""Labels of one picture that people may have said something about."""

LONGEST_NAME = 100
"""Characters of a label's or a person's name."""

_FORBIDDEN = frozenset('"<>\\')
"""Signs with a meaning in queries; no label needs them."""


class EditError(InputError):
    """An edit can't be taken as it is."""

    code = "edit"
    http_status = 422


class Edit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person's word on one label.

    Attributes:
        label: Its name; one that the taxonomy does not know is a label of the person's own.
        removed: The label is not to be shown, whatever models say now or later.
        by: Who said so.
        at: When, seconds since the epoch.
    """

    label: Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
    removed: bool = False
    by: Annotated[str, Meta(max_length=LONGEST_NAME)]
    at: float


class ImageEdits(msgspec.Struct, frozen=True, kw_only=True):
    """All that people said about one picture, as it is stored and exported.

    Attributes:
        sha256: Of the picture's bytes.
        key: An image with these bytes, at the time of the last edit.
        edits: By label; at most one for each.
    """

    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    key: str
    edits: Annotated[tuple[Edit, ...], Meta(max_length=MOST_EDITS)] = ()


class Changes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person wants of a picture's labels.

    Attributes:
        add: Labels that it shows.
        remove: Labels that it does not show.
        clear: Labels that nobody is to have said anything about; the models decide again.
    """

    add: Annotated[tuple[str, ...], Meta(max_length=MOST_EDITS)] = ()
    remove: Annotated[tuple[str, ...], Meta(max_length=MOST_EDITS)] = ()
    clear: Annotated[tuple[str, ...], Meta(max_length=MOST_EDITS)] = ()


def word_key(text: str) -> str:
    """What two spellings of a label have in common."""
    return " ".join(text.casefold().replace("-", " ").replace("_", " ").split())


def checked_name(text: str, what: str = "label") -> str:
    """A name as it is kept: blanks in order, one normal form.

    Raises:
        EditError: It is empty, too long, or holds what can't be shown.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or not name.isprintable() or _FORBIDDEN & set(name) or not word_key(name):
        shown = name.encode("utf-8", "backslashreplace").decode()[:LONGEST_NAME]
        raise EditError(f"{shown!r} is no name of a {what}: letters and digits make one")
    if len(name) > LONGEST_NAME:
        raise EditError(f"the name of a {what} has over {LONGEST_NAME} characters")
    return name


def checked_changes(changes: Changes) -> Changes:
    """Changes whose names are as they are kept.

    Raises:
        EditError: A name is none, nothing is asked for, or two things of one label.
    """
    checked = Changes(
        add=tuple(map(checked_name, changes.add)),
        remove=tuple(map(checked_name, changes.remove)),
        clear=tuple(map(checked_name, changes.clear)),
    )
    names = [word_key(name) for name in (*checked.add, *checked.remove, *checked.clear)]
    if not names:
        raise EditError("nothing is added, removed or cleared")
    if len(names) != len(set(names)):
        raise EditError("a label is named twice")
    return checked


def changed(edits: Iterable[Edit], changes: Changes, *, by: str, at: float) -> tuple[Edit, ...]:
    """Edits after changes; what was said before keeps who said it first, and when.

    Raises:
        EditError: They would be too many.
    """
    standing = {word_key(edit.label): edit for edit in edits}
    for name in changes.clear:
        standing.pop(word_key(name), None)
    for names, removed in ((changes.add, False), (changes.remove, True)):
        for name in names:
            before = standing.get(word_key(name))
            if before is None or before.removed != removed:
                fresh = Edit(label=name, removed=removed, by=by, at=at)
                standing[word_key(name)] = fresh
    return _in_order(standing.values())


def joined(edits: Iterable[Edit], others: Iterable[Edit]) -> tuple[Edit, ...]:
    """Both together; where they speak of the same label the later one holds.

    Raises:
        EditError: They would be too many.
    """
    standing: dict[str, Edit] = {}
    for edit in (*edits, *others):
        before = standing.get(word_key(edit.label))
        if before is None or edit.at > before.at:
            standing[word_key(edit.label)] = edit
    return _in_order(standing.values())


def edits_digest(edits: tuple[Edit, ...]) -> str:
    """Changes with every edit: 16 hex digits; empty for none."""
    if not edits:
        return ""
    return hashlib.sha256(_ENCODER.encode(edits)).hexdigest()[:16]


def with_edits(view_fingerprint: str, edits: tuple[Edit, ...]) -> str:
    """The fingerprint of what a view makes of scores and these edits."""
    return f"{view_fingerprint}.{edits_digest(edits)}" if edits else view_fingerprint


def without_edits(view_fingerprint: str) -> str:
    """The fingerprint of the view alone."""
    return view_fingerprint.partition(".")[0]


def encode_edits(edits: ImageEdits) -> bytes:
    """As JSON; equal ones give equal bytes."""
    return _ENCODER.encode(msgspec.structs.replace(edits, key=readable(edits.key)))


def decode_edits(data: bytes) -> ImageEdits:
    """Read them.

    Raises:
        EditError: They are none.
    """
    try:
        found = _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise EditError(f"these are no edits: {exc}") from exc
    for edit in found.edits:
        if checked_name(edit.label) != edit.label:
            raise EditError(f"{edit.label!r} is no name of a label")
    return found


def edits_lines(all_edits: Iterable[ImageEdits]) -> Iterator[bytes]:
    """JSON lines, one for each picture that there are edits of."""
    return (encode_edits(one) + b"\n" for one in all_edits if one.edits)


def readable(key: str) -> str:
    """A key as JSON can hold it: what is not UTF-8 in a file's name is shown as a sign."""
    return key.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _in_order(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    ordered = tuple(sorted(edits, key=lambda edit: word_key(edit.label)))
    if len(ordered) > MOST_EDITS:
        raise EditError(f"people said something about over {MOST_EDITS} labels of this image")
    return ordered


# Made when the module is, not when first needed: see bucketlens.records.
_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[ImageEdits] = msgspec.json.Decoder(ImageEdits)
