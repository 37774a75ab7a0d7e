"""What is true of a photo, in labels of the taxonomy: the measure that shown labels are held to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from bucketlens.errors import ConfigError
from bucketlens.evaluation.naming import (
    COCO_PREFIX,
    VOC_NAMES,
    box_labels,
    near_ancestors,
    resolve_name,
    with_ancestors,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bucketlens.evaluation.manifest import Kind, Manifest, Photo, Row
    from bucketlens.labels.space import LabelSpace
    from bucketlens.labels.taxonomy import Taxonomy

SPECIFIC_STEPS = 3
"""A label this far above the true one still tells what the photo shows; higher ones do not."""

FOUND = 0.25
"""Detection score from which a label counts as the detector's."""


class Verdict(Enum):
    """What the truth says of a shown label; the values stand in reports."""

    RIGHT = "right"
    WRONG = "wrong"
    SILLY = "silly"
    UNJUDGED = "unjudged"


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of one photo; labels are indices of the taxonomy.

    Attributes:
        true: Labels that the photo is known by.
        right: Those, with all that is above them.
        specific: Those of them that tell what it is: the true label itself, or one at most three
            steps above it.
        wanted: Labels that should be shown: missing one counts against recall.
        judged: Labels that can be judged where only the classifier speaks for them.
        judged_found: Labels that can be judged where the detector found one of their objects.
        neutral: Labels that are neither right nor wrong.
        silly: Labels that are embarrassing.
        classes: Indices of the classifier's classes that are right; None where it is not known.
        areas: Of wanted objects, the area of the largest such, in pixels of the stored image;
            None where no boxes are known.
    """

    true: frozenset[int] = frozenset()
    right: frozenset[int] = frozenset()
    specific: frozenset[int] = frozenset()
    wanted: frozenset[int] = frozenset()
    judged: frozenset[int] = frozenset()
    judged_found: frozenset[int] = frozenset()
    neutral: frozenset[int] = frozenset()
    silly: frozenset[int] = frozenset()
    classes: frozenset[int] | None = None
    areas: Mapping[int, float] | None = None

    def verdict(self, label: int, *, found: bool) -> Verdict:
        """Judge a shown label.

        Args:
            label: Index of the taxonomy.
            found: Whether the detector found such an object (see :data:`FOUND`).
        """
        if label not in (self.judged_found if found else self.judged):
            return Verdict.UNJUDGED
        if label in self.right:
            return Verdict.RIGHT
        if label in self.neutral:
            return Verdict.UNJUDGED
        return Verdict.SILLY if label in self.silly else Verdict.WRONG


@dataclass(frozen=True, slots=True)
class Truths:
    """The truths of a manifest's photos.

    Attributes:
        kind: In which way they are known.
        photos: One for each photo; None for those that can't be measured by, since no class is
            right or no name is known.
        unknown: Names that the taxonomy does not have, with how many photos bear them.
        scope: Labels whose presence was looked for in every photo; empty for kinds that judge all.
    """

    kind: Kind
    photos: tuple[Truth | None, ...]
    unknown: Mapping[str, int] = field(default_factory=dict)
    scope: frozenset[int] = frozenset()


def resolve_truths(manifest: Manifest, space: LabelSpace) -> Truths:
    """Say the truth of each photo in labels.

    Raises:
        ConfigError: Class indices do not fit the classifier.
    """
    if manifest.kind == "classes":
        return _class_truths(manifest, space)
    if manifest.kind == "objects":
        return _object_truths(manifest, space.taxonomy)
    if manifest.kind == "names":
        return _name_truths(manifest, space.taxonomy)
    return _everyday_truths(manifest, space.taxonomy)


def _class_truths(manifest: Manifest, space: LabelSpace) -> Truths:
    """Only labels of the classifier are judged: the object that was found may stand beside."""
    everything = frozenset(range(len(space.taxonomy.labels)))
    photos: list[Truth | None] = []
    for photo in manifest.photos:
        classes = _true_classes(photo, space)
        labels = frozenset(space.classes[c] for c in classes)
        photos.append(
            Truth(
                true=labels,
                right=with_ancestors(space.taxonomy, labels),
                specific=near_ancestors(space.taxonomy, labels, SPECIFIC_STEPS),
                judged=everything,
                classes=classes,
            )
            if classes
            else None
        )
    return Truths("classes", tuple(photos))


def _true_classes(photo: Photo, space: LabelSpace) -> frozenset[int]:
    row = photo.row
    if not space.classes:
        raise ConfigError(
            f"{photo.where}: its truth is a class of a classifier, and there is none",
            setting="classifier",
        )
    wanted = [] if row.class_index is None else [row.class_index]
    if row.wnid is not None:
        label = space.taxonomy.resolve(row.wnid)
        own = [c for c, at in enumerate(space.classes) if at == label]
        if not own or not set(wanted) <= set(own):
            number = "a class" if row.class_index is None else f"class {row.class_index}"
            raise ConfigError(
                f"{photo.where}: {row.wnid} is not {number} of the classifier: this manifest was"
                " made for another one",
                setting="classifier",
            )
        wanted = wanted or own
    if row.real_class_indices is not None:
        wanted = list(row.real_class_indices)
    if beyond := [c for c in wanted if c >= len(space.classes)]:
        raise ConfigError(
            f"{photo.where}: there is no class {beyond[0]}, the classifier has"
            f" {len(space.classes):,}",
            setting="classifier",
        )
    return frozenset(wanted)


def _object_truths(manifest: Manifest, taxonomy: Taxonomy) -> Truths:
    """A class that was looked for is always judged, what is above it only where it was found.

    Above a class stand things that nobody looked for: a wardrobe is Furniture too, and no box
    says so.
    """
    unknown: Counter[str] = Counter()
    labels = [box_labels(photo.row, taxonomy) for photo in manifest.photos]
    for photo, known in zip(manifest.photos, labels, strict=True):
        pairs = zip(photo.row.boxes or (), known, strict=True)
        unknown.update({box.label for box, label in pairs if label is None})
    scope = _object_scope([photo.row for photo in manifest.photos], labels, taxonomy)
    above = with_ancestors(taxonomy, scope)
    photos = []
    for photo, known in zip(manifest.photos, labels, strict=True):
        there = frozenset(label for label in known if label is not None)
        areas: dict[int, float] = {}
        for label, box in zip(known, photo.row.boxes or (), strict=True):
            if label is not None and not box.optional:
                areas[label] = max(areas.get(label, 0.0), box.bbox_xywh[2] * box.bbox_xywh[3])
        photos.append(
            Truth(
                true=there,
                right=with_ancestors(taxonomy, there),
                specific=near_ancestors(taxonomy, there, SPECIFIC_STEPS),
                wanted=frozenset(areas),
                judged=scope,
                judged_found=above,
                areas=areas,
            )
        )
    return Truths("objects", tuple(photos), unknown, scope)


def _object_scope(
    rows: Sequence[Row], labels: Sequence[Sequence[int | None]], taxonomy: Taxonomy
) -> frozenset[int]:
    """The classes that were looked for: COCO's, VOC's, or else those that occur."""
    if any(row.of_coco for row in rows):
        sources = (s for label in taxonomy.labels for s in label.sources)
        return frozenset(taxonomy.index_of(s) for s in sources if s.startswith(COCO_PREFIX))
    if any(row.voc_id is not None for row in rows):
        known = (taxonomy.resolve(name) for name in VOC_NAMES)
        return frozenset(label for label in known if label is not None)
    return frozenset(label for known in labels for label in known if label is not None)


def _name_truths(manifest: Manifest, taxonomy: Taxonomy) -> Truths:
    """A name that stands anywhere in the manifest is taken as looked for in all of its photos."""
    unknown: Counter[str] = Counter()
    known = [_known(photo.row.labels or (), taxonomy, unknown) for photo in manifest.photos]
    scope = frozenset(label for labels in known for label in labels)
    photos = tuple(
        Truth(
            true=labels,
            right=with_ancestors(taxonomy, labels),
            specific=near_ancestors(taxonomy, labels, SPECIFIC_STEPS),
            wanted=labels,
            judged=scope,
            judged_found=scope,
        )
        if labels or not photo.row.labels
        else None
        for photo, labels in zip(manifest.photos, known, strict=True)
    )
    return Truths("names", photos, unknown, scope)


def _everyday_truths(manifest: Manifest, taxonomy: Taxonomy) -> Truths:
    unknown: Counter[str] = Counter()
    everything = frozenset(range(len(taxonomy.labels)))
    photos = []
    for photo in manifest.photos:
        present = _known(photo.row.present or (), taxonomy, unknown)
        photos.append(
            Truth(
                true=present,
                right=with_ancestors(taxonomy, present),
                specific=near_ancestors(taxonomy, present, SPECIFIC_STEPS),
                wanted=present,
                judged=everything,
                judged_found=everything,
                neutral=with_ancestors(taxonomy, _known(photo.row.acceptable, taxonomy, unknown)),
                silly=_known(photo.row.silly, taxonomy, unknown),
            )
        )
    return Truths("everyday", tuple(photos), unknown)


def _known(names: Sequence[str], taxonomy: Taxonomy, unknown: Counter[str]) -> frozenset[int]:
    found = {name: resolve_name(taxonomy, name) for name in names}
    unknown.update(name for name, label in found.items() if label is None)
    return frozenset(label for label in found.values() if label is not None)
