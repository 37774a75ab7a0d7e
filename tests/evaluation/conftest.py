"""A small world of labels, and manifests in temporary folders."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bucketlens.evaluation.answers import Answer, Shown
from bucketlens.labels.space import LabelSpace
from bucketlens.labels.taxonomy import Taxonomy, TaxonomyLabel

Writer = Callable[..., Path]


def label(name: str, *parents: str, source: str = "") -> TaxonomyLabel:
    """A label of the small world."""
    return TaxonomyLabel(name=name, parents=parents, sources=(source,) if source else ())


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    """Dogs of two breeds, a cat, furniture, and what is above them."""
    return Taxonomy(
        "1.0",
        (),
        (
            label("Thing"),
            label("Animal", "Thing"),
            label("Mammal", "Animal"),
            label("Canine", "Mammal"),
            label("Dog", "Canine", source="coco:dog"),
            label("Beagle", "Dog", source="n01"),
            label("Pug", "Dog", source="n02"),
            label("Cat", "Mammal", source="coco:cat"),
            label("Tabby", "Cat", source="n03"),
            label("Furniture", "Thing"),
            label("Chair", "Furniture", source="coco:chair"),
            label("Wardrobe", "Furniture", source="n04"),
        ),
    )


@pytest.fixture(scope="session")
def space(taxonomy: Taxonomy) -> LabelSpace:
    """A classifier of four classes and a detector of three."""
    return LabelSpace(
        taxonomy, ("n01", "n02", "n03", "n04"), ("coco:dog", "coco:cat", "coco:chair")
    )


@pytest.fixture
def named(taxonomy: Taxonomy) -> Callable[..., frozenset[int]]:
    """Gives the indices of labels by their names."""
    return lambda *names: frozenset(taxonomy.index_of(name) for name in names)


@pytest.fixture
def answer(taxonomy: Taxonomy) -> Callable[..., Answer]:
    """Gives an answer that shows labels: name and confidence, ``found`` for the detector's."""

    def make(
        *labels: tuple[str, float],
        found: tuple[str, ...] = (),
        classes: tuple[tuple[int, float], ...] = (),
    ) -> Answer:
        shown = tuple(
            Shown(taxonomy.index_of(name), confidence, found=name in found)
            for name, confidence in labels
        )
        return Answer(shown=shown, offered=shown, ranked=classes)

    return make


@pytest.fixture
def manifest_of(tmp_path: Path) -> Writer:
    """Writes a manifest of rows, with an empty file for each photo that is named."""

    def write(*rows: dict[str, Any] | str, name: str = "manifest.jsonl") -> Path:
        for row in rows:
            if isinstance(row, dict) and isinstance(row.get("file"), str):
                (tmp_path / row["file"]).touch()
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write
