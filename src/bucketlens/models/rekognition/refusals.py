"""What DetectLabels answers instead of labels, in our errors."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from bucketlens.errors import ConfigError, InputError, TransientError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bucketlens.errors import BucketlensError

SERVER_ERROR = 500


class ThrottledError(TransientError):
    """Too many calls for the account's rate; nothing was done, and nothing is charged."""


class LostAnswerError(TransientError):
    """The call was sent and no whole answer came: it may have been carried out, and charged."""


class RefusedImageError(UnsupportedError):
    """The service does not take this image as it was sent; another form of it may pass."""


class UnreadableObjectError(RefusedImageError):
    """The service can't read the object from its bucket; the bytes themselves may pass."""


ACTIONS: dict[str, type[BucketlensError]] = {
    # What the operation itself declares.
    "AccessDeniedException": ConfigError,
    "ImageTooLargeException": RefusedImageError,
    "InternalServerError": TransientError,
    "InvalidImageFormatException": RefusedImageError,
    "InvalidParameterException": UnsupportedError,
    "InvalidS3ObjectException": UnreadableObjectError,
    "ProvisionedThroughputExceededException": ThrottledError,
    "ThrottlingException": ThrottledError,
    # What any service of AWS may say.
    "LimitExceededException": ThrottledError,
    "RequestLimitExceeded": ThrottledError,
    "RequestTimeout": TransientError,
    "RequestTimeoutException": TransientError,
    "ServiceUnavailable": TransientError,
    "ServiceUnavailableException": TransientError,
    "SlowDown": ThrottledError,
    "Throttling": ThrottledError,
    "ThrottledException": ThrottledError,
    "TooManyRequestsException": ThrottledError,
}
"""What each code means. Others are the server's fault from HTTP 500 on; below, the operator must
act (expired or wrong credentials, a region without the service, a wrong clock), and going on would
only be refused a million times."""


def meaning(code: str, status: int, message: str) -> BucketlensError:
    """The error for a code of the service and its HTTP status."""
    default = TransientError if status >= SERVER_ERROR else ConfigError
    kind = ACTIONS.get(code, default)
    return kind(f"Rekognition answered {code or status}: {message}")


@contextmanager
def mapped_errors() -> Iterator[None]:
    """Turn what botocore raises into our errors."""
    from botocore import exceptions  # noqa: PLC0415 - see the package
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    try:
        yield
    except exceptions.ClientError as exc:
        error = exc.response.get("Error", {})
        status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        raise meaning(error.get("Code", ""), status, error.get("Message", "")) from exc
    except exceptions.ParamValidationError as exc:
        raise InputError(f"Rekognition takes no such request: {exc}") from exc
    except (exceptions.EndpointConnectionError, exceptions.ConnectTimeoutError) as exc:
        raise TransientError(f"Rekognition can't be reached: {exc}") from exc
    except (
        exceptions.HTTPClientError,
        exceptions.ConnectionError,
        ResponseParserError,
    ) as exc:
        raise LostAnswerError(f"Rekognition gave no whole answer: {exc}") from exc
    except exceptions.BotoCoreError as exc:
        raise ConfigError(f"Rekognition can't be asked: {exc}") from exc
