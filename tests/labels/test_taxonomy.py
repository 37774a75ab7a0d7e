"""The label graph that comes with the package keeps its promises, and its lookups answer."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bucketlens.labels import Taxonomy, TaxonomyLabel, load_taxonomy

ROOT = Path(__file__).parents[2]
TAXONOMY = load_taxonomy()
LABELS = TAXONOMY.labels
NAMES = {label.name for label in LABELS}

SMALL_WORDS = {"of", "and", "the", "in", "on", "des", "o'"}
WRITTEN_AS_THEIR_OWNERS_DO = {"iPod"}
FILTER_PATTERN = re.compile(r"[A-Za-z0-9àâèçñó'-_(). ]{1,50}")
"""What DetectLabels allows in a label filter."""


def names(found: tuple[TaxonomyLabel, ...]) -> list[str]:
    """The names of labels, in their order."""
    return [label.name for label in found]


def in_title_case(text: str) -> bool:
    """Whether each word, and each part between hyphens, begins with a capital or a digit."""
    first, *rest = re.split(r"[ -]", text)
    return text in WRITTEN_AS_THEIR_OWNERS_DO or all(
        word[0].isupper() or word[0].isdigit() or word[0] == "("
        for word in [first, *(word for word in rest if word not in SMALL_WORDS)]
    )


def test_no_label_is_above_itself():
    """The graph has no cycles."""
    for i in range(len(LABELS)):
        assert i not in TAXONOMY.ancestor_indices(i), LABELS[i].name


def test_each_parent_is_a_label_of_its_own_and_named_once():
    """What a label names as its parent can be looked up, and no parent is named twice."""
    for label in LABELS:
        assert set(label.parents) <= NAMES, label.name
        assert len(set(label.parents)) == len(label.parents), label.name


def test_the_primary_parents_make_a_tree_below_the_roots():
    """Following first parents from any label ends at one of few roots."""
    by_name = {label.name: label for label in LABELS}
    tops = set()
    for label in LABELS:
        current = label
        while current.parents:
            current = by_name[current.parents[0]]
        tops.add(current.name)
    assert tops == {LABELS[i].name for i in TAXONOMY.root_indices()}
    assert tops >= {"Animal", "Food", "Vehicle", "Person", "Furniture", "Clothing", "Outdoors"}


def test_no_chain_of_parents_is_long():
    """Six steps up from any label is the root."""
    depth = {}
    for i, label in enumerate(LABELS):
        current, steps = i, 0
        while TAXONOMY.parent_indices(current):
            current, steps = TAXONOMY.parent_indices(current)[0], steps + 1
        depth[label.name] = steps
    assert max(depth.values()) <= 6


def test_each_label_has_one_of_the_40_categories():
    """Every label is in at least one category, and only in categories that Rekognition has."""
    assert len(set(TAXONOMY.categories)) == 40
    for label in LABELS:
        assert label.categories, label.name
        assert set(label.categories) <= set(TAXONOMY.categories), label.name


def test_names_and_aliases_each_mean_one_label():
    """No two labels share a name or an alias, and no alias is another label's name."""
    owners: dict[str, str] = {}
    for label in LABELS:
        for text in (label.name, *label.aliases):
            key = " ".join(text.casefold().replace("-", " ").split())
            assert owners.setdefault(key, label.name) == label.name, text
            assert TAXONOMY.find(text) is label, text


def test_each_class_of_the_packaged_models_belongs_to_one_label():
    """All 1,000 ImageNet and 80 COCO classes are there, each once."""
    sources = [source for label in LABELS for source in label.sources]
    expected = (ROOT / "tools/taxonomy/classes.txt").read_text(encoding="utf-8").splitlines()
    assert len([s for s in expected if s.startswith("n")]) == 1000
    assert len([s for s in expected if s.startswith("coco:")]) == 80
    assert sorted(sources) == sorted(expected)


def test_names_are_such_that_people_type_and_filters_hold():
    """Names and aliases are in title case, at most 50 characters, of DetectLabels' alphabet."""
    for label in LABELS:
        for text in (label.name, *label.aliases):
            assert FILTER_PATTERN.fullmatch(text), text
            assert in_title_case(text), text


