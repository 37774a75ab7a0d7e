"""What looks at images, and what makes labels of it, as the settings say.

Nothing here opens a model before it is needed: :func:`build_view` reads cards only.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bucketlens.errors import ConfigError
from bucketlens.labels import ReplyView, View, load_taxonomy
from bucketlens.models import Classifier, Detector, find_model_folder, load_model_folder
from bucketlens.models.rekognition import REKOGNITION
from bucketlens.pipeline.asking import SERVICE, detect_labels_request, request_fingerprint
from bucketlens.pipeline.engaging import engage_rekognition
from bucketlens.pipeline.labelling import Labeler, limits_fingerprint
from bucketlens.pipeline.scoring import ModelScorer, score_fingerprint
from bucketlens.pipeline.surveying import Current

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.models import ModelCard, ModelFolder
    from bucketlens.settings import Settings
    from bucketlens.stores import Store

NONE = "none"
"""The name of no model."""


@dataclass(frozen=True, slots=True)
class Models:
    """The models in force, read and checked but not yet opened."""

    classifier: ModelFolder | None
    detector: ModelFolder | None

    def folders(self) -> tuple[ModelFolder, ...]:
        """Those that there are."""
        return tuple(folder for folder in (self.classifier, self.detector) if folder is not None)

    def cards(self) -> tuple[ModelCard, ...]:
        """Their cards."""
        return tuple(folder.card for folder in self.folders())


def find_models(settings: Settings) -> Models:
    """The models that the settings name; at least one must be there, or a service instead."""
    if settings.classifier == REKOGNITION:
        return Models(None, None)
    if settings.classifier == NONE and settings.detector == NONE:
        raise ConfigError(
            "classifier and detector are both none: at least one model is needed",
            setting="classifier",
        )
    return Models(_folder(settings.classifier), _folder(settings.detector))


def _folder(name: str) -> ModelFolder | None:
    return None if name == NONE else load_model_folder(find_model_folder(name))


def build_view(settings: Settings, models: Models | None = None) -> View | ReplyView:
    """What makes labels of scores, or of a service's replies."""
    if settings.classifier == REKOGNITION:
        return ReplyView(settings)
    return build_model_view(settings, models)


def build_model_view(settings: Settings, models: Models | None = None) -> View:
    """What makes labels of the scores of models.

    Raises:
        ConfigError: A service gives the labels, whose vocabulary is not ours.
    """
    if settings.classifier == REKOGNITION:
        raise ConfigError(
            "this looks at the scores of a model, and Rekognition gives none: choose a model",
            setting="classifier",
        )
    models = models or find_models(settings)
    return View(
        load_taxonomy(),
        classifier=models.classifier.labels if models.classifier else (),
        detector=models.detector.labels if models.detector else (),
        models=[card.model_sha256 for card in models.cards()],
        settings=settings,
    )


def made_by(settings: Settings) -> frozenset[str]:
    """sha256 of the models that make records now, as the records name them."""
    if settings.classifier == REKOGNITION:
        return frozenset([SERVICE.sha256])
    return frozenset(card.model_sha256 for card in find_models(settings).cards())


def build_labeler(
    settings: Settings,
    *,
    clock: Callable[[], float] = time.time,
    private: Store | None = None,
    source: Store | None = None,
) -> Labeler:
    """The core, with its models opened, or connected to the service that is one.

    Args:
        settings: In force.
        clock: Gives the time, seconds since the epoch.
        private: Where a service's spending and replies are kept.
        source: Where the images are, for a service that may read them there.
    """
    if settings.classifier == REKOGNITION:
        replies = ReplyView(settings)  # before a connection: it finds mistakes in the settings
        asking = engage_rekognition(settings, private=private, source=source, clock=clock)
        return Labeler(settings, asking, replies, clock)
    models = find_models(settings)
    provider = settings.provider
    # ONNX Runtime lets go of Python's lock while it opens a model: 50 ms beside as much of ours.
    with ThreadPoolExecutor(2, "opening") as threads:
        classifier = detector = None
        if models.classifier:
            classifier = threads.submit(Classifier, models.classifier, provider=provider)
        if models.detector:
            detector = threads.submit(Detector, models.detector, provider=provider)
        view = build_view(settings, models)
    scorer = ModelScorer(
        classifier.result() if classifier else None,
        detector.result() if detector else None,
        settings=settings,
    )
    return Labeler(settings, scorer, view, clock)


def current_fingerprints(settings: Settings) -> Current:
    """The fingerprints of records that are up to date, without loading a model."""
    models = find_models(settings)
    if settings.classifier == REKOGNITION:
        scores = request_fingerprint(detect_labels_request(settings))
    else:
        scores = score_fingerprint(models.cards(), settings)
    return Current(
        scores=scores,
        view=build_view(settings, models).fingerprint,
        limits=limits_fingerprint(settings),
    )
