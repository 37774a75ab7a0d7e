"""Pixels to :class:`~bucketlens.types.Scores`: which regions are looked at, and by what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from bucketlens.imaging import Cover, model_input, picture_tones, region_colors, small_copy
from bucketlens.records import ModelFacts, fingerprint
from bucketlens.scores import encode_embedding, encode_log_probabilities
from bucketlens.types import WHOLE, BoundingBox, ClassScores, Detection, Scores

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from bucketlens.models import Classifier, Detections, Detector, InputSpec, ModelCard
    from bucketlens.settings import Settings
    from bucketlens.types import DecodedImage, Embedding, ObjectInfo, PictureTones

SCORING_VERSION = 2
"""Part of the score fingerprint: raised when decoding or cropping changes what the models see."""

BOX_DIGITS = 4
"""Digits kept of box ratios: a tenth of a pixel at 1,000 pixels."""

COLOURED_SCORE = 0.3
COLOURED_OBJECTS = 10
"""Only objects that may be shown get colours of their own, and at most this many."""

MODEL_SIDE = 416
"""Pixels that the short side keeps at least: what the larger packaged model looks at."""

PREVIEW_SHARE = 0.75
"""Of the wished size, what a preview has at least: a 12 MP photo at a quarter is 1,000 pixels."""

ENERGY_DIGITS = 2


class Scorer(Protocol):
    """What says which things are in pictures."""

    @property
    def facts(self) -> tuple[ModelFacts, ...]:
        """The models, for the record."""

    @property
    def fingerprint(self) -> str:
        """Changes when the same pixels would get other scores."""

    def score(self, images: Sequence[DecodedImage]) -> list[Scores]:
        """Score several images in one go; the result of each does not depend on the others."""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image as its file: the bytes, where they are, and what was decoded from them."""

    info: ObjectInfo
    data: bytes
    decoded: DecodedImage


@runtime_checkable
class FileScorer(Protocol):
    """What says which things are in files: a service, which has its own decoders and its price."""

    @property
    def facts(self) -> tuple[ModelFacts, ...]:
        """The service, for the record."""

    @property
    def fingerprint(self) -> str:
        """Changes when the same file would get another reply."""

    def score_files(self, files: Sequence[ImageFile]) -> list[Scores | Exception]:
        """Score several files at once; what goes wrong with one stays with that one."""

    def close(self) -> None:
        """Give back what is held for calls to come; more may come all the same."""


