"""Files to :class:`~bucketlens.types.Scores` by asking Amazon Rekognition, for money.

For each image: a kept reply to the same bytes, or else one call, paid for before it is made,
within the rate, tried again when it may work later.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bucketlens.errors import BucketlensError, ConfigError, TransientError
from bucketlens.models.rekognition import (
    API_VERSION,
    REKOGNITION,
    DetectLabelsRequest,
    LostAnswerError,
    RefusedImageError,
    S3Image,
    ThrottledError,
    UnreadableObjectError,
)
from bucketlens.pipeline.fitting import converted, fits
from bucketlens.records import ModelFacts, fingerprint
from bucketlens.stores import RetryPolicy
from bucketlens.types import Scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bucketlens.imaging import Limits
    from bucketlens.models.rekognition import DetectLabels
    from bucketlens.pipeline.metering import Meter
    from bucketlens.pipeline.replying import Replies
    from bucketlens.pipeline.scoring import ImageFile
    from bucketlens.pipeline.spending import Estimate, Spending
    from bucketlens.settings import Settings
    from bucketlens.stores import Store
    from bucketlens.types import ObjectInfo, Reply

log = logging.getLogger(__name__)

ASKING_VERSION = 1
"""Part of the score fingerprint: raised when images are sent or replies are kept otherwise."""

CALLS_AT_ONCE = 32
"""Of one batch; several batches may be under way."""

UNVERSIONED = "null"
"""The version of objects from before their bucket kept versions; it may be overwritten."""

RETRY = RetryPolicy(attempts=8, first_pause=0.5, longest_pause=20.0, total=120.0)

SERVICE = ModelFacts(
    name=REKOGNITION,
    kind="service",
    version=API_VERSION,
    sha256=hashlib.sha256(f"rekognition DetectLabels {API_VERSION}".encode()).hexdigest(),
)


@dataclass(frozen=True, slots=True)
class Origin:
    """A bucket of Amazon S3 that the service may read images from itself.

    Attributes:
        bucket: Its name.
        prefix: Of all keys, with its trailing slash.
        source: The same objects as a store, to see that none changed meanwhile.
    """

    bucket: str
    prefix: str
    source: Store


class RekognitionScorer:
    """Asks for each image what is in it.

    Args:
        service: Makes one call.
        request: What is asked.
        replies: Kept replies.
        spending: Pays.
        meter: Paces.
        limits: For images that must be converted.
        origin: Where the images come from, if the service can read there.
        retry: How often what may work later is tried.
    """

    def __init__(
        self,
        service: DetectLabels,
        request: DetectLabelsRequest,
        *,
        replies: Replies,
        spending: Spending,
        meter: Meter,
        limits: Limits,
        origin: Origin | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        """Hold the parts; nothing is asked yet."""
        self.facts: tuple[ModelFacts, ...] = (SERVICE,)
        self.fingerprint: str = request_fingerprint(request)
        self._service = service
        self._request = request
        self._replies = replies
        self._spending = spending
        self._meter = meter
        self._limits = limits
        self._origin = origin
        self._retry = retry or RETRY
        self._locks = [threading.Lock() for _ in range(256)]

    def score_files(self, files: Sequence[ImageFile]) -> list[Scores | Exception]:
        """Score several files at once; what goes wrong with one stays with that one."""
        if len(files) <= 1:
            return [self._outcome(file) for file in files]
        # Threads cost a hundredth of a call, and none is left when the scorer is dropped.
        with ThreadPoolExecutor(min(len(files), CALLS_AT_ONCE)) as pool:
            return list(pool.map(self._outcome, files))

    def estimate(self, images: int) -> Estimate:
        """What so many images would cost, if none has a kept reply."""
        return self._spending.estimate(images)

    def seconds(self, images: int) -> float:
        """How long so many images would take at the full rate."""
        return images / self._meter.full

    def close(self) -> None:
        """Write back what was set aside to be spent; the scorer can still be used."""
        try:
            self._spending.release()
        except BucketlensError as exc:  # it would hide how the work itself ended
            log.warning("a block of calls stays paid that were not made: %s", exc)

    def _outcome(self, file: ImageFile) -> Scores | Exception:
        try:
            sha256 = hashlib.sha256(file.data).hexdigest()
            with self._locks[int(sha256[:2], 16)]:  # the same picture twice at once is paid once
                return Scores(reply=self._replies.find(sha256) or self._ask(file, sha256))
        except Exception as exc:  # noqa: BLE001 - one image never stops the rest
            return exc

    def _ask(self, file: ImageFile, sha256: str) -> Reply:
        reply = self._reply_as_it_is(file)
        if reply is None:
            image = converted(file.data, self._limits)
            reply = self._retry.call(lambda: self._call(image))
        self._replies.keep(sha256, reply)
        return reply

    def _reply_as_it_is(self, file: ImageFile) -> Reply | None:
        """The reply to the file itself; None where it must be converted."""
        size, origin = len(file.data), self._origin
        if origin is not None and fits(file.decoded, size, stored=True):
            try:
                return self._reply_to_stored(origin, file.info)
            except UnreadableObjectError as exc:
                log.warning("%s; images are sent with the calls from now on", exc)
                self._origin = None
            except RefusedImageError:
                return None
        if not fits(file.decoded, size, stored=False):
            return None
        try:
            return self._retry.call(lambda: self._call(file.data))
        except RefusedImageError:
            return None

    def _reply_to_stored(self, origin: Origin, info: ObjectInfo) -> Reply:
        version = None if info.version == UNVERSIONED else info.version
        image = S3Image(bucket=origin.bucket, name=origin.prefix + info.key, version=version)
        reply = self._retry.call(lambda: self._call(image))
        # The service read later than we did; without a version it may have read other bytes.
        if version is None and origin.source.head(info.key).etag != info.etag:
            raise TransientError(f"{info.key} changed while it was looked at")
        return reply

    def _call(self, image: bytes | S3Image) -> Reply:
        self._meter.wait()
        self._spending.pay()
        try:
            reply = self._service.detect(image, self._request)
        except LostAnswerError:
            raise  # it may be charged
        except (TransientError, ConfigError) as exc:
            self._spending.refund()
            if isinstance(exc, ThrottledError):
                self._meter.refused()
            raise
        self._meter.taken()
        return reply


def detect_labels_request(settings: Settings) -> DetectLabelsRequest:
    """What the settings ask of each image.

    Raises:
        ConfigError: They ask for nothing.
    """
    if not settings.features:
        raise ConfigError("features is empty: Rekognition is asked for nothing", setting="features")
    return DetectLabelsRequest(
        features=settings.features, min_confidence=settings.rekognition_min_confidence
    )


def request_fingerprint(request: DetectLabelsRequest) -> str:
    """The score fingerprint of a :class:`RekognitionScorer`, without a connection."""
    return fingerprint(ASKING_VERSION, REKOGNITION, request.arguments())
