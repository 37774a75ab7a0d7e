"""Generated queries: anything that can be typed, and what makes sense."""

from __future__ import annotations

from hypothesis import strategies as st
from tests.query.test_cases import CASES

from bucketlens.query import COLORS, ORIENTATIONS, to_text
from bucketlens.query.nodes import (
    After,
    And,
    Before,
    Confidence,
    InCategory,
    Node,
    Not,
    OfColor,
    OnDate,
    Or,
    Oriented,
    Phrase,
    Term,
)

PIECES = (
    *("dog", "Golden", "retriever", "hot", "sea", "turtle", "OR", "AND", "NOT", "or", "-", "--"),
    *(
        "(",
        ")",
        '"',
        '"golden retriever"',
        "\u201c",
        "\u201d",
        "\\",
        '\\"',
        " ",
        "  ",
        "\t",
        "\u3000",
    ),
    *(
        "category:",
        "color:",
        "colour: ",
        "confidence",
        ">",
        "<",
        "=",
        ":",
        ">=",
        "80",
        "82.55",
        "%",
    ),
    *("blue", "gray", "before:", "2026", "-01", "/1", "-32", "orientation:", "name:", "img_*"),
    *(
        "\u0130",
        "\u017f",
        "\u212a",
        "\U0001f415",
        "caf\u00e9",
        "\ufeff",
        "\x1f",
        "\x85",
        "\0",
        "<b>",
    ),
)


def texts() -> st.SearchStrategy[list[str]]:
    """Batches of texts out of pieces that mean something, and of any characters."""
    pieced = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
    anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    return st.lists(st.one_of(pieced, pieced, anything), min_size=1, max_size=30)


def words() -> list[str]:
    """All words of the collection of the cases, and a few that it does not know."""
    known = [label["name"] for label in CASES["labels"]]
    known.extend(alias for label in CASES["labels"] for alias in label["aliases"])
    bare = [part for name in known for part in name.lower().split(" ")]
    return [*known, *bare, "girafe", "turtel", "dogs", "hotdog", "sports"]


def leaves() -> st.SearchStrategy[Node]:
    """Words and clauses."""
    names = words()
    day = st.dates().filter(lambda date: date.year > 999)
    return st.one_of(
        st.sampled_from([name for name in names if " " not in name and '"' not in name]).map(Term),
        st.sampled_from(names).map(Phrase),
        st.sampled_from([each["name"] for each in CASES["categories"]]).map(InCategory),
        st.builds(Confidence, st.sampled_from("<>"), st.integers(0, 100)),
        st.sampled_from(COLORS).map(OfColor),
        st.sampled_from(ORIENTATIONS).map(Oriented),
        day.map(lambda date: Before(date.isoformat())),
        day.map(lambda date: After(date.isoformat())),
        st.builds(
            lambda date, size: OnDate(date.isoformat()[:size]), day, st.sampled_from([4, 7, 10])
        ),
    )


def trees() -> st.SearchStrategy[Node]:
    """Queries as their trees."""
    return st.recursive(
        leaves(),
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, min_size=2, max_size=4).map(lambda args: And(tuple(args))),
            st.lists(inner, min_size=2, max_size=3).map(lambda args: Or(tuple(args))),
        ),
        max_leaves=8,
    )


def queries() -> st.SearchStrategy[list[str]]:
    """Batches of queries that can be read."""
    return st.lists(trees().map(to_text), min_size=1, max_size=20)
