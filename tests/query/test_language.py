"""What holds for every query: reading, writing, words and their meanings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.query.strategies import texts, trees

from bucketlens.labels import load_taxonomy
from bucketlens.query import (
    STEPS,
    Node,
    QueryError,
    Vocabulary,
    VocabularyCategory,
    VocabularyLabel,
    level_of,
    parse,
    to_text,
    with_synonyms,
    without_places,
)
from bucketlens.query.synonyms import related_by_name, words_by_name
from bucketlens.query.words import distance, search_key


@pytest.fixture(scope="module")
def packaged() -> Vocabulary:
    """All labels of the packaged taxonomy, with the words that only searching knows."""
    taxonomy = load_taxonomy()
    labels = with_synonyms(
        VocabularyLabel(i, label.name, label.aliases, label.categories)
        for i, label in enumerate(taxonomy.labels)
    )
    return Vocabulary(labels, map(VocabularyCategory, taxonomy.categories))


def names(vocabulary: Vocabulary, word: str) -> list[str]:
    """The names of the labels that a word means."""
    meaning = vocabulary.meaning(word)
    labels = load_taxonomy().labels
    return sorted(labels[i].name for i in meaning.labels) if meaning else []


def read(text: str) -> Node | QueryError:
    """The tree of a query, or the mistake in it."""
    try:
        return without_places(parse(text))
    except QueryError as exc:
        return exc


@given(tree=trees())
def test_a_tree_survives_its_text(tree: Node):
    """What a query's normal text says is the query."""
    assert without_places(parse(to_text(tree))) == tree


@given(batch=texts())
def test_the_normal_text_is_stable(batch: list[str]):
    """Whatever can be read has a normal text that is read as the same, and is its own."""
    for text in batch:
        tree = read(text)
        if isinstance(tree, QueryError):
            assert 0 <= tree.start < tree.end <= len(text), text
            assert tree.explain(text).startswith(tree.message)
            continue
        normal = to_text(tree)
        assert without_places(parse(normal)) == tree
        assert to_text(parse(normal)) == normal


@given(
    st.text("abcd", max_size=6),
    st.text("abcd", max_size=6),
    st.integers(0, 4),
)
def test_distance_is_symmetric_and_bounded(one: str, other: str, most: int):
    """Swapping the words changes nothing, equal words are not apart, too far is one too many."""
    found = distance(one, other, most)
    assert found == distance(other, one, most) <= most + 1
    assert (found == 0) == (one == other)
    assert found >= min(abs(len(one) - len(other)), most + 1)


def test_a_swap_is_one_mistake():
    """Letters that changed places are one mistake, as people make them."""
    assert distance("dgo", "dog", 3) == 1
    assert distance("retreiver", "retriever", 3) == 1
    assert distance("kitten", "sitting", 3) == 3


def test_a_long_query_is_refused():
    """Length and the number of words are bounded, and brackets by that."""
    with pytest.raises(QueryError, match="longer than 1000 characters"):
        parse("x" * 1001)
    for text in ("(" * 101, "-" * 101 + "x", "a " * 101):
        with pytest.raises(QueryError, match="longer than 100 words"):
            parse(text)
    deepest = "(" * 49 + "a b" + ")" * 49
    assert to_text(parse(deepest)) == "a b"
    nested = "(a -" * 24 + "x" + ")" * 24
    assert to_text(parse(nested)) == nested[1:-1].replace("-(", "-(")


def test_levels_count_the_steps_that_are_reached():
    """A step belongs to the level that begins with it."""
    assert [level_of(value) for value in (0, 49.99, 50, 55, 60, 98, 100)] == [0, 0, 1, 1, 2, 7, 7]
    assert [level_of(step) for step in STEPS] == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("word", "label"),
    [
        *(("puppy", "Dog"), ("doggy", "Dog"), ("kitty", "Cat"), ("kittens", "Cat")),
        *(("car", "Car"), ("automobile", "Car"), ("cars", "Car"), ("people", "Person")),
        *(("kid", "Person"), ("children", "Person"), ("woman", "Person"), ("bike", "Bicycle")),
        *(("plane", "Airplane"), ("aeroplanes", "Airplane"), ("tv", "Television")),
        *(("cellphone", "Mobile Phone"), ("phone", "Telephone"), ("smartphone", "Mobile Phone")),
        *(("fridge", "Refrigerator"), ("sofa", "Couch"), ("beach", "Coast"), ("ocean", "Sea")),
        *(("hotdog", "Hot Dog"), ("icecream", "Ice Cream"), ("stopsign", "Stop Sign")),
        *(("geese", "Goose"), ("mice", "Computer Mouse"), ("knives", "Knife"), ("wolves", "Wolf")),
    ],
)
def test_words_of_strangers_find_labels(packaged: Vocabulary, word: str, label: str):
    """Nobody has to know how the taxonomy calls a thing."""
    assert names(packaged, word) == [label]


def test_a_word_may_mean_several_labels(packaged: Vocabulary):
    """Tennis is a ball and a racket."""
    assert names(packaged, "tennis") == ["Tennis Ball", "Tennis Racket"]


def test_every_name_and_alias_finds_its_label(packaged: Vocabulary):
    """No label is hidden by the words of another."""
    for label in load_taxonomy().labels:
        for word in (label.name, *label.aliases):
            assert label.name in names(packaged, word), word


def test_synonyms_stand_for_labels_that_there_are():
    """Each line of the words for searching begins with a label, and adds no alias twice."""
    taxonomy = load_taxonomy()
    known = {search_key(label.name): label for label in taxonomy.labels}
    for name, words in words_by_name().items():
        assert name in known
        keys = [search_key(word) for word in words]
        assert len(set(keys)) == len(keys), name
        assert not set(keys) & {search_key(alias) for alias in known[name].aliases}, name


def test_labels_are_proposed_for_words_that_none_has(packaged: Vocabulary):
    """Each line begins with a label; a word that finds something needs no proposal."""
    known = {search_key(label.name) for label in load_taxonomy().labels}
    for name, words in related_by_name().items():
        assert name in known
        assert not [word for word in words if packaged.meaning(word)], name
    counted = [VocabularyLabel(i, name, count=5 - i) for i, name in enumerate(("Nature", "Sea"))]
    vocabulary = Vocabulary(with_synonyms([*counted, VocabularyLabel(2, "Outdoors")]))
    assert vocabulary.near("sunsets") == ["Nature", "Sea"]
    assert vocabulary.near("sunset", ("category",)) == []


def test_a_label_of_that_name_keeps_its_word():
    """Where a service has a label Woman, the word does not mean every person."""
    person, woman = with_synonyms(
        [VocabularyLabel(0, "Person"), VocabularyLabel(1, "Woman", aliases=("Lady",))]
    )
    assert "man" in person.aliases
    assert not {"woman", "lady"} & set(person.aliases)
    assert woman.aliases == ("Lady",)


def test_a_mistake_is_shown_on_a_terminal():
    """The message, the query with what can't be printed replaced, and a mark below the place."""
    text = "dog \x1b[31m catt"
    error = QueryError("no image here has a label called catt", 10, 14, ("Cat",))
    assert error.explain(text) == (
        "no image here has a label called catt; near to it: Cat\n"
        "    dog \ufffd[31m catt\n"
        "              ^^^^"
    )
