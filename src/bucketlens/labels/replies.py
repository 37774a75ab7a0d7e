"""Labels from a service's stored reply: the same settings on what it said, without asking again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bucketlens.errors import ConfigError
from bucketlens.labels.editing import edit_labels
from bucketlens.records import fingerprint
from bucketlens.types import Parent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketlens.edits import Edit
    from bucketlens.settings import Settings
    from bucketlens.types import (
        DominantColor,
        ImageProperties,
        ImageRegion,
        Instance,
        Label,
        Scores,
    )

REPLY_VIEW_VERSION = 1
"""Part of the view fingerprint: raised when the same reply would be shown otherwise."""


class ReplyView:
    """Makes labels of replies; the counterpart of :class:`~bucketlens.labels.view.View`.

    The service's vocabulary is not known here, so a filter for a name that it never says is no
    error. A filter matches a label's name, an alias or a display name, in any case.

    Args:
        settings: Thresholds, filters, names and features.

    Raises:
        ConfigError: Labels would be shown that were never asked for.
    """

    version = "rekognition"
    """Where a reply does not name its own."""

    def __init__(self, settings: Settings) -> None:
        """Work out all that does not depend on a photo."""
        lowest = min((settings.min_confidence, *settings.label_thresholds.values()))
        if lowest < settings.rekognition_min_confidence:
            raise ConfigError(
                f"labels from {lowest:g} % on are wanted, and Rekognition is asked only for those "
                f"from {settings.rekognition_min_confidence:g} % on; to lower "
                "rekognition_min_confidence means to pay for each image again",
                setting="rekognition_min_confidence",
            )
        self._settings = settings
        self._labels = "GENERAL_LABELS" in settings.features
        self._properties = "IMAGE_PROPERTIES" in settings.features
        self._thresholds = {n.casefold(): t for n, t in settings.label_thresholds.items()}
        self._included = _folded(settings.include_labels)
        self._excluded = _folded(settings.exclude_labels)
        self._included_categories = _folded(settings.include_categories)
        self._excluded_categories = _folded(settings.exclude_categories)
        self.fingerprint = fingerprint(
            REPLY_VIEW_VERSION,
            "rekognition",
            settings.min_confidence,
            self._thresholds,
            sorted(self._included),
            sorted(self._excluded),
            sorted(self._included_categories),
            sorted(self._excluded_categories),
            settings.display_names,
            settings.max_labels,
            sorted(settings.features),
            settings.max_dominant_colors,
        )

    def with_settings(self, settings: Settings) -> ReplyView:
        """The same under other settings."""
        return ReplyView(settings)

    def labels(self, scores: Scores, edits: Sequence[Edit] = ()) -> tuple[Label, ...]:
        """The labels to show after what people said, surest first, then by name."""
        if scores.reply is None or not self._labels:
            return ()
        shown = [self._shown(label) for label in scores.reply.labels if self._takes(label)]
        shown.sort(key=lambda label: (-label.confidence, label.name))
        most = self._settings.max_labels
        return edit_labels(shown, edits, self, most) if edits else tuple(shown[:most])

    def known(self, _name: str) -> tuple[Label, ...]:
        """Nothing: the service's vocabulary is its own."""
        return ()

    def image_properties(self, scores: Scores) -> ImageProperties | None:
        """Quality and colours; None where they were not asked for."""
        found = scores.reply.image_properties if scores.reply else None
        if found is None or not self._properties:
            return None
        return msgspec.structs.replace(
            found,
            dominant_colors=self._colors(found.dominant_colors),
            foreground=self._region(found.foreground),
            background=self._region(found.background),
        )

    def _takes(self, label: Label) -> bool:
        if label.confidence < self._threshold(label):
            return False
        names = self._names(label)
        categories = _folded([category.name for category in label.categories])
        if names & self._excluded or categories & self._excluded_categories:
            return False
        if not (self._included or self._included_categories):
            return True
        return bool(names & self._included or categories & self._included_categories)

    def _names(self, label: Label) -> frozenset[str]:
        known = [label.name, *(alias.name for alias in label.aliases)]
        return _folded([*known, self._display_name(label.name)])

    def _threshold(self, label: Label) -> float:
        own = [self._thresholds[name] for name in self._names(label) if name in self._thresholds]
        return max(own) if own else self._settings.min_confidence

    def _shown(self, label: Label) -> Label:
        threshold = self._threshold(label)
        return msgspec.structs.replace(
            label,
            name=self._display_name(label.name),
            parents=tuple(Parent(name=self._display_name(p.name)) for p in label.parents),
            instances=tuple(
                self._instance(place) for place in label.instances if place.confidence >= threshold
            ),
        )

    def _instance(self, place: Instance) -> Instance:
        return msgspec.structs.replace(place, dominant_colors=self._colors(place.dominant_colors))

    def _region(self, region: ImageRegion) -> ImageRegion:
        return msgspec.structs.replace(region, dominant_colors=self._colors(region.dominant_colors))

    def _colors(self, colors: tuple[DominantColor, ...]) -> tuple[DominantColor, ...]:
        return colors[: self._settings.max_dominant_colors] if self._properties else ()

    def _display_name(self, name: str) -> str:
        return self._settings.display_names.get(name, name)


def _folded(names: Sequence[str]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names)
