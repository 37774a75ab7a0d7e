"""The packaged models on a drawing, and a user's model of another make."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from msgspec import UNSET
from tests.models.drawings import drawing

from bucketlens.models import Classifier, ClassifierDecoding, Detector, load_model_folder
from bucketlens.models.card import InputSpec
from bucketlens.models.classifier import calibrated
from bucketlens.models.folder import find_model_folder
from bucketlens.models.pixels import graph_input

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# Eight-bit kernels of other processors may round a step up where this one rounds it down.
STEP_OF_LOGITS = 0.3
STEP_OF_FEATURES = 0.12
STEP_OF_MAPS = 0.35

GOLDEN_LOG = (-13.740, -11.630, -11.444, -12.725, -10.984, -9.706, -14.349, -12.168)
GOLDEN_ENERGY = 8.143
GOLDEN_FEATURES = (0.0, 0.179, 0.0, 0.198, 0.0, 0.294, 0.0, 0.0)
# At the middle of the map of each stride: four scores before their sigmoid, four box bins.
GOLDEN_SCORES = (
    (-3.928, -6.547, -6.624, -7.086),
    (-4.428, -4.428, -4.428, -4.428),
    (-3.589, -3.589, -3.589, -3.589),
)
GOLDEN_BINS = (
    (0.847, 0.308, 0.308, 0.077),
    (-1.386, -0.447, 0.134, 1.118),
    (-2.803, -0.263, 2.626, 6.960),
)
GOLDEN_SCORES = (
    (-3.989, -6.528, -6.6, -6.963),
    (-4.428, -4.428, -4.428, -4.428),
    (-3.589, -3.589, -3.589, -3.589),
)
GOLDEN_BINS = (
    (0.87, 0.363, 0.29, -0.218),
    (-1.521, -0.537, 0.045, 0.984),
    (-2.889, -0.35, 2.626, 7.223),
)


def drawings(side: int, count: int) -> NDArray[np.uint8]:
    """Return a batch of different drawings."""
    return np.stack([drawing(side, shift) for shift in range(count)])


def test_the_classifier_gives_the_numbers_that_it_gave_when_it_was_built(classifier: Classifier):
    """The first numbers of each output for a fixed picture are pinned."""
    found = classifier.run(drawings(260, 1))
    assert found.log_probabilities.shape == (1, 1000)
    assert found.log_probabilities[0, :8] == pytest.approx(GOLDEN_LOG, abs=STEP_OF_LOGITS)
    assert found.energy == pytest.approx([GOLDEN_ENERGY], abs=STEP_OF_LOGITS)
    assert found.embedding is not None
    assert found.embedding.shape == (1, 1280)
    assert found.embedding[0, :8] == pytest.approx(GOLDEN_FEATURES, abs=STEP_OF_FEATURES)


def test_the_detector_gives_the_numbers_that_it_gave_when_it_was_built(detector: Detector):
    """The first numbers of each map for a fixed picture are pinned, scores and box bins."""
    maps = detector._session.run(None, {"images": drawings(416, 1)})
    assert [level.shape for level in maps] == [(1, side, side, 124) for side in (52, 26, 13)]
    grids = detector.card.decoding.grids
    assert grids is not UNSET
    for level, grid, scores, bins in zip(maps, grids, GOLDEN_SCORES, GOLDEN_BINS, strict=True):
        codes = level[0, level.shape[1] // 2, level.shape[2] // 2]
        middle = (codes.astype(np.float32) - grid.zero) * grid.scale
        assert middle[:4] == pytest.approx(scores, abs=STEP_OF_MAPS)
        assert middle[80:84] == pytest.approx(bins, abs=STEP_OF_MAPS)


def test_the_detector_finds_the_disc(detector: Detector):
    """The one thing in the drawing is found where it was drawn."""
    (found,) = detector.run(drawings(416, 1))
    assert len(found) >= 1
    left, top, width, height = found.box[0].tolist()
    assert (left, top, width, height) == pytest.approx((0.25, 0.25, 0.5, 0.5), abs=0.08)


def test_probabilities_of_a_picture_sum_to_one(classifier: Classifier):
    """What comes out are natural logarithms of a distribution."""
    found = classifier.run(drawings(260, 2))
    assert np.exp(found.log_probabilities.astype(np.float64)).sum(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize(("size", "threads"), [(1, 2), (3, 1), (8, 1), (8, 2)])
def test_a_picture_is_classified_alike_in_every_batch(
    classifier: Classifier, size: int, threads: int
):
    """The record of a picture must not depend on what shared its batch, nor on threads."""
    pictures = drawings(260, 8)
    other = Classifier(load_model_folder(find_model_folder("efficientnet-lite2")), threads=threads)
    for start in range(0, 9 - size, size):
        together = other.run(pictures[start : start + size])
        assert together.embedding is not None
        for offset in range(size):
            alone = classifier.run(pictures[start + offset : start + offset + 1])
            assert alone.embedding is not None
            assert np.array_equal(together.log_probabilities[offset], alone.log_probabilities[0])
            assert np.array_equal(together.embedding[offset], alone.embedding[0])
            assert together.energy[offset] == alone.energy[0]


@pytest.mark.parametrize(("size", "threads"), [(1, 2), (4, 1), (4, 2)])
def test_objects_are_found_alike_in_every_batch(detector: Detector, size: int, threads: int):
    """The same holds for boxes, to the bit."""
    pictures = drawings(416, 4)
    other = Detector(load_model_folder(find_model_folder("nanodet-g")), threads=threads)
    for start in range(0, 5 - size, size):
        together = other.run(pictures[start : start + size])
        for offset, found in enumerate(together):
            (alone,) = detector.run(pictures[start + offset : start + offset + 1])
            assert np.array_equal(found.class_index, alone.class_index)
            assert np.array_equal(found.score, alone.score)
            assert np.array_equal(found.box, alone.box)


def test_a_users_model_of_another_make_runs(tiny: Path):
    """Float planes in BGR, probabilities out, no embedding: all of it from the card."""
    model = Classifier(load_model_folder(tiny))
    picture = np.empty((1, 2, 4, 3), np.uint8)
    picture[...] = (250, 100, 51)  # red, green, blue
    found = model.run(picture)
    # Blue 51/255, green (100-100)/50, red (250-50)/100: the means that the graph compares.
    strengths = np.exp([0.2, 0.0, 2.0])
    assert model.labels == ("blue", "green", "red")
    assert np.exp(found.log_probabilities[0]) == pytest.approx(
        strengths / strengths.sum(), abs=1e-5
    )
    assert found.embedding is None


def test_a_batch_of_another_size_is_a_mistake_of_the_caller(classifier: Classifier):
    """Scaling pictures is not the model's work; the message says what it takes."""
    with pytest.raises(ValueError, match=r"takes uint8 \(N, 260, 260, 3\), got uint8 \(1, 26, 26"):
        classifier.run(drawings(26, 1))


