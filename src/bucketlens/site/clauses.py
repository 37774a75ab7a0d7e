"""Searches that the pages link to, in the words of the query language."""

from __future__ import annotations


def label_clause(name: str) -> str:
    """Finds the images with a label."""
    return _quoted(name)


def category_clause(name: str) -> str:
    """Finds the images with a label of that category."""
    return f"category:{_quoted(name)}"


def date_clause(date: str) -> str:
    """Finds the images of a year, month or day: ``2026-11``."""
    return f"date:{date}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', "") + '"'
