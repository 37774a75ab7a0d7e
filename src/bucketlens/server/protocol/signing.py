"""Signature V4: whether a request was signed with the secret of an access key that is known."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

from bucketlens.server.protocol.authorization import (
    ALGORITHM,
    BASIC_FORMAT,
    SERVICE,
    TERMINATOR,
    read_authorization,
    read_time,
)
from bucketlens.server.protocol.errors import (
    ExpiredTokenError,
    InvalidSignatureError,
    UnrecognizedClientError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bucketlens.server.credentials import AccessKey
    from bucketlens.server.protocol.authorization import Authorization, Scope, SignedRequest

WINDOW = timedelta(minutes=15)
"""How far the time of a request may be from ours; the same request again is taken within it."""

UNRESERVED = "-_.~"
NO_MATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS"
    " Secret Access Key and signing method. Consult the service documentation for details."
)


def verify(request: SignedRequest, keys: Mapping[str, AccessKey], now: datetime) -> str:
    """The id of the access key that the request was signed with.

    Args:
        request: As it came, with its whole body.
        keys: Those that are known, by their id.
        now: The time, with its zone.

    Raises:
        ServiceError: It was not, and what the service says to that.
    """
    said = read_authorization(request)
    time = read_time(request, said.scope)
    _check_coverage(request, said)
    key = _known_key(request, said, keys, now)
    _check_window(time, now)
    wanted = _signature(key.secret, said.scope, _string_to_sign(request, said, time))
    if not hmac.compare_digest(wanted, said.signature):
        raise InvalidSignatureError(NO_MATCH)
    return said.access_key


def canonical_request(request: SignedRequest, signed_headers: tuple[str, ...]) -> str:
    """The text that both sides make of a request; its hash is what is signed."""
    headers = "".join(f"{name}:{_header_value(request, name)}\n" for name in signed_headers)
    return "\n".join(
        [
            request.method,
            _canonical_path(request.path),
            _canonical_query(request.query),
            headers,
            ";".join(signed_headers),
            hashlib.sha256(request.body).hexdigest(),
        ]
    )


def _check_coverage(request: SignedRequest, said: Authorization) -> None:
    """See that what decides about the request is signed, and that nothing signed is missing."""
    present = {name for name, _ in request.headers}
    if "host" not in said.signed_headers:
        raise InvalidSignatureError(
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
        )
    deciding = {name for name in present if name.startswith("x-amz-")} | present & {"content-type"}
    unsigned = sorted(deciding - set(said.signed_headers))
    if unsigned:
        raise InvalidSignatureError(f"These headers must be signed: {', '.join(unsigned)}.")
    absent = sorted(set(said.signed_headers) - present)
    if absent:
        raise InvalidSignatureError(f"These headers are signed and not there: {', '.join(absent)}.")
    told = request.header("x-amz-content-sha256")
    # The service hashes the body itself; a promise not to sign it changes nothing.
    if told is not None and told != hashlib.sha256(request.body).hexdigest():
        raise InvalidSignatureError("x-amz-content-sha256 is not the hash of the body.")


def _known_key(
    request: SignedRequest, said: Authorization, keys: Mapping[str, AccessKey], now: datetime
) -> AccessKey:
    key = keys.get(said.access_key)
    if key is None:
        raise UnrecognizedClientError
    token = request.header("x-amz-security-token") or ""
    if not hmac.compare_digest(token.encode(), key.session_token.encode()):
        raise UnrecognizedClientError
    if key.expires is not None and now >= key.expires:
        raise ExpiredTokenError
    return key


def _check_window(time: datetime, now: datetime) -> None:
    told, ours = f"{time:{BASIC_FORMAT}}", f"{now:{BASIC_FORMAT}}"
    minutes = WINDOW // timedelta(minutes=1)
    if time < now - WINDOW:
        edge = f"{now - WINDOW:{BASIC_FORMAT}}"
        raise InvalidSignatureError(
            f"Signature expired: {told} is now earlier than {edge} ({ours} - {minutes} min.)"
        )
    if time > now + WINDOW:
        edge = f"{now + WINDOW:{BASIC_FORMAT}}"
        raise InvalidSignatureError(
            f"Signature not yet current: {told} is still later than {edge} ({ours} + {minutes}"
            " min.)"
        )


def _string_to_sign(request: SignedRequest, said: Authorization, time: datetime) -> str:
    canonical = canonical_request(request, said.signed_headers)
    hashed = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
    return f"{ALGORITHM}\n{time:{BASIC_FORMAT}}\n{said.scope.text()}\n{hashed}"


def _signature(secret: str, scope: Scope, text: str) -> str:
    key = _signing_key(secret, scope.date, scope.region)
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=256)
def _signing_key(secret: str, date: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, SERVICE, TERMINATOR):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _header_value(request: SignedRequest, name: str) -> str:
    """All values of a header, each with its blanks trimmed and its runs of them made one."""
    values = [" ".join(value.split()) for key, value in request.headers if key == name]
    return ",".join(values)


def _canonical_path(path: str) -> str:
    """The path without dot segments and empty ones, encoded once more than it was sent."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            kept = kept[:-1]
        elif segment not in {"", "."}:
            kept.append(quote(segment, safe=UNRESERVED))
    end = "/" if kept and path.endswith("/") else ""
    return "/" + "/".join(kept) + end


def _canonical_query(query: str) -> str:
    pairs = []
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if part:
            pairs.append((_encoded(name), _encoded(value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text), safe=UNRESERVED)