def test_bytes_go_into_a_graph_that_takes_bytes_as_they_are():
    """Nothing is copied or computed where the card says uint8, nhwc and rgb."""
    spec = InputSpec(name="images", width=4, height=2, layout="nhwc", dtype="uint8")
    batch = np.arange(24, dtype=np.uint8).reshape(1, 2, 4, 3)
    assert np.shares_memory(graph_input(batch, spec), batch)


def test_a_temperature_below_one_makes_the_first_class_surer():
    """Logits are divided by the temperature; the energy is of the raw ones."""
    logits = np.array([[2.0, 0.0]])
    decoding = ClassifierDecoding(temperature=0.5)
    log_probabilities, energy = calibrated(logits, decoding)
    assert np.exp(log_probabilities[0, 0]) == pytest.approx(1 / (1 + np.exp(-4)), abs=1e-6)
    assert energy[0] == pytest.approx(np.log(np.exp(2) + 1), abs=1e-6)


def test_probabilities_of_zero_have_a_logarithm():
    """A model that gives exactly 0 gets a very small number rather than infinity."""
    log_probabilities, _ = calibrated(
        np.array([[1.0, 0.0]]), ClassifierDecoding(activation="probabilities")
    )
    assert np.isfinite(log_probabilities).all()


def test_importing_the_models_does_not_import_the_runtime():
    """Commands that run no model start without ONNX Runtime."""
    code = "import sys, bucketlens.models; sys.exit('onnxruntime' in sys.modules)"
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], check=False, env=environment)
    assert done.returncode == 0
