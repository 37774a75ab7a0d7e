"""The words of a catalog: labels that images have, with counts, and the categories in use."""

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
        for name in label.categories if label.id in counts else ():
            categories[name] = max(categories.get(name, 0), counts[label.id])
    return _vocabulary(labels, counts, sorted(categories.items()))


def counted_vocabulary(
    labels: Iterable[VocabularyLabel], rows: Rows, category_names: Sequence[str]
) -> Vocabulary:
    """The same, counted in memory."""
    counts = np.bincount(rows.labels.values).tolist()
    in_categories = np.bincount(rows.categories.values, minlength=len(category_names)).tolist()
    used = [pair for pair in zip(category_names, in_categories, strict=True) if pair[1]]
    return _vocabulary(labels, dict(enumerate(counts)), sorted(used))


def _vocabulary(
    labels: Iterable[VocabularyLabel], counts: dict[int, int], categories: list[tuple[str, int]]
) -> Vocabulary:
    """The words of the labels that images have, with those that only searching knows."""
    used = [
        msgspec.structs.replace(label, count=count)
        for label in labels
        if (count := counts.get(label.id, 0))
    ]
    named = [VocabularyCategory(name, images) for name, images in categories]
    return Vocabulary(with_synonyms(used), named)
