"""Amazon Rekognition as the settings say: connected, paced and paid from a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bucketlens.errors import ConfigError
from bucketlens.imaging import Limits
from bucketlens.models.rekognition import connect
from bucketlens.pipeline.asking import (
    CALLS_AT_ONCE,
    Origin,
    RekognitionScorer,
    detect_labels_request,
    request_fingerprint,
)
from bucketlens.pipeline.metering import Meter
from bucketlens.pipeline.replying import Replies
from bucketlens.pipeline.spending import Spending, image_price
from bucketlens.stores import amazon_bucket, open_store, store_options

if TYPE_CHECKING:
    from collections.abc import Callable

    from bucketlens.models.rekognition import DetectLabels
    from bucketlens.settings import Settings
    from bucketlens.stores import Store


def engage_rekognition(
    settings: Settings,
    *,
    private: Store | None,
    source: Store | None,
    clock: Callable[[], float],
    service: DetectLabels | None = None,
) -> RekognitionScorer:
    """The scorer, connected; nothing is asked or paid yet.

    Args:
        settings: Those that begin with ``rekognition_``, and what is asked of an image.
        private: Keeps spending and replies, unless ``rekognition_state`` names another place.
        source: Where the images come from; None for files that no store holds.
        clock: Gives the time, seconds since the epoch.
        service: To be asked instead of the one that is connected to by the settings.

    Raises:
        ConfigError: Settings, credentials or a place to keep the spending are missing.
    """
    request = detect_labels_request(settings)
    if settings.rekognition_state:
        private = open_store(settings.rekognition_state, store_options(settings))
    if private is None:
        raise ConfigError(
            "Rekognition costs money, and without an OUT there is no place where spending is"
            " counted: set rekognition_state to a folder or URL, such as that of a collection",
            setting="rekognition_state",
        )
    service = service or connect(
        region=settings.rekognition_region or None, connections=CALLS_AT_ONCE
    )
    return RekognitionScorer(
        service,
        request,
        replies=Replies(private, request_fingerprint(request)),
        spending=Spending(
            private,
            price=image_price(settings),
            limit=settings.rekognition_monthly_limit,
            clock=clock,
        ),
        meter=Meter(settings.rekognition_rate),
        limits=Limits(max_bytes=settings.max_bytes, max_pixels=settings.max_pixels),
        origin=_origin(source, service.region, settings),
    )


def _origin(source: Store | None, region: str, settings: Settings) -> Origin | None:
    """Where the service can read the images itself: in Amazon's S3, in its own region."""
    if source is None:
        return None
    found = amazon_bucket(source.location, store_options(settings).s3)
    if found is None or found.region != region:
        return None
    return Origin(found.bucket, found.prefix, source)
