"""Build ``src/bucketlens/labels/data/taxonomy.json`` from WordNet and the curated overlay.

    PYTHONPATH=src python tools/taxonomy/build_taxonomy.py /usr/share/wordnet

The overlay is the truth: names, parents, aliases, categories. WordNet checks it (each ImageNet id
is a noun; what stands below a label is a kind of it for WordNet too, unless the overlay says that
it knows better) and adds unambiguous words as aliases. Any broken rule is told, and nothing is
written. ``--check`` tells whether the committed file is what would be built.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

from aliases import propose_aliases
from overlay import Entry, OverlayError, read_overlay
from rules import broken_rules, disagreements
from wordnet import WordNet

from bucketlens.labels.taxonomy import TaxonomyLabel

VERSION = "1.0"
"""Raise the minor part when labels are added or renamed, the major when names go away."""

LICENCE = (
    "Names, parents and categories: Apache-2.0, the bucketlens authors. Some aliases are from "
    "WordNet 3.0, Copyright 2006 by Princeton University, used under the WordNet 3.0 licence; "
    "see NOTICE."
)
HERE = Path(__file__).parent
LISTS = ("categories.txt", "classes.txt", "refused.txt")
OUTPUT = HERE.parents[1] / "src/bucketlens/labels/data/taxonomy.json"


def main() -> None:
    """Build, check, and write or compare."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("wordnet", type=Path, help="the dict folder of WordNet 3.0")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--aliases", action="store_true", help="print the aliases from WordNet")
    arguments = parser.parse_args()
    categories = _lines("categories.txt")
    wordnet = WordNet(arguments.wordnet)
    try:
        entries = read_overlay(HERE / "overlay")
    except OverlayError as error:
        raise SystemExit(str(error)) from error
    if problems := broken_rules(entries, categories, _lines("classes.txt")):
        raise SystemExit("\n".join(problems))
    if problems := disagreements(entries, wordnet):
        raise SystemExit("\n".join(problems))
    found = propose_aliases(entries, wordnet, _lines("refused.txt"))
    if arguments.aliases:
        for name, words in sorted(found.items()):
            print(f"{name}: {', '.join(words)}")
        return
    text = _document(_labels(entries, found), categories, wordnet)
    if arguments.check:
        if OUTPUT.read_text(encoding="utf-8") != text:
            raise SystemExit(f"{OUTPUT.name} is not what the overlay says: build it again")
        return
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(text, encoding="utf-8")
    print(f"{len(entries)} labels, {len(text) / 1000:.0f} kB", file=sys.stderr)


def _lines(name: str) -> list[str]:
    return (HERE / name).read_text(encoding="utf-8").splitlines()


def _labels(entries: list[Entry], found: dict[str, tuple[str, ...]]) -> list[TaxonomyLabel]:
    """The labels by name; one without categories of its own has those of its primary parent."""
    by_name = {entry.name: entry for entry in entries}

    def categories(entry: Entry) -> tuple[str, ...]:
        if entry.categories or entry.parent is None:
            return entry.categories
        return categories(by_name[entry.parent])

    return [
        TaxonomyLabel(
            name=entry.name,
            sources=entry.sources,
            parents=(*([entry.parent] if entry.parent else []), *entry.also),
            aliases=(*entry.aliases, *found.get(entry.name, ())),
            categories=categories(entry),
            min_confidence=entry.min_confidence,
            hidden=entry.hidden,
        )
        for entry in sorted(entries, key=lambda entry: entry.name.casefold())
    ]


def _document(labels: list[TaxonomyLabel], categories: list[str], wordnet: WordNet) -> str:
    """The JSON text: one label a line, so that changes can be read."""
    inputs = {f"wordnet {wordnet.version} {n}": d for n, d in wordnet.sha256().items()}
    for file in [*sorted((HERE / "overlay").glob("*.tree")), *(HERE / name for name in LISTS)]:
        inputs[file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
    head = {"version": VERSION, "licence": LICENCE, "inputs": inputs, "categories": categories}
    lines = [f"{_compact(key)}:{_compact(value)}," for key, value in head.items()]
    rows = ",\n".join(_compact(_row(label)) for label in labels)
    return "{" + "\n".join(lines) + f'\n"labels":[\n{rows}\n]}}\n'


def _row(label: TaxonomyLabel) -> dict[str, object]:
    """Only the fields that say something."""
    fields = {name: getattr(label, name) for name in label.__struct_fields__}
    return {name: value for name, value in fields.items() if value not in ((), None, False)}


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    main()
