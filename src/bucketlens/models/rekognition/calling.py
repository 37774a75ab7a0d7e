"""One call of DetectLabels, without any second try: who calls counts and paces the calls."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import msgspec

from bucketlens.errors import ConfigError
from bucketlens.models.rekognition.refusals import mapped_errors
from bucketlens.models.rekognition.replies import parse_reply
from bucketlens.settings import Feature

if TYPE_CHECKING:
    from bucketlens.types import Reply

REKOGNITION = "rekognition"
"""The classifier of this name is the service."""

API_VERSION = "2016-06-27"

MAX_LABELS = 1000
MAX_DOMINANT_COLORS = 20
"""The most that the service gives. More costs nothing there, and asking again does."""

CONNECT_SECONDS = 5
READ_SECONDS = 60


class DetectLabelsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of each image; a part of what the reply is kept by.

    Labels are asked for without filters: those are applied to the stored reply, so that other
    filters cost no second call.

    Attributes:
        features: What is computed, at least one.
        min_confidence: Labels below this do not come.
    """

    features: tuple[Feature, ...]
    min_confidence: float

    def arguments(self) -> dict[str, Any]:
        """The arguments of the call, without the image."""
        arguments: dict[str, Any] = {"Features": sorted(set(self.features))}
        if "GENERAL_LABELS" in self.features:  # the service refuses these without that feature
            arguments["MaxLabels"] = MAX_LABELS
            arguments["MinConfidence"] = self.min_confidence
        if "IMAGE_PROPERTIES" in self.features:
            arguments["Settings"] = {"ImageProperties": {"MaxDominantColors": MAX_DOMINANT_COLORS}}
        return arguments


class S3Image(msgspec.Struct, frozen=True, kw_only=True):
    """An image that the service reads from its bucket itself."""

    bucket: str
    name: str
    version: str | None = None


class DetectLabels:
    """The operation, through a client of boto3.

    Args:
        client: Of the service ``rekognition``; safe to share between threads.
    """

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - boto3 makes its classes as it goes
        """Hold the client; nothing is asked yet."""
        self._client = client

    @property
    def region(self) -> str:
        """The region that is asked."""
        return str(self._client.meta.region_name)

    def detect(self, image: bytes | S3Image, request: DetectLabelsRequest) -> Reply:
        """The reply to one image.

        Raises:
            RefusedImageError: The image is not taken as it is.
            LostAnswerError: Later; this call may have been carried out.
            ThrottledError: Later, and less often; this call was not carried out.
            TransientError: Later; this call was not carried out.
            ConfigError: No rights, no credentials, a region without the service.
        """
        sent = {"Bytes": image} if isinstance(image, bytes) else {"S3Object": _s3_object(image)}
        with mapped_errors():
            answer = self._client.detect_labels(Image=sent, **request.arguments())
        return parse_reply(answer)


def connect(*, region: str | None = None, connections: int = 32) -> DetectLabels:
    """The operation as AWS's own variables and files say, ``AWS_ENDPOINT_URL_REKOGNITION`` too.

    Args:
        region: Name of the region; None follows AWS's variables and files.
        connections: Calls at once at most.

    Raises:
        ConfigError: boto3 is not installed, or there is no region, or there are no credentials.
    """
    try:
        import boto3  # noqa: PLC0415 - see the package
        import boto3.session  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415
    except ImportError as exc:
        raise ConfigError(
            "Rekognition needs boto3: pip install 'bucketlens[rekognition]'", setting="classifier"
        ) from exc
    # boto3 itself knows only the second of these, Lambda sets both.
    region = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    with mapped_errors():
        session = boto3.session.Session(region_name=region)
        if session.region_name is None:
            raise ConfigError(
                "no AWS region is known: set rekognition_region or AWS_REGION",
                setting="rekognition_region",
            )
        if session.get_credentials() is None:
            raise ConfigError(
                "Rekognition needs AWS credentials and none were found; `aws configure` or the "
                "variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY give them"
            )
        client = session.client(
            "rekognition",
            config=Config(
                retries={"total_max_attempts": 1},
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                max_pool_connections=connections,
            ),
        )
    return DetectLabels(client)


def _s3_object(image: S3Image) -> dict[str, str]:
    found = {"Bucket": image.bucket, "Name": image.name}
    return found if image.version is None else {**found, "Version": image.version}
