"""The same cases, and generated queries, in the site's own script, in a real browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.browser import launched_chromium
from tests.query.strategies import queries, texts
from tests.query.test_cases import CASES, node

from bucketlens.query import (
    QueryError,
    Vocabulary,
    VocabularyCategory,
    VocabularyLabel,
    from_json,
    parse,
    resolve,
    to_json,
    to_text,
    without_places,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.xdist_group("browser")

SCRIPT = Path(__file__).resolve().parents[2] / "src/bucketlens/site/static/js/query.js"

LOAD = """source => {
  const run = new Function(source + "; return {parse, toText, Vocabulary, QueryError, wordAt};");
  globalThis.query = run();
}"""
READ = """texts => texts.map(text => {
  try {
    const tree = query.parse(text);
    return {tree, normal: query.toText(tree)};
  } catch (error) {
    if (!(error instanceof query.QueryError)) throw error;
    return {message: error.message, start: error.start, end: error.end};
  }
})"""
RESOLVE = """([labels, categories, texts]) => {
  const vocabulary = new query.Vocabulary(labels, categories);
  return texts.map(text => {
    try {
      const {node, query: shown, warnings} = vocabulary.resolve(query.parse(text));
      return {node, normal: query.toText(shown), warnings};
    } catch (error) {
      if (!(error instanceof query.QueryError)) throw error;
      const {message, start, end, suggestions} = error;
      return {message, start, end, suggestions};
    }
  });
}"""
COMPLETE = """([labels, categories, prefixes]) => {
  const vocabulary = new query.Vocabulary(labels, categories);
  return prefixes.map(prefix => vocabulary.complete(prefix).map(({text}) => text));
}"""


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    """A blank page that has loaded the script."""
    with launched_chromium() as browser:
        page = browser.new_page()
        source = SCRIPT.read_text(encoding="utf-8").replace("export ", "")
        page.evaluate(LOAD, source)
        yield page


def places(text: str, found: dict[str, Any]) -> dict[str, Any]:
    """The places of a mistake in characters; JavaScript counts in units of UTF-16."""
    units = text.encode("utf-16-le", "surrogatepass")
    for name in ("start", "end"):
        if found.get(name, -1) >= 0:
            before = units[: 2 * found[name]].decode("utf-16-le", "surrogatepass")
            found[name] = len(before)
    return found


def python_read(text: str) -> dict[str, Any]:
    """What Python makes of a query, as the script would say it."""
    try:
        tree = parse(text)
    except QueryError as exc:
        return {"message": exc.message, "start": exc.start, "end": exc.end}
    return {"tree": without_places(tree), "normal": to_text(tree)}


def python_resolved(text: str, vocabulary: Vocabulary) -> dict[str, Any]:
    """What Python makes of a query in a collection, as the script would say it."""
    try:
        found = resolve(parse(text), vocabulary)
    except QueryError as exc:
        place = {"message": exc.message, "start": exc.start, "end": exc.end}
        return place | {"suggestions": list(exc.suggestions)}
    return {
        "node": without_places(found.node),
        "normal": to_text(found.query),
        "warnings": list(found.warnings),
    }


def script_read(page: Any, texts: list[str]) -> list[dict[str, Any]]:  # noqa: ANN401
    """What the script makes of queries."""
    found = []
    for text, each in zip(texts, page.evaluate(READ, texts), strict=True):
        if "tree" in each:
            each["tree"] = without_places(from_json(json.dumps(each["tree"])))
        found.append(places(text, each))
    return found


def test_the_script_reads_all_cases(page: Any):  # noqa: ANN401
    """Trees, normal texts and mistakes are the same as in Python."""
    texts = [case["text"] for case in CASES["read"] + CASES["mistakes"]]
    assert script_read(page, texts) == [python_read(text) for text in texts]
    for case, found in zip(CASES["read"], script_read(page, texts), strict=False):
        assert found["tree"] == node(case["query"])


def test_the_script_understands_all_cases(page: Any):  # noqa: ANN401
    """Conditions, warnings, unknown words and what is near to them are the same."""
    cases = CASES["meanings"] + CASES["unknown"]
    argument = [CASES["labels"], CASES["categories"], [case["text"] for case in cases]]
    for case, found in zip(cases, page.evaluate(RESOLVE, argument), strict=True):
        if "condition" not in case:
            assert found | {"text": case["text"]} == case
            continue
        condition = without_places(from_json(json.dumps(found["node"])))
        assert condition == node(case["condition"])
        assert found["warnings"] == case["warnings"]
        assert found["normal"] == case.get("query", found["normal"])


def test_the_script_completes_all_cases(page: Any):  # noqa: ANN401
    """The same words in the same order."""
    prefixes = [case["prefix"] for case in CASES["completions"]]
    found = page.evaluate(COMPLETE, [CASES["labels"], CASES["categories"], prefixes])
    assert found == [case["texts"] for case in CASES["completions"]]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(batch=texts())
def test_both_read_whatever_is_typed(page: Any, batch: list[str]):  # noqa: ANN401
    """Any text at all: the same tree or the same mistake at the same place."""
    assert script_read(page, batch) == [python_read(text) for text in batch]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(batch=queries())
def test_both_understand_generated_queries(page: Any, batch: list[str]):  # noqa: ANN401
    """Queries over words of a collection: the same condition, or the same unknown word."""
    vocabulary = Vocabulary(
        [VocabularyLabel(**each) for each in CASES["labels"]],
        [VocabularyCategory(**each) for each in CASES["categories"]],
    )
    argument = [CASES["labels"], CASES["categories"], batch]
    for text, found in zip(batch, page.evaluate(RESOLVE, argument), strict=True):
        if "node" in found:
            found["node"] = without_places(from_json(json.dumps(found["node"])))
        assert places(text, found) == python_resolved(text, vocabulary), text


def test_the_word_that_is_typed_is_found(page: Any):  # noqa: ANN401
    """Completion replaces the word around the caret, a minus before it stays."""
    cases = {
        "dog be|": (4, 6, "be"),
        "do|g cat": (0, 3, "do"),
        "dog -be|": (5, 7, "be"),
        'dog "golden re|': (4, 14, '"golden re'),
        'x category:"Animals a|': (2, 21, 'category:"Animals a'),
        "(category: sp|": (1, 13, "category: sp"),
        "dog |": (4, 4, ""),
        "|": (0, 0, ""),
    }
    for marked, (start, end, prefix) in cases.items():
        caret = marked.index("|")
        text = marked.replace("|", "")
        found = page.evaluate("([text, caret]) => query.wordAt(text, caret)", [text, caret])
        assert found == {"start": start, "end": end, "prefix": prefix}, marked


def test_the_json_form_is_shared():
    """What Python writes is what the script writes: JSON with ``op`` and places."""
    assert json.loads(to_json(parse("dog -beach"))) == {
        "op": "and",
        "args": [
            {"op": "term", "text": "dog", "at": [0, 3]},
            {"op": "not", "arg": {"op": "term", "text": "beach", "at": [5, 10]}},
        ],
    }
