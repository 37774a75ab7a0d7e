"""From conditions to SQL over the catalog's tables; every value is a parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bucketlens.catalog.search.patterns import name_pattern
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
from bucketlens.query.values import BOUNDS, LEVELS

if TYPE_CHECKING:
    from bucketlens.query import Condition

SEARCHED = "i.kind = 'labels'"
"""Images that have labels or could have; files that failed are not found."""


class Where(NamedTuple):
    """A condition on a row ``i`` of images, and its parameters in order."""

    sql: str
    parameters: tuple[object, ...] = ()


def where(condition: Condition) -> Where:
    """The condition as SQL.

    Raises:
        TypeError: It holds words that were not resolved.
    """
    match condition:
        case Everything():
            return Where("true")
        case Nothing():
            return Where("false")
        case And():
            return _joined([where(arg) for arg in condition.args], " AND ", "true")
        case Or():
            return _joined([where(arg) for arg in condition.args], " OR ", "false")
        case Not():
            inner = where(condition.arg)
            return Where(f"NOT ({inner.sql})", inner.parameters)
        case _:
            return _leaf(condition)


def _leaf(condition: Condition) -> Where:  # noqa: PLR0911 - one line for each kind
    match condition:
        case HasLabel():
            of_label = Where("label = ?", (condition.id,))
            return _labelled(of_label, condition.least, condition.most)
        case AnyLabel():
            return _labelled(Where("true"), condition.least, condition.most)
        case HasCategory():
            return _in_category(condition)
        case OfColor():
            return Where("coalesce(list_contains(i.colors, ?), false)", (condition.value,))
        case Oriented():
            return Where("coalesce(i.orientation = ?, false)", (condition.value,))
        case Days():
            return _between(condition)
        case Named():
            pattern = name_pattern(condition.pattern)
            column = "i.key" if pattern.whole_key else "split_part(i.key, '/', -1)"
            return Where(f"regexp_full_match(lower({column}), ?, 's')", (pattern.for_sql,))
        case _:
            raise TypeError(f"not resolved: {condition!r}")


def _labelled(of_label: Where, least: int, most: int) -> Where:
    """Images with a label that some condition holds for, at a level of confidence."""
    sql, parameters = of_label
    if least > 0:
        sql += " AND confidence >= ?"
        parameters += (BOUNDS[least],)
    if most < LEVELS:
        sql += " AND confidence < ?"
        parameters += (BOUNDS[most],)
    return Where(f"i.id IN (SELECT image FROM labels WHERE {sql})", parameters)


def _in_category(condition: HasCategory) -> Where:
    if (condition.least, condition.most) == (0, LEVELS):
        return Where("coalesce(list_contains(i.categories, ?), false)", (condition.name,))
    of_label = Where(
        "label IN (SELECT id FROM vocabulary WHERE list_contains(categories, ?))",
        (condition.name,),
    )
    return _labelled(of_label, condition.least, condition.most)


def _between(days: Days) -> Where:
    parts = []
    if days.start is not None:
        parts.append(Where("i.taken >= ?::TIMESTAMP", (days.start,)))
    if days.end is not None:
        parts.append(Where("i.taken < ?::TIMESTAMP", (days.end,)))
    return _joined(parts, " AND ", "true")


def _joined(parts: list[Where], joint: str, empty: str) -> Where:
    if not parts:
        return Where(empty)
    return Where(
        joint.join(f"({part.sql})" for part in parts),
        tuple(value for part in parts for value in part.parameters),
    )
