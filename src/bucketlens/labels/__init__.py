"""From scores to labels: the taxonomy, the combination and the view."""

from bucketlens.labels.replies import ReplyView
from bucketlens.labels.taxonomy import Taxonomy, TaxonomyLabel, load_taxonomy
from bucketlens.labels.view import View

__all__ = ["ReplyView", "Taxonomy", "TaxonomyLabel", "View", "load_taxonomy"]
