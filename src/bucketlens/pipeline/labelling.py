"""Bytes to a record: decode, score, view, and the pictures that pages show."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from bucketlens.edits import with_edits
from bucketlens.errors import InputError
from bucketlens.imaging import SMALL, Limits, decode, encode_jpeg, preview, small_copy, with_small
from bucketlens.models.rekognition import REKOGNITION
from bucketlens.pipeline.recording import Pictures
from bucketlens.pipeline.scoring import FileScorer, ImageFile, decode_cover
from bucketlens.records import (
    FailureFacts,
    FailureRecord,
    ImageFacts,
    LabelRecord,
    Observed,
    SourceFacts,
    fingerprint,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bucketlens.edits import Edit
    from bucketlens.pipeline.scoring import Scorer
    from bucketlens.settings import Settings
    from bucketlens.types import DecodedImage, ImageProperties, Label, ObjectInfo, Scores

LIMITS_VERSION = 1
"""Part of the limits fingerprint: raised when something that failed may now be read."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """An object's bytes and what the store says of them.

    Attributes:
        sequencer: Of the event that led here, if one did.
        known: The record of these very bytes, where only their pictures are wanted.
    """

    info: ObjectInfo
    data: bytes
    sequencer: str | None = None
    known: LabelRecord | None = None


@dataclass(frozen=True, slots=True)
class Labelled:
    """A record and the pictures for its page; None where none are wanted, or the old ones hold."""

    record: LabelRecord
    pictures: Pictures | None = None


Result = Labelled | FailureRecord | Exception
"""What became of one image; an exception is not the image's fault."""


class LabelView(Protocol):
    """What makes labels of scores: a pure function of what is stored and of settings."""

    @property
    def version(self) -> str:
        """What the record says made the labels, where no service's reply says its own."""

    @property
    def fingerprint(self) -> str:
        """Changes when the same scores would be shown as other labels."""

    def labels(self, scores: Scores, edits: Sequence[Edit] = ()) -> tuple[Label, ...]:
        """The labels to show after what people said, surest first."""

    def image_properties(self, scores: Scores) -> ImageProperties | None:
        """Quality and colours; None where they were not asked for."""


