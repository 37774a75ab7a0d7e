"""Searches that the pages link to, in the words of the query language."""

from __future__ import annotations

from functools import lru_cache

from bucketlens.query import to_text
from bucketlens.query.nodes import InCategory, OnDate, Term

KEPT = 4096
"""Clauses that are kept: every page has dozens, of the same few labels."""


@lru_cache(KEPT)
def label_clause(name: str) -> str:
    """Finds the images with a label."""
    return to_text(Term(name))


@lru_cache(KEPT)
def category_clause(name: str) -> str:
    """Finds the images with a label of that category."""
    return to_text(InCategory(name))


def date_clause(date: str) -> str:
    """Finds the images of a year, month or day: ``2026-11``."""
    return to_text(OnDate(date))
