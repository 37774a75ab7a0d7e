"""Labels after what people said: a pure function of labels and edits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from bucketlens.edits import word_key
from bucketlens.types import Category, Label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketlens.edits import Edit

OWN_CATEGORY = "Own Labels"
"""Of labels that a person made up."""

CERTAIN = 100.0
"""The confidence of what a person said."""


class Vocabulary(Protocol):
    """The labels that a view knows."""

    def known(self, name: str) -> tuple[Label, ...]:
        """The label of a name or alias, then all above it that may be shown; all certain.

        Empty for a name that is not known.
        """


def edit_labels(
    labels: Sequence[Label], edits: Sequence[Edit], vocabulary: Vocabulary, most: int
) -> tuple[Label, ...]:
    """Labels after edits, surest first, then by name.

    What a person removed is not shown, and of what models saw nothing that it would follow from:
    what is no Dog is no Golden Retriever. What a person added is shown with all that is above it.

    Args:
        labels: As the models have them.
        edits: What people said.
        vocabulary: Knows parents, aliases and categories.
        most: Of the labels of models, so many are shown.
    """
    gone = {key for edit in edits if edit.removed for key in _keys(edit, vocabulary)}
    kept = [label for label in labels if not _follows(label, gone)][:most]
    shown = {word_key(label.name): label for label in kept}
    for edit in edits:
        if not edit.removed:
            _add(edit, vocabulary, shown, gone)
    whole = (_without_parents(label, gone) for label in shown.values())
    return tuple(sorted(whole, key=lambda label: (-label.confidence, label.name)))


def _keys(edit: Edit, vocabulary: Vocabulary) -> set[str]:
    """All spellings under which a label may stand."""
    return {word_key(edit.label), *(word_key(one.name) for one in vocabulary.known(edit.label)[:1])}


def _follows(label: Label, gone: set[str]) -> bool:
    """Whether a label is gone, or would say one that is."""
    names = (label.name, *(parent.name for parent in label.parents))
    aliases = (alias.name for alias in label.aliases)
    return any(word_key(name) in gone for name in (*names, *aliases))


def _add(edit: Edit, vocabulary: Vocabulary, shown: dict[str, Label], gone: set[str]) -> None:
    """Add a label and what is above it."""
    found = vocabulary.known(edit.label) or _seen(edit, shown) or (_own(edit),)
    for label in found:
        key = word_key(label.name)
        if key not in gone:
            standing = shown.get(key, label)
            shown[key] = msgspec.structs.replace(standing, confidence=CERTAIN)


def _seen(edit: Edit, shown: dict[str, Label]) -> tuple[Label, ...]:
    """A label that a service told, with those above it that it told too."""
    wanted = word_key(edit.label)
    for key, label in shown.items():
        if key == wanted or any(word_key(alias.name) == wanted for alias in label.aliases):
            above = (shown.get(word_key(parent.name)) for parent in label.parents)
            return (label, *(one for one in above if one is not None))
    return ()


def _own(edit: Edit) -> Label:
    return Label(name=edit.label, confidence=CERTAIN, categories=(Category(name=OWN_CATEGORY),))


def _without_parents(label: Label, gone: set[str]) -> Label:
    if not any(word_key(parent.name) in gone for parent in label.parents):
        return label
    kept = tuple(parent for parent in label.parents if word_key(parent.name) not in gone)
    return msgspec.structs.replace(label, parents=kept)