class Labeler:
    """The core: image bytes in, record out; the same through every door.

    Args:
        settings: Limits and sizes.
        scorer: What looks at the pixels, or at the files.
        view: What makes labels of scores.
        clock: Gives the time, seconds since the epoch.
    """

    def __init__(
        self,
        settings: Settings,
        scorer: Scorer | FileScorer,
        view: LabelView,
        clock: Callable[[], float],
    ) -> None:
        """Hold the parts; they are shared by all threads."""
        self.scorer = scorer
        self.view = view
        self.settings = settings
        self._clock = clock
        self._limits = Limits(max_bytes=settings.max_bytes, max_pixels=settings.max_pixels)
        self._cover = decode_cover(settings)
        tones = "IMAGE_PROPERTIES" in settings.features
        # Asked for here, it is made once for both.
        self._small = tones or (settings.shown and settings.thumbnail_size == SMALL)
        self.limits_fingerprint = limits_fingerprint(settings)

    def label(self, images: Sequence[Loaded]) -> list[Result]:
        """Label several images; what goes wrong with one stays with that one."""
        results: list[Result | None] = [None] * len(images)
        decoded: dict[int, DecodedImage] = {}
        for i, image in enumerate(images):
            try:
                decoded[i] = self._decode(image.data)
            except InputError as exc:
                results[i] = self.failure(image.info, exc, data=image.data)
            except Exception as exc:  # noqa: BLE001 - one image never stops the rest
                results[i] = exc
        scores = self._scores(images, {i: d for i, d in decoded.items() if not images[i].known})
        for i, pixels in decoded.items():
            try:
                results[i] = self._result(images[i], pixels, scores.get(i))
            except Exception as exc:  # noqa: BLE001
                results[i] = exc
        return [r if r is not None else AssertionError("an image was passed over") for r in results]

    def close(self) -> None:
        """Give back what a scorer holds for images to come; more may come all the same."""
        if isinstance(self.scorer, FileScorer):
            self.scorer.close()

    def _scores(
        self, images: Sequence[Loaded], decoded: dict[int, DecodedImage]
    ) -> dict[int, Scores | Exception]:
        if not isinstance(self.scorer, FileScorer):
            return self._score(self.scorer, decoded)
        files = [ImageFile(images[i].info, images[i].data, found) for i, found in decoded.items()]
        return dict(zip(decoded, self.scorer.score_files(files), strict=True))

    def _decode(self, data: bytes) -> DecodedImage:
        image = decode(data, limits=self._limits, cover=self._cover)
        return with_small(image) if self._small else image

    def _score(
        self, scorer: Scorer, decoded: dict[int, DecodedImage]
    ) -> dict[int, Scores | Exception]:
        """Score all in one batch; if that fails, one by one, to find the one that is to blame."""
        if not decoded:
            return {}
        try:
            return dict(zip(decoded, scorer.score(list(decoded.values())), strict=True))
        except Exception as exc:  # noqa: BLE001
            if len(decoded) == 1:
                return dict.fromkeys(decoded, exc)
            single: dict[int, Scores | Exception] = {}
            for i, image in decoded.items():
                single |= self._score(scorer, {i: image})
            return single

    def _result(
        self, image: Loaded, decoded: DecodedImage, scores: Scores | Exception | None
    ) -> Result:
        if isinstance(scores, InputError):
            return self.failure(image.info, scores, data=image.data)
        if isinstance(scores, Exception):
            return scores
        if scores is not None:
            record = self._record(image, decoded, scores)
        else:
            assert image.known is not None  # noqa: S101 - all others were scored
            record = self.moved(image.known, image)
        return Labelled(record, self._pictures(image, decoded))

    def _record(self, image: Loaded, decoded: DecodedImage, scores: Scores) -> LabelRecord:
        return LabelRecord(
            **self.shown(scores),
            source=source_facts(image),
            image=ImageFacts(
                format=decoded.format,
                width=decoded.width,
                height=decoded.height,
                frames=decoded.frames,
                orientation=decoded.orientation,
                taken=decoded.taken,
            ),
            models=self.scorer.facts,
            score_fingerprint=self.scorer.fingerprint,
            scores=scores,
            observed=self._observed(image.info, image.sequencer),
        )

    def _pictures(self, image: Loaded, decoded: DecodedImage) -> Pictures | None:
        if not self.settings.shown:
            return None
        return Pictures(
            encode_jpeg(small_copy(decoded, self.settings.thumbnail_size)),
            preview(decoded.pixels, self.settings.preview_size),
            image.data if self.settings.publish_originals else None,
        )

    def shown(self, scores: Scores) -> dict[str, Any]:
        """The fields of a record that the view makes from scores."""
        return shown_fields(self.view, scores)

    def viewed(self, record: LabelRecord) -> LabelRecord:
        """The record with its labels made again from its own scores, as the models have them."""
        return msgspec.structs.replace(record, **self.shown(record.scores))

    def moved(self, record: LabelRecord, image: Loaded) -> LabelRecord:
        """The record of the same bytes under a new version: nothing is computed but the view."""
        return msgspec.structs.replace(
            self.viewed(record),
            source=source_facts(image),
            observed=self._observed(image.info, image.sequencer),
        )

    def failure(
        self, info: ObjectInfo, error: InputError, *, data: bytes | None = None
    ) -> FailureRecord:
        """The record of an object that can't be labelled as it is."""
        sha256 = hashlib.sha256(data).hexdigest() if data is not None else None
        return FailureRecord(
            failure=FailureFacts(
                error=error.code, reason=_plain(error.message), setting=error.setting
            ),
            source=SourceFacts(key=info.key, size=info.size, sha256=sha256),
            limits_fingerprint=self.limits_fingerprint,
            observed=self._observed(info, None),
        )

    def _observed(self, info: ObjectInfo, sequencer: str | None) -> Observed:
        return Observed(
            etag=info.etag,
            version=info.version,
            sequencer=sequencer,
            modified=info.modified,
            recorded=self._clock(),
        )


def shown_fields(
    view: LabelView,
    scores: Scores,
    edits: tuple[Edit, ...] = (),
    labels: tuple[Label, ...] | None = None,
) -> dict[str, Any]:
    """The fields of a record that a view makes from scores and what people said.

    Args:
        view: Makes them.
        scores: Of the models.
        edits: What people said.
        labels: Where the view made them already.
    """
    said = scores.reply.label_model_version if scores.reply else ""
    return {
        "labels": view.labels(scores, edits) if labels is None else labels,
        "label_model_version": said or view.version,
        "image_properties": view.image_properties(scores),
        "view_fingerprint": with_edits(view.fingerprint, edits),
        "edits": edits,
    }


def limits_fingerprint(settings: Settings) -> str:
    """Changes when an image that failed may now be read."""
    # A service has limits of its own; what it refused, a model may read.
    service = [REKOGNITION] if settings.classifier == REKOGNITION else []
    return fingerprint(LIMITS_VERSION, settings.max_bytes, settings.max_pixels, *service)


def _plain(message: str) -> str:
    """A message that JSON can hold, whatever the name in it."""
    return message.encode("utf-8", "backslashreplace").decode("utf-8")


def source_facts(image: Loaded) -> SourceFacts:
    """Which bytes these are."""
    return SourceFacts(
        key=image.info.key, size=len(image.data), sha256=hashlib.sha256(image.data).hexdigest()
    )