class ModelScorer:
    """Scores images with ONNX models: a classifier, a detector, or both.

    Args:
        classifier: Names what the whole picture shows.
        detector: Finds objects and where they are.
        settings: Whether colours are measured.
    """

    def __init__(
        self,
        classifier: Classifier | None,
        detector: Detector | None,
        *,
        settings: Settings,
    ) -> None:
        """Hold the models; nothing is computed yet."""
        self._classifier = classifier
        self._detector = detector
        self._tones = "IMAGE_PROPERTIES" in settings.features
        cards = [model.card for model in (classifier, detector) if model is not None]
        self.facts: tuple[ModelFacts, ...] = tuple(model_facts(card) for card in cards)
        self.fingerprint: str = score_fingerprint(cards, settings)

    def under(self, settings: Settings) -> ModelScorer:
        """The same models, opened once, under other settings."""
        return ModelScorer(self._classifier, self._detector, settings=settings)

    def score(self, images: Sequence[DecodedImage]) -> list[Scores]:
        """Score images of any sizes; the classifier takes all their views in one batch."""
        classes, embeddings = self._classify(images)
        detections = self._detect(images)
        return [
            Scores(
                classes=classes[i],
                detections=detections[i],
                embedding=embeddings[i],
                tones=_tones(image, detections[i]) if self._tones else None,
            )
            for i, image in enumerate(images)
        ]

    def _classify(
        self, images: Sequence[DecodedImage]
    ) -> tuple[list[tuple[ClassScores, ...]], list[Embedding | None]]:
        if self._classifier is None:
            return [()] * len(images), [None] * len(images)
        spec = self._classifier.card.input
        classes: list[tuple[ClassScores, ...]] = []
        embeddings: list[Embedding | None] = []
        result = self._classifier.run(np.stack([_pixels_for(spec, image) for image in images]))
        for row in range(len(images)):
            said = ClassScores(
                box=WHOLE,
                codes=encode_log_probabilities(result.log_probabilities[row]),
                energy=round(float(result.energy[row]), ENERGY_DIGITS),
            )
            classes.append((said,))
            features = None if result.embedding is None else result.embedding[row]
            embeddings.append(None if features is None else encode_embedding(features))
        return classes, embeddings

    def _detect(self, images: Sequence[DecodedImage]) -> list[tuple[Detection, ...]]:
        if self._detector is None:
            return [()] * len(images)
        spec = self._detector.card.input
        batches = (_pixels_for(spec, image)[np.newaxis] for image in images)
        # One by one: a batch gains the detector nothing and would hold eight pictures' activations.
        found = [self._detector.run(batch)[0] for batch in batches]
        return [
            tuple(self._detections(image, boxes))
            for image, boxes in zip(images, found, strict=True)
        ]

    def _detections(self, image: DecodedImage, found: Detections) -> Iterator[Detection]:
        """Detections as they are stored, surest first."""
        boxes = rounded_boxes(found.box).tolist()
        rows = list(zip(found.class_index.tolist(), found.score.tolist(), boxes, strict=True))
        colors = region_colors(image.pixels, list(self._coloured(rows)))
        for rank, (class_index, score, (left, top, width, height)) in enumerate(rows):
            yield Detection(
                class_index=class_index,
                score=round(score, BOX_DIGITS),
                left=left,
                top=top,
                width=width,
                height=height,
                colors=colors[rank] if rank < len(colors) else (),
            )

    def _coloured(self, rows: Sequence[tuple[int, float, list[float]]]) -> Iterator[BoundingBox]:
        """The boxes of the first detections, those that get colours of their own."""
        for _, score, (left, top, width, height) in rows[: COLOURED_OBJECTS if self._tones else 0]:
            if score < COLOURED_SCORE:
                return
            yield BoundingBox(left=left, top=top, width=width, height=height)


def score_fingerprint(cards: Sequence[ModelCard], settings: Settings) -> str:
    """The score fingerprint of a :class:`ModelScorer` with these models, without loading them."""
    tones = "IMAGE_PROPERTIES" in settings.features
    cover = decode_cover(settings)
    return fingerprint(
        SCORING_VERSION,
        [(c.model_sha256, c.labels_sha256, c.input, c.decoding) for c in cards],
        tones,
        (cover.short, cover.long),
    )


def model_facts(card: ModelCard) -> ModelFacts:
    """What a record says of a model."""
    return ModelFacts(
        name=card.name,
        kind=str(card.__struct_config__.tag),
        version=card.version,
        sha256=card.model_sha256,
    )


def decode_cover(settings: Settings) -> Cover:
    """The size that pictures are decoded to: what models and preview need.

    It does not depend on whether previews are written, so that the scores do not either.
    """
    return Cover(short=MODEL_SIDE, long=round(PREVIEW_SHARE * settings.preview_size))


def rounded_boxes(boxes: NDArray[np.float32]) -> NDArray[np.float64]:
    """Boxes (K x left, top, width, height) clipped to the picture, with the digits that are kept.

    All at once: one by one in Python they took as long as the colours of the objects.
    """
    near = boxes[:, :2].astype(np.float64)
    far = np.clip(near + boxes[:, 2:], 0.0, 1.0)
    near = np.clip(near, 0.0, 1.0)
    scale = 10.0**BOX_DIGITS
    # A ratio times a power of ten is exact here, so ties are seen as such, and the quotient is the
    # nearest number to the decimal: the same as Python's own rounding.
    rounded: NDArray[np.float64] = np.rint(np.concatenate([near, far - near], axis=1) * scale)
    return rounded / scale


def _pixels_for(spec: InputSpec, image: DecodedImage) -> NDArray[np.uint8]:
    return model_input(
        image,
        width=spec.width,
        height=spec.height,
        crop=spec.crop,
        method=spec.resize,
    )


def _tones(image: DecodedImage, detections: Sequence[Detection]) -> PictureTones:
    return picture_tones(small_copy(image), detections)
