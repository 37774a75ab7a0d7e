"""The models that the tests of this folder share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bucketlens.models import Classifier, Detector, find_model_folder, load_model_folder

TINY = Path(__file__).parent / "tiny"


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    """The packaged classifier."""
    return Classifier(load_model_folder(find_model_folder("efficientnet-lite2")))


@pytest.fixture(scope="session")
def detector() -> Detector:
    """The packaged detector."""
    return Detector(load_model_folder(find_model_folder("nanodet-g")))


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A copy of the smallest model folder, to be damaged."""
    return Path(shutil.copytree(TINY, tmp_path / "tiny"))
