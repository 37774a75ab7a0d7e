"""The label graph: names that people use, their parents, aliases and categories.

A directed graph without cycles. Each label but the roots has one primary parent (the first), which
gives the tree that is printed, and perhaps further ones. Classes of models (ImageNet ids such as
``n02099601``, COCO's names such as ``coco:dog``) are the *sources* of labels: each belongs to
exactly one label, and a label may have several or none. The data is ``data/taxonomy.json``, built
by ``tools/taxonomy``; docs/taxonomy.md tells how the names were chosen.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import msgspec

from bucketlens.edits import word_key as lookup_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class TaxonomyLabel(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One label of the graph.

    Attributes:
        name: What people read and type; unique without regard to case.
        sources: Classes of models that speak for this label itself.
        parents: Names of the labels that are always true where this one is, the primary first.
        aliases: Other words that people search with.
        categories: Some of the categories of ``Taxonomy.categories``.
        min_confidence: 0 to 100; below it the label is not shown, however low the user's own
            threshold. For labels that are silly when they are wrong.
        hidden: Never shown as itself; it only adds to its parents.
    """

    name: str
    sources: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    min_confidence: float | None = None
    hidden: bool = False


class TaxonomyFile(msgspec.Struct, frozen=True, kw_only=True):
    """The document in ``data/taxonomy.json``.

    Attributes:
        version: Of the curated data, by hand: ``major.minor``.
        licence: Whose work is in it.
        inputs: Names and sha256 of what it was built from.
        categories: All categories that labels may have.
        labels: By name.
    """

    version: str
    licence: str
    inputs: dict[str, str]
    categories: tuple[str, ...]
    labels: tuple[TaxonomyLabel, ...]


