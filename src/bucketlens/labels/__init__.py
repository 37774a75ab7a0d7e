"""From scores to labels: the taxonomy, the combination and the view."""

from bucketlens.labels.taxonomy import Taxonomy, TaxonomyLabel, load_taxonomy
from bucketlens.labels.view import View

__all__ = ["Taxonomy", "TaxonomyLabel", "View", "load_taxonomy"]