def test_no_name_is_of_the_kind_that_people_laugh_at():
    """WordNet's upper floors and Latin names are not labels."""
    for silly in ("Whole", "Artifact", "Instrumentality", "Matter", "Entity", "Tinca tinca"):
        assert TAXONOMY.resolve(silly) is None, silly


def test_a_golden_retriever_is_what_people_say_it_is():
    """The primary chain leads from the breed to Animal, and a dog is a pet too."""
    above = names(TAXONOMY.ancestors("Golden Retriever"))
    assert above == ["Retriever", "Dog", "Canine", "Mammal", "Animal", "Pet"]
    assert LABELS[TAXONOMY.index_of("n02099601")].name == "Golden Retriever"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("n02012849", "Crane Bird"),
        ("n03126707", "Construction Crane"),
        ("n01608432", "Kite Bird"),
        ("coco:kite", "Kite"),
        ("n02963159", "Cardigan"),
        ("n02113186", "Cardigan Welsh Corgi"),
        ("n02108089", "Boxer Dog"),
        ("n02229544", "Cricket Insect"),
        ("coco:mouse", "Computer Mouse"),
        ("n03793489", "Computer Mouse"),
        ("n07747607", "Orange"),
        ("coco:orange", "Orange"),
    ],
)
def test_classes_that_share_a_word_are_told_apart(source: str, name: str):
    """The bird is not the machine, the dog is not the sweater, the device is not the animal."""
    assert LABELS[TAXONOMY.index_of(source)].name == name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("n03710637", "n03710721"),
        ("n04355933", "n04356056"),
        ("n03642806", "n03832673"),
        ("n03782006", "n04152593"),
        ("n03773504", "n04008634"),
        ("n07753592", "coco:banana"),
    ],
)
def test_classes_that_nobody_tells_apart_are_one_label(one: str, other: str):
    """Near-synonyms share a label, so that their probabilities sum."""
    assert TAXONOMY.index_of(one) == TAXONOMY.index_of(other)


@pytest.mark.parametrize(
    ("child", "parent"),
    [
        ("Beagle", "Dog"),
        ("Tabby Cat", "Cat"),
        ("Sports Car", "Car"),
        ("Taxi", "Vehicle"),
        ("Scuba Diver", "Person"),
        ("Baseball", "Ball"),
        ("Espresso", "Drink"),
        ("Volcano", "Mountain"),
        ("Lake", "Outdoors"),
        ("Bald Eagle", "Bird"),
        ("Coffee Mug", "Cup"),
    ],
)
def test_what_is_always_true_stands_above(child: str, parent: str):
    """The parents that a person would name are among the ancestors."""
    assert parent in names(TAXONOMY.ancestors(child))


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("puppy", "Dog"),
        ("KITTEN", "Cat"),
        ("sofa", "Couch"),
        ("cell phone", "Mobile Phone"),
        ("t shirt", "T-Shirt"),
        ("  hot-dog ", "Hot Dog"),
        ("lorry", "Truck"),
        ("coco:dog", "Dog"),
    ],
)
def test_what_people_type_is_understood(typed: str, name: str):
    """Aliases, any case, hyphens and source ids find their label."""
    found = TAXONOMY.find(typed)
    assert found is not None
    assert found.name == name


def test_unknown_words_are_not_guessed():
    """A word that is no label gives None, and index_of says which word it was."""
    assert TAXONOMY.resolve("flux capacitor") is None
    assert TAXONOMY.find("flux capacitor") is None
    with pytest.raises(KeyError, match="flux capacitor"):
        TAXONOMY.index_of("flux capacitor")


def test_leaves_are_a_set_over_all_ways_down():
    """Pet and Mammal both lead to the dogs; Animal counts each class once."""
    dogs = TAXONOMY.leaves("Dog")
    assert {"coco:dog", "n02099601"} <= dogs
    assert dogs <= TAXONOMY.leaves("Pet")
    assert dogs <= TAXONOMY.leaves("Animal")
    assert "n02099601" not in TAXONOMY.leaves("Cat")


