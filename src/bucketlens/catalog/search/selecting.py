"""From conditions to the images that they hold for, in memory."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from bucketlens.catalog.search.patterns import name_pattern
from bucketlens.query import COLORS, ORIENTATIONS
from bucketlens.query.nodes import (
    And,
    AnyLabel,
    Days,
    Everything,
    HasCategory,
    HasLabel,
    Named,
    Not,
    Nothing,
    OfColor,
    Or,
    Oriented,
)
from bucketlens.query.values import LEVELS

if TYPE_CHECKING:
    from bucketlens.catalog.search.tables import Holders, Mask, Tables
    from bucketlens.query import Condition

EPOCH = date(1970, 1, 1)


def select(condition: Condition, tables: Tables) -> Mask:
    """Which images a condition holds for.

    Raises:
        TypeError: It holds words that were not resolved.
    """
    match condition:
        case Everything():
            return np.ones(len(tables), dtype=np.bool_)
        case Nothing():
            return np.zeros(len(tables), dtype=np.bool_)
        case And():
            found = np.ones(len(tables), dtype=np.bool_)
            for arg in condition.args:
                found &= select(arg, tables)
            return found
        case Or():
            found = np.zeros(len(tables), dtype=np.bool_)
            for arg in condition.args:
                found |= select(arg, tables)
            return found
        case Not():
            return ~select(condition.arg, tables)
        case _:
            return _leaf(condition, tables)


def _leaf(  # noqa: PLR0911 - one line for each kind
    condition: Condition, tables: Tables
) -> Mask:
    match condition:
        case HasLabel():
            return _labelled({condition.id}, condition.least, condition.most, tables)
        case AnyLabel():
            every = range(len(tables.labels.starts) - 1)
            return _labelled(set(every), condition.least, condition.most, tables)
        case HasCategory():
            return _in_category(condition, tables)
        case OfColor():
            return _holding(tables.colors, COLORS.index(condition.value), tables)
        case Oriented():
            found: Mask = tables.rows.orientations == ORIENTATIONS.index(condition.value)
            return found
        case Days():
            return _between(condition, tables)
        case Named():
            found = np.zeros(len(tables), dtype=np.bool_)
            found[tables.named(name_pattern(condition.pattern))] = True
            return found
        case _:
            raise TypeError(f"not resolved: {condition!r}")


def _labelled(labels: set[int], least: int, most: int, tables: Tables) -> Mask:
    """Images with one of these labels at such a level."""
    found = np.zeros(len(tables), dtype=np.bool_)
    for label in labels:
        positions = tables.labels.of(label)
        places = tables.labels.places[positions]
        if (least, most) != (0, LEVELS):
            levels = tables.levels[positions]
            places = places[(levels >= least) & (levels < most)]
        found[places] = True
    return found


def _in_category(condition: HasCategory, tables: Tables) -> Mask:
    if (condition.least, condition.most) != (0, LEVELS):
        labels = {
            label.id for label in tables.vocabulary.labels if condition.name in label.categories
        }
        return _labelled(labels, condition.least, condition.most, tables)
    if condition.name not in tables.category_names:
        return np.zeros(len(tables), dtype=np.bool_)
    return _holding(tables.categories, tables.category_names.index(condition.name), tables)


def _holding(holders: Holders, value: int, tables: Tables) -> Mask:
    found = np.zeros(len(tables), dtype=np.bool_)
    found[holders.places[holders.of(value)]] = True
    return found


def _between(days: Days, tables: Tables) -> Mask:
    found = np.ones(len(tables), dtype=np.bool_)
    if days.start is not None:
        found &= tables.rows.days >= (date.fromisoformat(days.start) - EPOCH).days
    if days.end is not None:
        found &= tables.rows.days < (date.fromisoformat(days.end) - EPOCH).days
    return found