class Taxonomy:
    """The graph with its lookups; labels are known by their index in ``labels``.

    Args:
        version: Of the curated data.
        categories: All categories that labels may have.
        labels: Each parent must be the name of one of them, and there must be no cycle.

    Attributes:
        fingerprint: sha256 (hex) of all labels; changes with anything that a view could show.

    Raises:
        ValueError: Two labels share a name, a source or an alias, a parent is no label, or a
            label is above itself.
    """

    def __init__(
        self, version: str, categories: tuple[str, ...], labels: tuple[TaxonomyLabel, ...]
    ) -> None:
        """Index the labels."""
        self.version = version
        self.categories = categories
        self.labels = labels
        self._by_name = _index((label.name, i) for i, label in enumerate(labels))
        self._by_source = {s: i for i, label in enumerate(labels) for s in label.sources}
        if len(self._by_source) != sum(len(label.sources) for label in labels):
            raise ValueError("a source belongs to two labels")
        self._by_alias = _index((a, i) for i, label in enumerate(labels) for a in label.aliases)
        if collisions := self._by_alias.keys() & self._by_name.keys():
            raise ValueError(f"aliases that are names of labels: {', '.join(sorted(collisions))}")
        exact = {label.name: i for i, label in enumerate(labels)}
        unknown = {p for label in labels for p in label.parents if p not in exact}
        if unknown:
            raise ValueError(f"parents that are no labels: {', '.join(sorted(unknown))}")
        self._parents = tuple(tuple(exact[p] for p in label.parents) for label in labels)
        self._ancestors = _all_ancestors(self._parents, labels)
        self._children: list[list[int]] = [[] for _ in labels]
        for child, parents in enumerate(self._parents):
            for parent in parents:
                self._children[parent].append(child)
        self.fingerprint = hashlib.sha256(msgspec.json.encode([version, labels])).hexdigest()

    def index_of(self, text: str) -> int:
        """The index of a label by source id, name or alias.

        Raises:
            KeyError: There is no such label.
        """
        found = self.resolve(text)
        if found is None:
            raise KeyError(text)
        return found

    def resolve(self, text: str) -> int | None:
        """The index of the label that is meant: by source id, then name, then alias.

        Case does not matter, nor do runs of blanks, hyphens or underscores: ``hot-dog`` is
        ``Hot Dog``.
        """
        if (found := self._by_source.get(text)) is not None:
            return found
        key = lookup_key(text)
        return self._by_name.get(key, self._by_alias.get(key))

    def find(self, text: str) -> TaxonomyLabel | None:
        """The label that is meant, or None; see :meth:`resolve`."""
        found = self.resolve(text)
        return None if found is None else self.labels[found]

    def parent_indices(self, label: int) -> tuple[int, ...]:
        """The direct parents, the primary first."""
        return self._parents[label]

    def ancestor_indices(self, label: int) -> tuple[int, ...]:
        """All labels above, each once: the primary chain upwards, then the others by nearness."""
        return self._ancestors[label]

    def root_indices(self) -> tuple[int, ...]:
        """The labels without parents."""
        return tuple(i for i, parents in enumerate(self._parents) if not parents)

    def descendant_indices(self, label: int) -> tuple[int, ...]:
        """All labels below, each once, in the order of ``labels``."""
        found: set[int] = set()
        waiting = [label]
        while waiting:
            for child in self._children[waiting.pop()]:
                if child not in found:
                    found.add(child)
                    waiting.append(child)
        return tuple(sorted(found))

    def ancestors(self, text: str) -> tuple[TaxonomyLabel, ...]:
        """All labels above the label of a source id, name or alias; see ``ancestor_indices``."""
        return tuple(self.labels[i] for i in self.ancestor_indices(self.index_of(text)))

    def descendants(self, text: str) -> tuple[TaxonomyLabel, ...]:
        """All labels below the label of a source id, name or alias."""
        return tuple(self.labels[i] for i in self.descendant_indices(self.index_of(text)))

    def leaves(self, text: str) -> frozenset[str]:
        """The sources that speak for a label: its own and those of all labels below it."""
        label = self.index_of(text)
        below = (label, *self.descendant_indices(label))
        return frozenset(source for i in below for source in self.labels[i].sources)

    def with_labels(self, names: Iterable[str]) -> Taxonomy:
        """This taxonomy, with a root label for each name that it does not know.

        For models of one's own: a class is looked for by source id, name and alias; what is not
        found gets a label with that very name and no category.
        """
        fresh: dict[str, TaxonomyLabel] = {}
        for name in names:
            if self.resolve(name) is None:
                fresh.setdefault(lookup_key(name), TaxonomyLabel(name=name))
        if not fresh:
            return self
        return Taxonomy(self.version, self.categories, (*self.labels, *fresh.values()))

    def tree_lines(self, text: str | None = None) -> Iterator[str]:
        """Lines that show the tree below a label (or all trees), for people to read.

        A label is printed below its primary parent; below its further ones it is only named, with
        a ``+``. Aliases stand in brackets.

        Raises:
            KeyError: There is no such label.
        """
        if text is None:
            for root in self.root_indices():
                yield from self._subtree(root, depth=0)
            return
        label = self.index_of(text)
        yield from self._facts(label)
        yield from self._subtree(label, depth=0)

    def _facts(self, label: int) -> Iterator[str]:
        known = self.labels[label]
        if above := self._ancestors[label]:
            yield f"above: {', '.join(self.labels[i].name for i in above)}"
        if known.categories:
            yield f"categories: {', '.join(known.categories)}"
        if known.sources:
            yield f"sources: {', '.join(known.sources)}"

    def _subtree(self, label: int, depth: int) -> Iterator[str]:
        yield "  " * depth + _describe(self.labels[label])
        for child in self._children[label]:
            if self._parents[child][0] == label:
                yield from self._subtree(child, depth + 1)
        further = [c for c in self._children[label] if self._parents[c][0] != label]
        for child in further:
            yield "  " * (depth + 1) + f"+ {self.labels[child].name}"


@cache
def load_taxonomy() -> Taxonomy:
    """The taxonomy that comes with the package; read once."""
    data = resources.files("bucketlens.labels").joinpath("data/taxonomy.json").read_bytes()
    document = msgspec.json.decode(data, type=TaxonomyFile)
    return Taxonomy(document.version, document.categories, document.labels)


def _describe(label: TaxonomyLabel) -> str:
    aliases = f" ({', '.join(label.aliases)})" if label.aliases else ""
    least = f" [from {label.min_confidence:g} %]" if label.min_confidence else ""
    return f"{label.name}{aliases}{least}{' [hidden]' if label.hidden else ''}"


def _index(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for text, i in pairs:
        if found.setdefault(lookup_key(text), i) != i:
            raise ValueError(f"two labels are called {text!r}")
    return found


def _all_ancestors(
    parents: tuple[tuple[int, ...], ...], labels: tuple[TaxonomyLabel, ...]
) -> tuple[tuple[int, ...], ...]:
    known: dict[int, tuple[int, ...]] = {}

    def ancestors(label: int, path: tuple[int, ...]) -> tuple[int, ...]:
        if label in path:
            raise ValueError(f"{labels[label].name} is above itself")
        if label not in known:
            direct = parents[label]
            above = [ancestors(parent, (*path, label)) for parent in direct]
            # The primary chain comes whole, then the further parents, then what is above those.
            order = [*direct[:1], *(above[0] if above else ()), *direct[1:]]
            order.extend(i for chain in above[1:] for i in chain)
            known[label] = tuple(dict.fromkeys(order))
        return known[label]

    return tuple(ancestors(label, ()) for label in range(len(parents)))
