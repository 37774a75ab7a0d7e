"""The parts of a signed request's Authorization header and of its time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bucketlens.server.protocol.errors import (
    IncompleteSignatureError,
    InvalidSignatureError,
    MissingAuthenticationTokenError,
)

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
SERVICE = "rekognition"
BASIC_FORMAT = "%Y%m%dT%H%M%SZ"

_BASIC = re.compile(r"[0-9]{8}T[0-9]{6}Z", re.ASCII)
_REGION = re.compile(r"[a-z0-9-]{1,64}", re.ASCII)
_SIGNATURE = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it came, as far as a signature covers it.

    Attributes:
        method: In capitals.
        path: As it was sent, percent-encoded.
        query: As it was sent, without the question mark.
        headers: Names in lower case, in the order in which they came.
        body: All of it.
    """

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The only value of a header; None where there is none.

        Raises:
            IncompleteSignatureError: There are several.
        """
        values = [value for key, value in self.headers if key == name]
        if len(values) > 1:
            raise IncompleteSignatureError(f"The header '{name}' is there more than once.")
        return values[0] if values else None


@dataclass(frozen=True, slots=True)
class Scope:
    """What a signature holds for.

    Attributes:
        date: ``YYYYMMDD``.
        region: Any; this server stands for all of them.
    """

    date: str
    region: str

    def text(self) -> str:
        """As it stands in the string that is signed."""
        return f"{self.date}/{self.region}/{SERVICE}/{TERMINATOR}"


@dataclass(frozen=True, slots=True)
class Authorization:
    """What the Authorization header says.

    Attributes:
        access_key: Whose secret signed.
        scope: What it holds for.
        signed_headers: Names in lower case, sorted.
        signature: 64 hex digits.
    """

    access_key: str
    scope: Scope
    signed_headers: tuple[str, ...]
    signature: str


def read_authorization(request: SignedRequest) -> Authorization:
    """Take the header apart.

    Raises:
        MissingAuthenticationTokenError: There is none.
        IncompleteSignatureError: It lacks something.
        InvalidSignatureError: It is for another service, or its parts are not in order.
    """
    header = request.header("authorization")
    if not header or not header.strip():
        raise MissingAuthenticationTokenError
    algorithm, _, rest = header.strip().partition(" ")
    if algorithm != ALGORITHM:
        raise IncompleteSignatureError(f"Unsupported algorithm; only {ALGORITHM} is taken.")
    parts = _parts(rest)
    missing = [name for name in ("Credential", "SignedHeaders", "Signature") if not parts.get(name)]
    if missing:
        needed = " ".join(f"Authorization header requires '{name}' parameter." for name in missing)
        raise IncompleteSignatureError(needed)
    access_key, scope = _credential(parts["Credential"])
    if not _SIGNATURE.fullmatch(parts["Signature"]):
        raise IncompleteSignatureError("'Signature' must be 64 hexadecimal digits in lower case.")
    return Authorization(
        access_key, scope, _signed_headers(parts["SignedHeaders"]), parts["Signature"]
    )


def read_time(request: SignedRequest, scope: Scope) -> datetime:
    """When the request was signed.

    Raises:
        IncompleteSignatureError: It says no time, or not in a form that is taken.
        InvalidSignatureError: The scope names another day.
    """
    text = request.header("x-amz-date")
    time = _time_of_date_header(request) if text is None else _basic_time(text)
    day = f"{time:%Y%m%d}"
    if day != scope.date:
        raise InvalidSignatureError(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from"
            f" HTTP: '{scope.date}' != '{day}', from '{time:{BASIC_FORMAT}}'."
        )
    return time


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.split(",") if text.strip() else ():
        name, equals, value = part.strip().partition("=")
        if not equals:
            raise IncompleteSignatureError(
                "The Authorization header has a part that is not a valid key=value pair (missing"
                " equal-sign)."
            )
        if name in parts:
            raise IncompleteSignatureError(f"The Authorization header has '{name}' twice.")
        parts[name] = value
    return parts


def _credential(text: str) -> tuple[str, Scope]:
    elements = text.split("/")
    if len(elements) != 5 or not elements[0]:  # noqa: PLR2004 - as the message says
        raise IncompleteSignatureError(
            "Credential must have exactly 5 slash-delimited elements, e.g."
            " keyid/date/region/service/term."
        )
    access_key, date, region, service, terminator = elements
    if not _REGION.fullmatch(region):
        raise InvalidSignatureError("Credential should be scoped to a valid region.")
    if service != SERVICE:
        raise InvalidSignatureError(f"Credential should be scoped to correct service: '{SERVICE}'.")
    if terminator != TERMINATOR:
        raise InvalidSignatureError(
            f"Credential should be scoped with a valid terminator: '{TERMINATOR}'."
        )
    return access_key, Scope(date, region)


def _signed_headers(text: str) -> tuple[str, ...]:
    names = tuple(text.split(";"))
    if names != tuple(sorted(set(names))) or text != text.lower() or "" in names:
        raise InvalidSignatureError(
            "SignedHeaders must be names in lower case, sorted, each once, divided by semicolons."
        )
    return names


def _basic_time(text: str) -> datetime:
    if _BASIC.fullmatch(text):
        try:
            return datetime.strptime(text, BASIC_FORMAT).replace(tzinfo=UTC)
        except ValueError:
            pass  # a 13th month
    raise IncompleteSignatureError("Date must be in ISO-8601 'basic format' (20261122T150405Z).")


def _time_of_date_header(request: SignedRequest) -> datetime:
    text = request.header("date")
    if text is None:
        raise IncompleteSignatureError(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        )
    if _BASIC.fullmatch(text):
        return _basic_time(text)
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError as exc:
        raise IncompleteSignatureError("The 'Date' header holds no date.") from exc