def test_descendants_and_ancestors_agree():
    """A label is below exactly those that are above it."""
    for i in range(len(LABELS)):
        for below in TAXONOMY.descendant_indices(i):
            assert i in TAXONOMY.ancestor_indices(below)
    assert names(TAXONOMY.descendants("Corgi")) == ["Cardigan Welsh Corgi", "Pembroke Welsh Corgi"]


def test_labels_of_an_own_model_join_as_roots():
    """Known names are found by source, name or alias; others become labels of their own."""
    mine = TAXONOMY.with_labels(["n02099601", "golden retriever", "puppy", "Widget", "widget"])
    assert len(mine.labels) == len(LABELS) + 1
    widget = mine.find("WIDGET")
    assert widget == TaxonomyLabel(name="Widget")
    assert mine.labels[: len(LABELS)] == LABELS
    assert mine.fingerprint != TAXONOMY.fingerprint
    assert TAXONOMY.with_labels(["Dog"]) is TAXONOMY


def test_the_fingerprint_changes_with_what_a_view_could_show():
    """Same labels, same fingerprint; another alias, another fingerprint."""
    cat = TaxonomyLabel(name="Cat")
    kitty = TaxonomyLabel(name="Cat", aliases=("Kitty",))
    plain = Taxonomy("1", (), (cat,))
    assert plain.fingerprint == Taxonomy("1", (), (cat,)).fingerprint
    assert plain.fingerprint != Taxonomy("1", (), (kitty,)).fingerprint
    assert re.fullmatch("[0-9a-f]{64}", TAXONOMY.fingerprint)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ((TaxonomyLabel(name="Cat"), TaxonomyLabel(name="cat")), "called 'cat'"),
        ((TaxonomyLabel(name="Cat", parents=("Pet",)),), "no labels: Pet"),
        ((TaxonomyLabel(name="Cat"), TaxonomyLabel(name="Dog", aliases=("Cat",))), "cat"),
        (
            (TaxonomyLabel(name="A", sources=("x",)), TaxonomyLabel(name="B", sources=("x",))),
            "two labels",
        ),
        (
            (TaxonomyLabel(name="A", parents=("B",)), TaxonomyLabel(name="B", parents=("A",))),
            "above itself",
        ),
    ],
)
def test_a_graph_that_contradicts_itself_is_refused(
    labels: tuple[TaxonomyLabel, ...], message: str
):
    """Loading says what is wrong with a taxonomy that somebody edited."""
    with pytest.raises(ValueError, match=message):
        Taxonomy("1", (), labels)


def test_the_tree_of_a_label_says_where_it_stands():
    """One label: what is above it, its categories and sources, and what is below."""
    lines = list(TAXONOMY.tree_lines("corgi"))
    assert lines[0] == "above: Dog, Canine, Mammal, Animal, Pet"
    assert lines[1] == "categories: Animals and Pets"
    assert [line.split(" (")[0] for line in lines[2:]] == [
        "Corgi",
        "  Cardigan Welsh Corgi",
        "  Pembroke Welsh Corgi",
    ]


def test_the_whole_tree_shows_each_label_once_and_names_it_under_further_parents():
    """Each label has one line of its own; below its further parents it is marked with a plus."""
    lines = list(TAXONOMY.tree_lines())
    own = [line for line in lines if not line.strip().startswith("+ ")]
    assert len(own) == len(LABELS)
    assert "    + Dog" in lines


def test_the_committed_file_is_what_the_overlay_says(tmp_path: Path):
    """Nobody edited the built file by hand (where WordNet is installed)."""
    wordnet = Path("/usr/share/wordnet")
    if not (wordnet / "data.noun").is_file():
        pytest.skip("WordNet 3.0 is not installed (Debian: wordnet-base)")
    script = ROOT / "tools/taxonomy/build_taxonomy.py"
    done = subprocess.run(
        [sys.executable, script, wordnet, "--check"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
