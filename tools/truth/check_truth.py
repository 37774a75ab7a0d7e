"""Compares the by-eye truth of photos with the taxonomy, and writes it in its usual shape.

Usage: python tools/truth/check_truth.py [--fix] [FILE ...]     (with PYTHONPATH=src)

Lists, for ``tests/truth/*.json`` or the files that are named:

- names that are aliases of a label: the truth must say the label's own name, since a search word
  may be wider than the label (``--fix`` replaces them; look whether it is still true);
- names in more than one list of a photo, and ``silly`` names that follow from what is present or
  acceptable;
- with ``--unknown``, names that the taxonomy does not have. They do no harm and are counted only.

Ends with 1 if something is to be corrected.
"""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bucketlens.labels.taxonomy import Taxonomy, load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parents[2]
LISTS = ("present", "acceptable", "silly")
WIDTH = 100


class TruthPhoto(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is in one photo; tests/truth/README.md tells what each field means."""

    set: str
    file: str
    sha256: str
    present: tuple[str, ...]
    acceptable: tuple[str, ...]
    silly: tuple[str, ...]


def closure(names: Iterable[str], taxonomy: Taxonomy) -> set[str]:
    """The names and all that is above them, in lower case."""
    closed: set[str] = set()
    for name in names:
        closed.add(name.lower())
        if (index := taxonomy.resolve(name)) is not None:
            above = taxonomy.ancestor_indices(index)
            closed |= {taxonomy.labels[i].name.lower() for i in (index, *above)}
    return closed


def problems(photo: TruthPhoto, taxonomy: Taxonomy) -> Iterator[str]:
    """One line for each thing that is wrong with the truth of a photo."""
    for field in LISTS:
        for name in getattr(photo, field):
            label = taxonomy.find(name)
            if label is not None and label.name != name:
                yield f"{photo.file}: {field} says {name}, but the label is named {label.name}"
    present = closure(photo.present, taxonomy)
    acceptable = closure(photo.acceptable, taxonomy)
    for name in photo.acceptable:
        if name.lower() in present:
            yield f"{photo.file}: acceptable {name} follows from what is present"
    for name in photo.silly:
        if name.lower() in present | acceptable:
            yield f"{photo.file}: silly {name} follows from what is present or acceptable"


def with_label_names(photo: TruthPhoto, taxonomy: Taxonomy) -> TruthPhoto:
    """The same truth, each alias replaced by the name of its label, each name in one list."""
    seen: set[str] = set()
    lists: dict[str, tuple[str, ...]] = {}
    for field in LISTS:
        found = ((name, taxonomy.find(name)) for name in getattr(photo, field))
        names = {name if label is None else label.name for name, label in found} - seen
        lists[field] = tuple(sorted(names, key=str.lower))
        seen |= names
    return msgspec.structs.replace(photo, **lists)


def to_text(photos: Iterable[TruthPhoto]) -> str:
    """JSON as a person would write it: one line for each field, long lists wrapped."""
    ordered = sorted(photos, key=lambda photo: (photo.set, photo.file))
    return "[\n" + ",\n".join(_photo_text(photo) for photo in ordered) + "\n]\n"


def _photo_text(photo: TruthPhoto) -> str:
    fields = []
    for field in photo.__struct_fields__:
        value = getattr(photo, field)
        text = json.dumps(value, ensure_ascii=False)
        line = f"    {json.dumps(field)}: {text}"
        if isinstance(value, tuple) and len(line) > WIDTH:
            # A blank inside a name is no place to break: the names are stuck together first.
            names = (json.dumps(name, ensure_ascii=False).replace(" ", "\0") for name in value)
            stuck = ", ".join(names)
            indent = " " * 6
            body = textwrap.fill(
                stuck,
                WIDTH,
                initial_indent=indent,
                subsequent_indent=indent,
                break_long_words=False,
                break_on_hyphens=False,
            )
            line = f"    {json.dumps(field)}: [\n{body}\n    ]".replace("\0", " ")
        fields.append(line)
    return "  {\n" + ",\n".join(fields) + "\n  }"


def main(arguments: list[str]) -> int:
    """Check the files; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--fix", action="store_true", help="replace aliases and write the files")
    parser.add_argument("--unknown", action="store_true", help="list names that are no labels")
    options = parser.parse_args(arguments)
    taxonomy = load_taxonomy()
    wrong = 0
    unknown: Counter[str] = Counter()
    for path in options.files or sorted((ROOT / "tests" / "truth").glob("*.json")):
        photos = msgspec.json.decode(path.read_bytes(), type=list[TruthPhoto])
        if options.fix:
            photos = [with_label_names(photo, taxonomy) for photo in photos]
            path.write_text(to_text(photos), encoding="utf-8")
        for photo in photos:
            for line in problems(photo, taxonomy):
                print(f"{path.name}: {line}")
                wrong += 1
            names = (*photo.present, *photo.acceptable, *photo.silly)
            unknown.update(name for name in names if taxonomy.find(name) is None)
    if options.unknown:
        print("\n".join(f"{count:4} {name}" for name, count in sorted(unknown.items())))
    print(
        f"{wrong} to correct; {len(unknown)} names are no labels of the taxonomy", file=sys.stderr
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
