"""What the answers of object stores mean for the caller."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bucketlens.errors import BucketlensError, ConfigError, InputError, TransientError
from bucketlens.stores.base import (
    ClockError,
    ConflictError,
    ForbiddenError,
    ThrottledError,
    missing,
)

_STATUS = re.compile(r"status code: (\d{3})\b")
_CODE = re.compile(r"<Code>([^<]{1,60})</Code>")

UNEXPLAINED = frozenset({301, 307, 400, 403, 404})
"""Answers to a HEAD that mean several things, which only the text of a GET's answer tells apart.

A 404 may be about the bucket: its objects are not gone then.
"""

NO_BUCKET_CODES = frozenset({"NoSuchBucket", "ContainerNotFound"})

_TRANSIENT_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504, 509})
_THROTTLING = frozenset({(429, ""), (503, "")})
"""Statuses without a code, as in an answer to a HEAD; with the second one S3 says SlowDown."""
_THROTTLING_CODES = frozenset(
    {
        *("SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded"),
        *("TooManyRequests", "Busy", "RequestThrottled"),
    }
)
_TRANSIENT_CODES = frozenset(
    {
        *("InternalError", "ServiceUnavailable", "RequestTimeout"),
        *("OperationAborted", "ConditionalRequestConflict"),  # two writers at once: try again
        *("BadDigest", "IncompleteBody", "XAmzContentSHA256Mismatch"),  # changed on the way
    }
)
_CLOCK_CODES = frozenset({"RequestTimeTooSkewed", "RequestExpired"})
_ARCHIVED_CODES = frozenset({"InvalidObjectState", "BlobArchived", "BlobBeingRehydrated"})
_CREDENTIAL_CODES = frozenset(
    {
        *("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"),
        *("TokenRefreshRequired", "InvalidSecurity", "NotSignedUp", "AccountProblem"),
    }
)
_REGION_CODES = frozenset(
    {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
)
_NAME_CODES = frozenset({"KeyTooLongError", "InvalidURI", "InvalidRequest", "InvalidArgument"})
_UNSUPPORTED_STATUS = 501


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a store did not do what it was asked.

    Attributes:
        status: The HTTP status, if there was an answer.
        code: The store's own word for it, where the answer held one; a HEAD never does.
        text: All that is known, in one line.
    """

    status: int | None
    code: str
    text: str

    def __str__(self) -> str:
        """The status and code, or what else is known."""
        known = " ".join(str(part) for part in (self.status, self.code) if part)
        return known or self.text


def parse_refusal(text: str, status: int | None = None) -> Refusal:
    """Read status and code from the message of an obstore error.

    Args:
        text: The message.
        status: What the class of the error says, for messages without a status.
    """
    line = " ".join(text.split("\n\nDebug source", 1)[0].split())
    if "received redirect without location" in line.lower():
        return Refusal(301, "PermanentRedirect", line)
    found, code = _STATUS.search(line), _CODE.search(line)
    return Refusal(int(found[1]) if found else status, code[1] if code else "", line)


def read_error(refusal: Refusal, *, key: str, location: str) -> BucketlensError:
    """What a failed head or get means."""
    if refusal.code in _ARCHIVED_CODES:
        return InputError(
            f"{key!r} in {location} is in an archive class ({refusal.code}); restore it first"
        )
    general = _general_error(refusal, location)
    if general is not None:
        return general
    if refusal.status == 404:  # noqa: PLR2004 - these numbers are names
        return missing(key, location)
    if refusal.status in (401, 403) or refusal.code in _NAME_CODES:
        return ForbiddenError(f"{key!r} in {location} may not be read ({refusal})")
    # Not known: no verdict about the object, and no reason to stop with the others.
    return TransientError(f"{key!r} in {location} can't be read: {refusal.text}")


def write_error(refusal: Refusal, *, key: str, location: str, conditional: bool) -> BucketlensError:
    """What a failed put means; ``conditional`` if it had a condition."""
    general = _general_error(refusal, location)
    if general is not None:
        return general
    if refusal.status in (412, 304) or (conditional and refusal.status in (404, 409)):
        return ConflictError(f"{key!r} has changed in {location} ({refusal})")
    if refusal.status in (401, 403):
        return ConfigError(f"{key!r} may not be written in {location} ({refusal})")
    if refusal.status == _UNSUPPORTED_STATUS and conditional:
        return ConfigError(f"{location} has no conditional puts, which outputs need ({refusal})")
    if refusal.code in _NAME_CODES:
        return InputError(f"{location} can't hold an object named {key!r} ({refusal.text})")
    return _unknown_error(refusal, f"{key!r} can't be written in {location}")


def delete_error(refusal: Refusal, *, key: str, location: str) -> BucketlensError:
    """What a failed delete means; an InputError is that there is no such object to delete."""
    if refusal.status == 404 and refusal.code not in NO_BUCKET_CODES:  # noqa: PLR2004
        return missing(key, location)
    return write_error(refusal, key=key, location=location, conditional=False)


def list_error(refusal: Refusal, *, location: str) -> BucketlensError:
    """What a failed listing means; without a listing nothing can be compared."""
    general = _general_error(refusal, location)
    if general is not None:
        return general
    if refusal.status in (401, 403):
        return ConfigError(f"{location} may not be listed ({refusal})")
    return _unknown_error(refusal, f"{location} can't be listed")


def _general_error(refusal: Refusal, location: str) -> BucketlensError | None:
    """What means the same for every verb."""
    if refusal.code in NO_BUCKET_CODES:
        return ConfigError(f"{location} does not exist ({refusal})")
    if refusal.code in _CREDENTIAL_CODES:
        return ConfigError(f"{location} refuses the credentials ({refusal})")
    if refusal.code in _REGION_CODES or refusal.status in (301, 307, 308):
        return ConfigError(f"{location} is in another region than the one asked ({refusal})")
    return _passing_error(refusal, location)


def _passing_error(refusal: Refusal, location: str) -> TransientError | None:
    """What may be over at the next try."""
    if refusal.code in _THROTTLING_CODES or (refusal.status, refusal.code) in _THROTTLING:
        return ThrottledError(f"{location} asks for fewer requests ({refusal})")
    if refusal.code in _CLOCK_CODES:
        return ClockError(
            f"{location} finds the time of requests wrong ({refusal}): set this machine's clock"
        )
    if refusal.code in _TRANSIENT_CODES or refusal.status in _TRANSIENT_STATUS:
        return TransientError(f"{location} is busy or unavailable ({refusal})")
    return None


def _unknown_error(refusal: Refusal, what: str) -> BucketlensError:
    """An answer that says to stop, or no answer at all."""
    if refusal.status is None:
        return TransientError(f"{what}: {refusal.text}")
    return ConfigError(f"{what}: {refusal.text}")
