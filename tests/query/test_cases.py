"""The cases that hold for the Python and for the script of the site, in Python."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bucketlens.query import (
    QueryError,
    Vocabulary,
    VocabularyCategory,
    VocabularyLabel,
    from_json,
    parse,
    resolve,
    to_text,
    without_places,
)

CASES: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "cases.json").read_text(encoding="utf-8")
)


def ids(cases: list[dict[str, Any]]) -> list[str]:
    """The texts of cases, as names of tests."""
    return [ascii(case.get("text", case.get("prefix"))) for case in cases]


def node(value: object) -> object:
    """A tree from the JSON form."""
    return from_json(json.dumps(value))


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    """The words of the cases."""
    return Vocabulary(
        [
            VocabularyLabel(
                id=each["id"],
                name=each["name"],
                aliases=tuple(each["aliases"]),
                categories=tuple(each["categories"]),
                count=each["count"],
                related=tuple(each.get("related", ())),
            )
            for each in CASES["labels"]
        ],
        [VocabularyCategory(each["name"], each["count"]) for each in CASES["categories"]],
    )


@pytest.mark.parametrize("case", CASES["read"], ids=ids(CASES["read"]))
def test_a_query_is_read(case: dict[str, Any]):
    """A text has this tree, and the tree this normal text, which is read the same again."""
    found = without_places(parse(case["text"]))
    assert found == node(case["query"])
    assert to_text(found) == case["normal"]
    assert without_places(parse(case["normal"])) == found


@pytest.mark.parametrize("case", CASES["mistakes"], ids=ids(CASES["mistakes"]))
def test_a_mistake_is_named(case: dict[str, Any]):
    """A text that can't be read says what is wrong and where."""
    with pytest.raises(QueryError) as raised:
        parse(case["text"])
    error = raised.value
    assert (error.message, error.start, error.end) == (case["message"], case["start"], case["end"])


@pytest.mark.parametrize("case", CASES["meanings"], ids=ids(CASES["meanings"]))
def test_a_query_has_a_meaning(case: dict[str, Any], vocabulary: Vocabulary):
    """Words become labels, confidences steps, and dates days."""
    found = resolve(parse(case["text"]), vocabulary)
    assert without_places(found.node) == node(case["condition"])
    assert list(found.warnings) == case["warnings"]
    if "query" in case:
        assert to_text(found.query) == case["query"]


@pytest.mark.parametrize("case", CASES["unknown"], ids=ids(CASES["unknown"]))
def test_an_unknown_word_is_named(case: dict[str, Any], vocabulary: Vocabulary):
    """What no label is called is said, with the place and what is near to it."""
    with pytest.raises(QueryError) as raised:
        resolve(parse(case["text"]), vocabulary)
    error = raised.value
    assert (error.message, error.start, error.end) == (case["message"], case["start"], case["end"])
    assert list(error.suggestions) == case["suggestions"]


@pytest.mark.parametrize("case", CASES["completions"], ids=ids(CASES["completions"]))
def test_a_word_is_completed(case: dict[str, Any], vocabulary: Vocabulary):
    """What is typed is completed by what fits best and is seen most."""
    assert [each.text for each in vocabulary.complete(case["prefix"])] == case["texts"]
