"""The words of a catalog: its labels and categories, with how many images have each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from bucketlens.query import Vocabulary, VocabularyCategory, VocabularyLabel, with_synonyms

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from duckdb import DuckDBPyConnection

    from bucketlens.catalog.search.rows import Rows

LABELS = "SELECT id, name, aliases, categories FROM vocabulary ORDER BY id"
COUNTS = "SELECT label, count(*) FROM labels GROUP BY label"


def read_labels(engine: DuckDBPyConnection) -> list[VocabularyLabel]:
    """All labels that the catalog knows, without counts."""
    return [
        VocabularyLabel(number, name, tuple(aliases or ()), tuple(categories or ()))
        for number, name, aliases, categories in engine.execute(LABELS).fetchall()
    ]


def read_vocabulary(engine: DuckDBPyConnection) -> Vocabulary:
    """The words that queries may use; of a category, as many images as its first label has."""
    counts = dict(engine.execute(COUNTS).fetchall())
    labels = read_labels(engine)
    categories: dict[str, int] = {}
    for label in labels:
        for name in label.categories:
            categories[name] = max(categories.get(name, 0), counts.get(label.id, 0))
    return _vocabulary(labels, counts, sorted(categories.items()))


def counted_vocabulary(
    labels: Iterable[VocabularyLabel], rows: Rows, category_names: Sequence[str]
) -> Vocabulary:
    """The same, counted in memory."""
    counts = np.bincount(rows.labels.values).tolist()
    in_categories = np.bincount(rows.categories.values, minlength=len(category_names)).tolist()
    known = list(labels)
    categories = dict.fromkeys((name for label in known for name in label.categories), 0)
    categories.update(zip(category_names, in_categories, strict=True))
    return _vocabulary(known, dict(enumerate(counts)), sorted(categories.items()))


def _vocabulary(
    labels: Iterable[VocabularyLabel], counts: dict[int, int], categories: list[tuple[str, int]]
) -> Vocabulary:
    """The words of labels, with those that only searching knows."""
    counted = [msgspec.structs.replace(label, count=counts.get(label.id, 0)) for label in labels]
    named = [VocabularyCategory(name, images) for name, images in categories]
    return Vocabulary(with_synonyms(counted), named)
