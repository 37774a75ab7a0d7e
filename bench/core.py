"""Every pure step that a record and its pictures need, as functions over photos in memory.

``floor.py`` runs them all in tight loops, ``steps.py`` times each. They are the product's own
functions, called one after the other with no queue, no store and no second thread: what a run
takes longer than this is its overhead.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from bucketlens.assembly import build_labeler
from bucketlens.imaging import (
    Limits,
    decode,
    encode_jpeg,
    model_input,
    picture_tones,
    preview,
    small_copy,
    with_small,
)
from bucketlens.models.boxes import decode_image
from bucketlens.models.pixels import graph_input
from bucketlens.pipeline.labelling import Loaded, source_facts
from bucketlens.pipeline.scoring import decode_cover
from bucketlens.records import ImageFacts, LabelRecord, Observed, encode_record
from bucketlens.scores import encode_embedding, encode_log_probabilities
from bucketlens.settings import Settings
from bucketlens.types import WHOLE, ClassScores, ObjectInfo, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.models import Detections, InputSpec
    from bucketlens.types import DecodedImage, Detection, PictureTones, RGBPixels
    from photosets import Photo

Step = tuple[str, "Callable[[], None]"]


def load(photo: Photo) -> Loaded:
    """A photo's bytes as the pipeline hands them on."""
    data = photo.data
    info = ObjectInfo(key="photo.jpg", etag="0", size=len(data), modified=0.0)
    return Loaded(info, data)


class Core:
    """The steps over one batch of photos; each leaves its results for those that follow.

    Args:
        full: With detector and pictures; else the classifier alone and no derived files.
    """

    def __init__(self, *, full: bool) -> None:
        """Open the models."""
        self.settings = (
            Settings(workers=1) if full else Settings(workers=1, detector="none", pages=False)
        )
        self.labeler = build_labeler(self.settings, clock=lambda: 0.0)
        # The parts that the scorer calls one after the other; here each is called by itself.
        scorer = self.labeler.scorer
        self.classifier, self.detector = scorer._classifier, scorer._detector  # noqa: SLF001
        self.scorer = scorer
        self.limits = Limits()
        self.cover = decode_cover(self.settings)
        self.seconds: Counter[str] = Counter()
        self.steps = self._steps(full=full)

    def run(self, photos: list[Loaded]) -> None:
        """All steps, each over all photos before the next, and the processor time each took."""
        self.photos = photos
        for name, step in self.steps:
            started = time.thread_time()
            step()
            self.seconds[name] += time.thread_time() - started

    def _steps(self, *, full: bool) -> list[Step]:
        steps: list[Step] = [
            ("JPEG to pixels at the scale needed", self.decode),
            ("a copy of 320 pixels", self.shrink),
            ("pixels of the classifier's size", self.shrink_for_classifier),
            ("classifier", self.classify),
            ("scores and embedding as bytes", self.code),
        ]
        if full:
            steps += [
                ("pixels of the detector's size", self.shrink_for_detector),
                ("their normalisation", self.normalise),
                ("detector", self.detect),
                ("maps to boxes", self.find_boxes),
                ("colours of each object", self.describe_objects),
            ]
        steps.append(("image properties", self.measure_tones))
        if full:
            steps += [
                ("JPEG of 320 pixels", self.make_thumbnails),
                ("JPEG of about 1,024 pixels", self.make_previews),
            ]
        return [
            *steps,
            ("sha256", self.hash),
            ("labels and properties of a record", self.view),
            ("record as JSON", self.encode),
        ]

    def decode(self) -> None:
        """Bytes to upright pixels."""
        self.images: list[DecodedImage] = [
            decode(photo.data, limits=self.limits, cover=self.cover) for photo in self.photos
        ]

    def shrink(self) -> None:
        """For colours and thumbnail."""
        self.images = [with_small(image) for image in self.images]

    def shrink_for_classifier(self) -> None:
        """The centre of each picture."""
        self.views = np.stack([_pixels(image, self.classifier.card.input) for image in self.images])

    def classify(self) -> None:
        """One batch."""
        self.said = self.classifier.run(self.views)

    def code(self) -> None:
        """What is stored of the classifier's word."""
        said = self.said
        self.classes = [
            ClassScores(
                box=WHOLE, codes=encode_log_probabilities(row), energy=round(float(energy), 2)
            )
            for row, energy in zip(said.log_probabilities, said.energy, strict=True)
        ]
        self.embeddings = [encode_embedding(row) for row in said.embedding]
        self.detections: list[tuple[Detection, ...]] = [()] * len(self.images)

    def shrink_for_detector(self) -> None:
        """All of each picture."""
        self.squares = [_pixels(image, self.detector.card.input) for image in self.images]

    def normalise(self) -> None:
        """As the detector's graph takes it."""
        spec = self.detector.card.input
        self.tensors = [graph_input(square[np.newaxis], spec) for square in self.squares]

    def detect(self) -> None:
        """One by one: a batch is no faster."""
        names = list(self.detector.card.decoding.maps)
        session, given = self.detector._session, self.detector.card.input.name  # noqa: SLF001
        self.maps = [session.run(names, {given: tensor}) for tensor in self.tensors]

    def find_boxes(self) -> None:
        """Decoding and suppression."""
        detector = self.detector
        self.found: list[Detections] = [
            decode_image([level[0] for level in maps], len(detector.labels), detector.card.decoding)
            for maps in self.maps
        ]

    def describe_objects(self) -> None:
        """Detections as they are stored, with their colours."""
        pairs = zip(self.images, self.found, strict=True)
        describe = self.scorer._detections  # noqa: SLF001
        self.detections = [tuple(describe(image, found)) for image, found in pairs]

    def measure_tones(self) -> None:
        """Colours, brightness, contrast and sharpness."""
        pairs = zip(self.images, self.detections, strict=True)
        self.tones: list[PictureTones] = [
            picture_tones(small_copy(image), found) for image, found in pairs
        ]

    def make_thumbnails(self) -> None:
        """For the index."""
        self.thumbnails = [encode_jpeg(small_copy(image)) for image in self.images]

    def make_previews(self) -> None:
        """For the page of each image."""
        self.previews = [preview(image.pixels, 1024) for image in self.images]

    def hash(self) -> None:
        """Which bytes these are."""
        self.sources = [source_facts(photo) for photo in self.photos]

    def view(self) -> None:
        """Labels from scores."""
        parts = zip(self.classes, self.detections, self.embeddings, self.tones, strict=True)
        self.scores = [
            Scores(classes=(said,), detections=found, embedding=embedding, tones=tones)
            for said, found, embedding, tones in parts
        ]
        self.shown = [self.labeler.shown(scores) for scores in self.scores]

    def encode(self) -> None:
        """The record, put together and written down."""
        parts = zip(self.images, self.sources, self.scores, self.shown, strict=True)
        self.records = [
            encode_record(
                LabelRecord(
                    **shown,
                    source=source,
                    image=ImageFacts(format=image.format, width=image.width, height=image.height),
                    models=self.scorer.facts,
                    score_fingerprint=self.scorer.fingerprint,
                    scores=scores,
                    observed=Observed(etag="0", modified=0.0, recorded=0.0),
                )
            )
            for image, source, scores, shown in parts
        ]


def _pixels(image: DecodedImage, spec: InputSpec) -> RGBPixels:
    return model_input(
        image, width=spec.width, height=spec.height, crop=spec.crop, method=spec.resize
    )
