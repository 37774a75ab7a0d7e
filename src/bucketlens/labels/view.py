"""Labels as a pure function of (scores, taxonomy, settings, edits): what DetectLabels returns."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from bucketlens.colors import dominant_color, image_properties
from bucketlens.labels.combination import Combination, combination_for
from bucketlens.labels.editing import CERTAIN, edit_labels
from bucketlens.labels.formula import Formula
from bucketlens.labels.rules import Rules
from bucketlens.labels.space import LabelSpace
from bucketlens.records import fingerprint
from bucketlens.types import Alias, Category, ImageProperties, Instance, Label, Parent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bucketlens.edits import Edit
    from bucketlens.labels.carried import CarriedScores
    from bucketlens.labels.space import Evidence
    from bucketlens.labels.taxonomy import Taxonomy
    from bucketlens.settings import Settings
    from bucketlens.types import Detection, Scores

VIEW_VERSION = 2
"""Part of the view fingerprint: raised when the same scores would be shown otherwise."""

DIGITS = 4
"""Digits kept of confidences in percent."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The parts of a label that are the same in every photo."""

    name: str
    parents: tuple[Parent, ...]
    aliases: tuple[Alias, ...]
    categories: tuple[Category, ...]


class View:
    """Makes labels of scores; holds nothing of any photo.

    Args:
        taxonomy: The label graph.
        classifier: Labels of the classifier's outputs, by index; empty without one.
        detector: Labels of the detector's classes, by index; empty without one.
        models: sha256 of the model files, to find the weights that were fitted for them.
        settings: Thresholds, filters, names and features.
        combination: Weights to use instead of the packaged ones.

    Raises:
        ConfigError: A setting names a label or a category that there is not.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        *,
        classifier: Sequence[str],
        detector: Sequence[str],
        models: Sequence[str],
        settings: Settings,
        combination: Combination | None = None,
    ) -> None:
        """Work out all that does not depend on a photo."""
        taxonomy = taxonomy.with_labels([*classifier, *detector])
        self.taxonomy = taxonomy
        self.space = LabelSpace(taxonomy, classifier, detector)
        self.combination = combination or combination_for(tuple(models))
        self.formula = Formula(self.combination, self.space)
        # Stored scores have four digits, so that there are few to be worked out.
        self.sureness = lru_cache(1 << 14)(self.combination.detection_confidence)
        self.version = f"bucketlens-{taxonomy.version}"
        self.shapes: tuple[Shape, ...] = ()
        self.settings = settings
        self._follow(settings)

    def with_settings(self, settings: Settings) -> View:
        """The same view under other settings; it shares all that does not follow from them.

        Raises:
            ConfigError: As for a new view.
        """
        other = copy.copy(self)
        View._follow(other, settings)
        return other

    def _follow(self, settings: Settings) -> None:
        if settings.display_names != self.settings.display_names:
            self.shapes = ()
        self.settings = settings
        self.rules = Rules(self.taxonomy, settings)
        self.shapes = self.shapes or tuple(
            self._shape(label) for label in range(len(self.taxonomy.labels))
        )
        self.fingerprint = fingerprint(
            VIEW_VERSION,
            self.taxonomy.fingerprint,
            self.combination,
            self.rules.thresholds,
            sorted(self.rules.shown),
            settings.display_names,
            settings.max_labels,
            sorted(settings.features),
            settings.max_dominant_colors,
        )

    def labels(self, scores: Scores, edits: Sequence[Edit] = ()) -> tuple[Label, ...]:
        """The labels to show after what people said, surest first, then by name."""
        if "GENERAL_LABELS" not in self.settings.features:
            return ()
        evidence = self.space.evidence(scores)
        confidences = self.formula.confidences(evidence, self.rules.lowest / 100.0)
        instances = self._instances(evidence)
        ordered = sorted(
            (-round(100.0 * confidences[label], DIGITS), self.shapes[label].name, label)
            for label in self.sure(confidences)
        )
        most = self.settings.max_labels
        labels = tuple(
            self.label(label, -below_zero, instances.get(label, []))
            for below_zero, _, label in (ordered if edits else ordered[:most])
        )
        return edit_labels(labels, edits, self, most) if edits else labels

    def known(self, name: str) -> tuple[Label, ...]:
        """The label of a name, an alias or a display name, then all above it that may be shown."""
        found = self.rules.find(name)
        if found is None:
            return ()
        above = [one for one in self.taxonomy.ancestor_indices(found) if one in self.rules.shown]
        return tuple(self.label(label, CERTAIN, ()) for label in (found, *above))

    def sure(self, confidences: Mapping[int, float]) -> set[int]:
        """The labels to show: what is sure enough, and all above it.

        A curated threshold may keep a dull group from being shown alone, but not from standing
        above a label that is; a threshold of the user's own always holds.
        """
        sure = {
            label
            for label, confidence in confidences.items()
            if label in self.rules.shown and 100.0 * confidence >= self.rules.thresholds[label]
        }
        above = {parent for label in sure for parent in self.space.above[label]}
        return sure | {label for label in above & self.rules.shown if label not in self.rules.own}

    def image_properties(self, scores: Scores | CarriedScores) -> ImageProperties | None:
        """Quality and colours in the shape of DetectLabels; None where they were not asked for."""
        if scores.tones is None or "IMAGE_PROPERTIES" not in self.settings.features:
            return None
        return image_properties(scores.tones, self.settings.max_dominant_colors)

    @property
    def hidden(self) -> frozenset[int]:
        """The labels that a filter or the taxonomy keeps from being shown."""
        return frozenset(range(len(self.taxonomy.labels))) - self.rules.shown

    def threshold(self, label: int) -> float:
        """The confidence (0 to 100) from which a label is shown."""
        return self.rules.thresholds[label]

    def label(self, label: int, confidence: float, instances: Sequence[Instance]) -> Label:
        """A label as it is shown."""
        shape = self.shapes[label]
        return Label(
            name=shape.name,
            confidence=confidence,
            instances=tuple(instances),
            parents=shape.parents,
            aliases=shape.aliases,
            categories=shape.categories,
        )

    def _instances(self, evidence: Evidence) -> Mapping[int, list[Instance]]:
        """The places of each label that are sure enough to show, surest first."""
        instances: dict[int, list[Instance]] = {}
        for label, detection in evidence.detections:
            confidence = 100.0 * self.sureness(detection.score)
            if confidence < self.rules.lowest and self.combination.detection.found >= 0.0:
                break  # all that follow have lower scores
            if confidence >= self.rules.thresholds[label]:
                instances.setdefault(label, []).append(self.instance(detection, confidence))
        for places in instances.values():
            places.sort(key=lambda place: -place.confidence)
        return instances

    def instance(self, detection: Detection, confidence: float) -> Instance:
        """A place as it is shown."""
        colors = detection.colors if "IMAGE_PROPERTIES" in self.settings.features else ()
        return Instance(
            bounding_box=detection.box,
            confidence=round(confidence, DIGITS),
            dominant_colors=tuple(
                dominant_color(swatch) for swatch in colors[: self.settings.max_dominant_colors]
            ),
        )

    def _shape(self, label: int) -> Shape:
        known = self.taxonomy.labels[label]
        return Shape(
            name=self._display_name(known.name),
            parents=tuple(
                Parent(name=self._display_name(self.taxonomy.labels[above].name))
                for above in self.taxonomy.ancestor_indices(label)
                if not self.taxonomy.labels[above].hidden
            ),
            aliases=tuple(Alias(name=alias) for alias in known.aliases),
            categories=tuple(Category(name=category) for category in known.categories),
        )

    def _display_name(self, name: str) -> str:
        return self.settings.display_names.get(name, name)
