"""The query language: text to tree, tree to text, and what words mean in a collection.

    >>> query = parse('puppy -beach color:blue')
    >>> Vocabulary(labels, categories).resolve(query).node

docs/search.md describes the language. The site's own script reads it by the same rules.
"""

from bucketlens.query.mistakes import QueryError
from bucketlens.query.nodes import Condition, Node, from_json, to_json, without_places
from bucketlens.query.parsing import parse
from bucketlens.query.resolving import Resolved, resolve
from bucketlens.query.synonyms import with_synonyms
from bucketlens.query.values import COLORS, LEVELS, ORIENTATIONS, STEPS, level_of
from bucketlens.query.vocabulary import (
    Completion,
    Vocabulary,
    VocabularyCategory,
    VocabularyLabel,
)
from bucketlens.query.writing import to_text

__all__ = [
    "COLORS",
    "LEVELS",
    "ORIENTATIONS",
    "STEPS",
    "Completion",
    "Condition",
    "Node",
    "QueryError",
    "Resolved",
    "Vocabulary",
    "VocabularyCategory",
    "VocabularyLabel",
    "from_json",
    "level_of",
    "parse",
    "resolve",
    "to_json",
    "to_text",
    "with_synonyms",
    "without_places",
]
