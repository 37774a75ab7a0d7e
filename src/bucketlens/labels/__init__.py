"""From scores to labels: the taxonomy, the combination and the view."""

from bucketlens.labels.taxonomy import Taxonomy, TaxonomyLabel, load_taxonomy

__all__ = ["Taxonomy", "TaxonomyLabel", "load_taxonomy"]
