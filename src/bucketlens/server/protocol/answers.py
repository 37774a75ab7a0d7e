"""From stored scores to the reply that a request asks for: a pure function of both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from bucketlens.server.protocol.requests import (
    DEFAULT_COLORS,
    LABELS,
    MOST_LABELS,
    PROPERTIES,
    GeneralLabels,
    PropertySettings,
    SettingsField,
    features_of,
)
from bucketlens.types import ImageProperties, Label

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bucketlens.labels import ReplyView, View
    from bucketlens.server.protocol.requests import DetectLabelsCall
    from bucketlens.settings import Settings
    from bucketlens.types import Scores

VIEWS = 64
"""Thresholds and features whose view is kept; another one costs a millisecond."""


class DetectLabelsReply(msgspec.Struct, frozen=True, rename="pascal"):
    """The reply as it is written; orientation is never corrected for the caller to know."""

    labels: tuple[Label, ...]
    label_model_version: str
    image_properties: ImageProperties | msgspec.UnsetType = msgspec.UNSET
    orientation_correction: str | None = None


NO_FILTERS = GeneralLabels()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a caller wants of the scores of an image.

    Attributes:
        min_confidence: Percent.
        max_labels: At most so many, the surest.
        features: Labels, image properties, or both.
        max_dominant_colors: Of each region.
        filters: By the exact names of labels and categories.
    """

    min_confidence: float
    max_labels: int
    features: tuple[str, ...] = (LABELS,)
    max_dominant_colors: int = DEFAULT_COLORS
    filters: GeneralLabels = NO_FILTERS


class Answers:
    """Makes replies.

    A caller's filters narrow what the operator's settings leave; thresholds of single labels,
    display names and the operator's own filters hold for all callers.

    Args:
        view: Of the settings.
        settings: In force; thresholds and limits where a caller names none.
    """

    def __init__(self, view: View | ReplyView, settings: Settings) -> None:
        """Hold the view."""
        self._settings = settings
        self._base = view
        self._view = lru_cache(VIEWS)(self._make_view)

    def wanted(self, call: DetectLabelsCall) -> Wanted:
        """What a request wants, with the defaults filled in."""
        given = call.settings or SettingsField()
        colors = (given.image_properties or PropertySettings()).max_dominant_colors
        least, most = call.min_confidence, call.max_labels
        return Wanted(
            min_confidence=self._settings.min_confidence if least is None else least,
            max_labels=self._settings.max_labels if most is None else min(most, MOST_LABELS),
            features=features_of(call),
            max_dominant_colors=DEFAULT_COLORS if colors is None else colors,
            filters=given.general_labels or GeneralLabels(),
        )

    def reply(self, scores: Scores, wanted: Wanted) -> DetectLabelsReply:
        """The reply about one image."""
        features = tuple(sorted(set(wanted.features)))
        view = self._view(wanted.min_confidence, features, wanted.max_dominant_colors)
        properties = view.image_properties(scores) if PROPERTIES in features else None
        labels = filtered(view.labels(scores), wanted.filters)
        said = scores.reply.label_model_version if scores.reply else ""
        return DetectLabelsReply(
            labels=labels[: wanted.max_labels],
            label_model_version=said or view.version,
            image_properties=msgspec.UNSET if properties is None else properties,
        )

    def _make_view(
        self, min_confidence: float, features: tuple[str, ...], max_dominant_colors: int
    ) -> View | ReplyView:
        settings = self._settings
        if settings.classifier == "rekognition":  # it was asked for no less
            min_confidence = max(min_confidence, settings.rekognition_min_confidence)
        return self._base.with_settings(
            msgspec.structs.replace(
                settings,
                min_confidence=min_confidence,
                max_labels=MOST_LABELS,
                features=features,
                max_dominant_colors=max_dominant_colors,
            )
        )


def filtered(labels: Iterable[Label], filters: GeneralLabels) -> tuple[Label, ...]:
    """The labels that filters leave: what an inclusion names, less what an exclusion names.

    A name or a category that there is not matches nothing.
    """
    names = frozenset(filters.label_inclusion_filters or ())
    categories = frozenset(filters.label_category_inclusion_filters or ())
    without_names = frozenset(filters.label_exclusion_filters or ())
    without_categories = frozenset(filters.label_category_exclusion_filters or ())
    kept = []
    for label in labels:
        own = {category.name for category in label.categories}
        if (names or categories) and not (label.name in names or own & categories):
            continue
        if label.name not in without_names and not own & without_categories:
            kept.append(label)
    return tuple(kept)
