"""Names that people and data sets use, as labels of the taxonomy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bucketlens.evaluation.manifest import Row
    from bucketlens.labels.taxonomy import Taxonomy

COCO_PREFIX = "coco:"
VOC_NAMES = (
    *("Airplane", "Bicycle", "Bird", "Boat", "Bottle", "Bus", "Car", "Cat", "Chair", "Cow"),
    *("Dining Table", "Dog", "Horse", "Motorcycle", "Person", "Potted Plant", "Sheep", "Couch"),
    *("Train", "Television"),
)
VOC_SPELLINGS = {
    "diningtable": "dining table",
    "pottedplant": "potted plant",
    "tvmonitor": "television",
}


def resolve_name(taxonomy: Taxonomy, name: str) -> int | None:
    """The label of a name as people write it: any case, plural too; None if there is none."""
    folded = VOC_SPELLINGS.get(name.casefold(), name)
    endings = (("", ""), ("ies", "y"), ("es", ""), ("s", ""))
    for ending, singular in endings:
        if folded.casefold().endswith(ending):
            found = taxonomy.resolve(folded[: len(folded) - len(ending)] + singular)
            if found is not None:
                return found
    return None


def box_labels(row: Row, taxonomy: Taxonomy) -> list[int | None]:
    """The label of each box of a row; None for names that the taxonomy does not have."""
    boxes = row.boxes or ()
    if row.of_coco:
        return [taxonomy.resolve(COCO_PREFIX + box.label) for box in boxes]
    return [resolve_name(taxonomy, box.label) for box in boxes]


def with_ancestors(taxonomy: Taxonomy, labels: Iterable[int]) -> frozenset[int]:
    """Labels and all that is above them."""
    closed = set(labels)
    for label in tuple(closed):
        closed.update(taxonomy.ancestor_indices(label))
    return frozenset(closed)


def near_ancestors(taxonomy: Taxonomy, labels: Iterable[int], steps: int) -> frozenset[int]:
    """Labels and what is at most so many steps above one of them, by whichever parents."""
    near = set(labels)
    edge = set(near)
    for _ in range(steps):
        edge = {parent for label in edge for parent in taxonomy.parent_indices(label)} - near
        near |= edge
    return frozenset(near)
