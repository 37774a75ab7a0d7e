"""Numbers on cases that are counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from bucketlens.evaluation.answers import Answer, Shown
from bucketlens.evaluation.judging import judge
from bucketlens.evaluation.metrics import (
    Share,
    measure_classes,
    measure_each_label,
    measure_labels,
    share,
    size_of,
)
from bucketlens.evaluation.thresholds import sweep
from bucketlens.evaluation.truth import Truth

if TYPE_CHECKING:
    from bucketlens.labels.taxonomy import Taxonomy

Named = Callable[..., frozenset[int]]
Answers = Callable[..., Answer]


@pytest.fixture
def dog(taxonomy: Taxonomy, named: Named) -> Truth:
    """A photo of a dog, all of which is known."""
    everything = frozenset(range(len(taxonomy.labels)))
    return Truth(
        right=named("Dog", "Canine", "Mammal", "Animal", "Thing"),
        specific=named("Dog", "Canine", "Mammal", "Animal"),
        wanted=named("Dog"),
        judged=everything,
        judged_found=everything,
        neutral=named("Beagle"),
        silly=named("Wardrobe"),
        classes=frozenset({0, 1}),
    )


def test_labels_are_counted_by_verdict(dog: Truth, answer: Answers):
    """Two right, one neutral, one wrong, one silly: half of what is judged is right."""
    said = answer(
        ("Dog", 90.0), ("Animal", 95.0), ("Beagle", 60.0), ("Cat", 70.0), ("Wardrobe", 57.0)
    )
    measured = measure_labels(judge([dog, dog], [said, answer()]))
    assert (measured.photos, measured.shown) == (2, 5)
    assert (measured.right, measured.wrong, measured.silly, measured.unjudged) == (2, 2, 1, 1)
    assert measured.precision == Share(2, 4, 0.5)
    assert measured.recall == Share(1, 2, 0.5)
    assert measured.coverage == Share(1, 2, 0.5)
    assert (measured.without_label, measured.with_wrong, measured.with_silly) == (1, 1, 1)


def test_a_right_label_that_says_little_covers_nothing(dog: Truth, answer: Answers):
    """Thing is true of a dog, and tells nobody what the photo shows."""
    assert measure_labels(judge([dog], [answer(("Thing", 99.0))])).coverage == Share(0, 1, 0.0)


def test_photos_without_truth_or_answer_are_left_out(dog: Truth, answer: Answers):
    """What can't be measured counts neither for nor against."""
    assert measure_labels(judge([None, dog], [answer(("Dog", 90.0)), None])).photos == 0


def test_top1_and_top5_of_the_classifier(dog: Truth, answer: Answers):
    """The surest class is right once in three, one of the five surest twice."""
    photos = judge(
        [dog, dog, dog],
        [
            answer(classes=((0, 0.8), (3, 0.1))),
            answer(classes=((2, 0.6), (1, 0.3))),
            answer(classes=((2, 0.6), (3, 0.3))),
        ],
    )
    measured = measure_classes(photos)
    assert measured is not None
    assert measured.top1 == share(1, 3)
    assert measured.top5 == share(2, 3)
    assert measured.calibration is not None
    assert measured.calibration.confidence == pytest.approx(2.0 / 3.0)


def test_without_a_classifier_there_are_no_class_measures(dog: Truth, answer: Answers):
    """A detector alone is not said to have a top-1 of zero."""
    assert measure_classes(judge([dog], [answer(("Dog", 90.0))])) is None


def test_each_label_has_precision_and_recall(dog: Truth, taxonomy: Taxonomy, answer: Answers):
    """Dog is shown once of twice, Cat once and wrongly."""
    photos = judge([dog, dog], [answer(("Dog", 90.0)), answer(("Cat", 70.0))])
    names = [label.name for label in taxonomy.labels]
    rows = {row.label: row for row in measure_each_label(photos, names)}
    assert list(rows) == sorted(rows)
    assert rows["Dog"].precision == share(1, 1)
    assert rows["Dog"].recall == share(1, 2)
    assert rows["Dog"].confidence == 90.0
    assert rows["Cat"].precision == share(0, 1)
    assert rows["Cat"].recall.value is None
    assert rows["Animal"].confidence is None


def test_the_sweep_shows_what_each_threshold_keeps(dog: Truth, taxonomy: Taxonomy, answer: Answers):
    """A higher threshold drops the wrong label first, then the right one, but for its own."""
    said = [answer(("Dog", 80.0), ("Cat", 60.0))]
    many = len(taxonomy.labels)
    own = [90.0] * many
    own[taxonomy.index_of("Dog")] = 50.0
    rows = sweep([dog], said, [(50.0, [50.0] * many), (70.0, [70.0] * many), (90.0, own)])
    assert [row.precision.value for row in rows] == [0.5, 1.0, 1.0]
    assert [row.labels_per_photo for row in rows] == [2.0, 1.0, 1.0]
    assert [row.threshold for row in rows] == [50.0, 70.0, 90.0]


def test_sizes_are_cocos(named: Named, dog: Truth):
    """Precision goes by the box that was found, recall by the object that is there."""
    (index,) = named("Dog")
    truth = Truth(right=dog.right, wanted=dog.wanted, judged=dog.judged, areas={index: 5000.0})
    said = Answer(shown=(Shown(index, 90.0, found=False, area=100.0),))
    small, medium, large = measure_labels(judge([truth], [said])).sizes
    assert (small.precision, small.recall) == (share(1, 1), share(0, 0))
    assert (medium.precision, medium.recall) == (share(0, 0), share(1, 1))
    assert large.recall.value is None


@pytest.mark.parametrize(
    ("area", "size"), [(1023.0, "small"), (1024.0, "medium"), (9215.0, "medium"), (9216.0, "large")]
)
def test_limits_of_sizes(area: float, size: str):
    """32 x 32 is medium, 96 x 96 is large."""
    assert size_of(area) == size
