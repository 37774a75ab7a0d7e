"""What the settings say of each label: whether it may be shown, and how sure it must be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketlens.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketlens.labels.taxonomy import Taxonomy
    from bucketlens.settings import Settings


class Rules:
    """The settings of one view, worked out for each label of a taxonomy.

    Args:
        taxonomy: All labels.
        settings: Thresholds, filters and names.

    Attributes:
        own: Thresholds that the settings give to single labels, 0 to 100.
        thresholds: The confidence (0 to 100) from which each label is shown.
        shown: The labels that may be shown.
        lowest: The lowest threshold of any label that may be shown, 0 to 100.

    Raises:
        ConfigError: A setting names a label or a category that there is not.
    """

    def __init__(self, taxonomy: Taxonomy, settings: Settings) -> None:
        """Look up all names."""
        self._taxonomy = taxonomy
        self._names = settings.display_names
        self.own = {
            self._resolve(name, "label_thresholds"): threshold
            for name, threshold in settings.label_thresholds.items()
        }
        # Its own from the settings, or the larger of the common and the curated one.
        common = settings.min_confidence
        self.thresholds = tuple(
            self.own.get(i, max(common, label.min_confidence or 0.0))
            for i, label in enumerate(taxonomy.labels)
        )
        self.shown = self._filtered(settings)
        self.lowest = min((self.thresholds[label] for label in self.shown), default=0.0)

    def find(self, name: str) -> int | None:
        """The label of a name, an alias or a display name, if there is one."""
        for label, shown in self._names.items():
            if shown.casefold() == name.casefold():
                name = label
        return self._taxonomy.resolve(name)

    def _filtered(self, settings: Settings) -> frozenset[int]:
        """The labels that may be shown: what an inclusion names, less what an exclusion names.

        A label is included by its name or by one of its categories; with no inclusions all are.
        """
        everything = range(len(self._taxonomy.labels))
        included = self._named(settings.include_labels, "include_labels")
        included |= self._categorised(settings.include_categories, "include_categories")
        excluded = self._named(settings.exclude_labels, "exclude_labels")
        excluded |= self._categorised(settings.exclude_categories, "exclude_categories")
        if not (settings.include_labels or settings.include_categories):
            included = set(everything)
        hidden = {i for i in everything if self._taxonomy.labels[i].hidden}
        return frozenset(included - excluded - hidden)

    def _named(self, names: Sequence[str], setting: str) -> set[int]:
        return {self._resolve(name, setting) for name in names}

    def _categorised(self, categories: Sequence[str], setting: str) -> set[int]:
        labels = self._taxonomy.labels
        known = {category for label in labels for category in label.categories}
        for category in categories:
            if category not in known:
                raise ConfigError(f"{setting}: there is no category {category!r}", setting=setting)
        wanted = set(categories)
        return {i for i, label in enumerate(labels) if wanted & set(label.categories)}

    def _resolve(self, name: str, setting: str) -> int:
        """The label of a name, an alias or a display name."""
        found = self.find(name)
        if found is None:
            raise ConfigError(
                f"{setting}: there is no label {name!r}; `bucketlens taxonomy` lists all",
                setting=setting,
            )
        return found
