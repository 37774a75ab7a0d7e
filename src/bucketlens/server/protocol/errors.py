"""The service's own errors: a name, an HTTP status and a message for each."""

from __future__ import annotations

from typing import ClassVar

from bucketlens.errors import (
    BucketlensError,
    InputError,
    MissingError,
    TooLargeError,
    TransientError,
)

RETRY_AFTER = 1
"""Seconds after which a request that was turned away for lack of room may come again."""


class ServiceError(Exception):
    """An answer that is an error.

    Args:
        message: In the service's words where it has any.
    """

    code: ClassVar[str] = "InternalServerError"
    status: ClassVar[int] = 400

    def __init__(self, message: str) -> None:
        """Keep the message."""
        super().__init__(message)
        self.message = message


class InternalServerError(ServiceError):
    """Ours is the fault."""

    code = "InternalServerError"
    status = 500


class ThrottlingError(ServiceError):
    """There is no room now; clients of AWS try again by themselves."""

    code = "ThrottlingException"


class InvalidParameterError(ServiceError):
    """The request contradicts itself, or asks for what can't be done."""

    code = "InvalidParameterException"

    def __init__(self, message: str = "Request has invalid parameters") -> None:
        """Say what the service says."""
        super().__init__(message)


class InvalidImageFormatError(ServiceError):
    """The image is of a format that is not taken."""

    code = "InvalidImageFormatException"

    def __init__(self, message: str = "Request has invalid image format") -> None:
        """Say what the service says."""
        super().__init__(message)


class ImageTooLargeError(ServiceError):
    """The image has too many bytes or pixels."""

    code = "ImageTooLargeException"

    def __init__(self, message: str = "Image size is too large") -> None:
        """Say what the service says."""
        super().__init__(message)


class InvalidS3ObjectError(ServiceError):
    """The object that was named can't be read."""

    code = "InvalidS3ObjectException"

    def __init__(self) -> None:
        """Say what the service says."""
        super().__init__(
            "Unable to get object metadata from S3. Check object key, region and/or access"
            " permissions."
        )


class ConstraintError(ServiceError):
    """Fields are out of the ranges that the service's model gives them."""

    code = "ValidationException"


class SerializationError(ServiceError):
    """The body is not JSON of the right shape."""

    code = "SerializationException"


class UnknownOperationError(ServiceError):
    """There is no such operation here."""

    code = "UnknownOperationException"


class MissingAuthenticationTokenError(ServiceError):
    """The request is not signed."""

    code = "MissingAuthenticationTokenException"

    def __init__(self) -> None:
        """Say what the service says."""
        super().__init__("Missing Authentication Token")


class IncompleteSignatureError(ServiceError):
    """The Authorization header is not what Signature V4 wants."""

    code = "IncompleteSignatureException"


class InvalidSignatureError(ServiceError):
    """The signature is not the one that the request and the secret give, or it is too old."""

    code = "InvalidSignatureException"


class UnrecognizedClientError(ServiceError):
    """There is no such access key, or its session token is another."""

    code = "UnrecognizedClientException"

    def __init__(self) -> None:
        """Say what the service says."""
        super().__init__("The security token included in the request is invalid.")


class ExpiredTokenError(ServiceError):
    """The access key was good until a while ago."""

    code = "ExpiredTokenException"

    def __init__(self) -> None:
        """Say what the service says."""
        super().__init__("The security token included in the request is expired")


def as_service_error(error: BucketlensError) -> ServiceError:
    """What one of our errors about an image is called by the service."""
    if isinstance(error, TransientError):
        return ThrottlingError("Slow down; too many requests are under way")
    if isinstance(error, TooLargeError):
        return ImageTooLargeError()
    if isinstance(error, MissingError):
        return InvalidS3ObjectError()
    if isinstance(error, InputError):
        return InvalidImageFormatError()
    return InternalServerError("Internal server error")
