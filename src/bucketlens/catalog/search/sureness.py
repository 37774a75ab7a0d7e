"""How sure an image is to be what was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketlens.query.nodes import And, HasCategory, HasLabel, Or

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bucketlens.query import Condition, Vocabulary


class Sureness:
    """Gives the confidence of hits: that of the least sure label that was asked for.

    Args:
        condition: What was asked.
        vocabulary: Knows which labels a category has.
    """

    def __init__(self, condition: Condition, vocabulary: Vocabulary) -> None:
        """Collect the labels that the condition asks for, not those that it leaves out."""
        of_category: dict[str, set[int]] = {}
        for label in vocabulary.labels:
            for category in label.categories:
                of_category.setdefault(category, set()).add(label.id)
        self._wanted = [
            {leaf.id} if isinstance(leaf, HasLabel) else of_category.get(leaf.name, set())
            for leaf in _asked(condition)
        ]

    def of(self, labels: Mapping[int, float]) -> float | None:
        """The confidence of an image with these labels."""
        surest = [
            max(labels[label] for label in wanted & labels.keys())
            for wanted in self._wanted
            if wanted & labels.keys()
        ]
        return min(surest) if surest else max(labels.values(), default=None)


def _asked(condition: Condition) -> Iterator[HasLabel | HasCategory]:
    if isinstance(condition, And | Or):
        for arg in condition.args:
            yield from _asked(arg)
    elif isinstance(condition, HasLabel | HasCategory):
        yield condition
