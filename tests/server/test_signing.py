"""Signature V4: what clients of AWS sign is taken, and nothing else is."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from bucketlens.server.credentials import AccessKey
from bucketlens.server.protocol.authorization import SignedRequest
from bucketlens.server.protocol.errors import (
    ExpiredTokenError,
    IncompleteSignatureError,
    InvalidSignatureError,
    MissingAuthenticationTokenError,
    ServiceError,
    UnrecognizedClientError,
)
from bucketlens.server.protocol.signing import verify

KEYS = {
    "AKIDPLAIN": AccessKey("plain-secret"),
    "AKIDSESSION": AccessKey("session-secret", session_token="a/session+token=="),  # noqa: S106
    "AKIDOLD": AccessKey("old-secret", expires=datetime(2020, 1, 1, tzinfo=UTC)),
}
SIGNED = (
    "AWS4-HMAC-SHA256 Credential=a/20261122/r/rekognition/aws4_request,"
    " SignedHeaders=host, Signature="
)
"""A header up to its signature."""

BODY = b'{"Image":{"Bytes":"AAAA"}}'
HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "RekognitionService.DetectLabels",
}


def now() -> datetime:
    """The time that botocore signs with."""
    return datetime.now(UTC)


def signed(
    body: bytes = BODY,
    *,
    url: str = "http://localhost:8080/",
    key: str = "AKIDPLAIN",
    secret: str | None = None,
    token: str | None = None,
    region: str = "eu-west-1",
    service: str = "rekognition",
    headers: dict[str, str] | None = None,
) -> SignedRequest:
    """A request as botocore signs it."""
    request = AWSRequest("POST", url, headers={**HEADERS, **(headers or {})}, data=body)
    wanted = Credentials(key, secret or KEYS[key].secret, token)
    SigV4Auth(wanted, service, region).add_auth(request)
    _, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    path, _, query = f"/{path}".partition("?")
    told = [(name.lower(), value) for name, value in request.headers.items()]
    return SignedRequest("POST", path, query, (("host", host), *told), body)


def changed(request: SignedRequest, **headers: str | None) -> SignedRequest:
    """The request with some headers replaced, or removed where None."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    kept = [(n, v) for n, v in request.headers if n not in named]
    added = [(n, v) for n, v in named.items() if v is not None]
    return dataclasses.replace(request, headers=(*kept, *added))


def authorization(request: SignedRequest) -> str:
    """Its Authorization header."""
    return dict(request.headers)["authorization"]


def other_digit(request: SignedRequest) -> str:
    """Another last digit of the signature."""
    return "1" if authorization(request).endswith("0") else "0"


def test_what_botocore_signs_is_taken():
    """A request that is signed with a known key gives that key."""
    assert verify(signed(), KEYS, now()) == "AKIDPLAIN"


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
SEGMENT = st.text("abcXYZ019-_.~ %äé/", max_size=8).map(lambda text: quote(text, safe=""))
PAIR = st.tuples(TEXT, TEXT).map(lambda p: "=".join(quote(part, safe="-_.~") for part in p))


@given(
    body=st.binary(max_size=200),
    path=st.lists(SEGMENT, max_size=4),
    query=st.lists(PAIR, max_size=4),
    note=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
    region=st.sampled_from(["us-east-1", "eu-west-1", "ap-southeast-2"]),
)
def test_any_request_that_botocore_signs_is_taken(
    body: bytes, path: list[str], query: list[str], note: str, region: str
):
    """Paths, queries, headers and bodies of all kinds are made into the same canonical request."""
    url = "http://localhost:8080/" + "/".join(path) + ("?" + "&".join(query) if query else "")
    request = signed(body, url=url, region=region, headers={"X-Note": f" {note}  {note} "})
    assert verify(request, KEYS, now()) == "AKIDPLAIN"


@given(place=st.integers(0, len(BODY) - 1), flip=st.integers(1, 255))
def test_a_changed_body_is_refused(place: int, flip: int):
    """Whatever byte of the body is another one, the signature no longer holds."""
    body = bytearray(BODY)
    body[place] ^= flip
    with pytest.raises(InvalidSignatureError, match="does not match the signature you provided"):
        verify(dataclasses.replace(signed(), body=bytes(body)), KEYS, now())


@pytest.mark.parametrize(
    "forged",
    [
        lambda r: dataclasses.replace(r, method="PUT"),
        lambda r: dataclasses.replace(r, path="/other"),
        lambda r: dataclasses.replace(r, query="a=b"),
        lambda r: changed(r, host="elsewhere:8080"),
        lambda r: changed(r, content_type="text/plain"),
        lambda r: changed(r, x_amz_target="RekognitionService.DetectFaces"),
        lambda r: changed(r, authorization=authorization(r).replace("eu-west-1", "us-east-1")),
        lambda r: changed(r, authorization=authorization(r)[:-1] + other_digit(r)),
    ],
    ids=["method", "path", "query", "host", "type", "target", "region", "signature"],
)
def test_a_tampered_request_is_refused(forged):  # noqa: ANN001
    """Each part that the signature covers is covered."""
    request = signed()
    tampered = forged(request)
    assert tampered != request
    with pytest.raises(InvalidSignatureError):
        verify(tampered, KEYS, now())


def test_a_wrong_secret_is_refused():
    """The name of a key alone opens nothing."""
    with pytest.raises(InvalidSignatureError, match="Check your AWS Secret Access Key"):
        verify(signed(secret="guessed"), KEYS, now())  # noqa: S106


def test_an_unknown_key_is_refused():
    """A key that is not configured is no client."""
    request = signed(key="AKIDNOBODY", secret="x" * 20)
    with pytest.raises(UnrecognizedClientError, match=r"security token .* is invalid"):
        verify(request, KEYS, now())


def test_an_unsigned_request_is_refused():
    """Without an Authorization header a token is missing."""
    with pytest.raises(MissingAuthenticationTokenError, match="Missing Authentication Token"):
        verify(changed(signed(), authorization=None), KEYS, now())


@pytest.mark.parametrize(("minutes", "taken"), [(14, True), (-14, True), (16, False), (-16, False)])
def test_a_signature_holds_for_a_quarter_of_an_hour(minutes: int, *, taken: bool):
    """Before and after that the same request is refused, with the times that are compared."""
    request, then = signed(), now() + timedelta(minutes=minutes)
    if taken:
        assert verify(request, KEYS, then)
        return
    words = "Signature expired.*is now earlier" if minutes > 0 else "not yet current.*still later"
    with pytest.raises(InvalidSignatureError, match=words):
        verify(request, KEYS, then)


def test_temporary_keys_need_their_token():
    """A key with a session token is taken with that token only."""
    token = KEYS["AKIDSESSION"].session_token
    assert verify(signed(key="AKIDSESSION", token=token), KEYS, now()) == "AKIDSESSION"
    for other in (None, "another"):
        with pytest.raises(UnrecognizedClientError):
            verify(signed(key="AKIDSESSION", token=other), KEYS, now())
    with pytest.raises(UnrecognizedClientError):
        verify(signed(token="unasked"), KEYS, now())  # noqa: S106


def test_an_expired_key_is_refused():
    """A key whose time is over says so."""
    with pytest.raises(ExpiredTokenError, match="is expired"):
        verify(signed(key="AKIDOLD"), KEYS, now())


def test_another_service_is_refused():
    """A signature for S3 is none for Rekognition."""
    with pytest.raises(InvalidSignatureError, match="correct service: 'rekognition'"):
        verify(signed(service="s3"), KEYS, now())


@pytest.mark.parametrize("said", ["UNSIGNED-PAYLOAD", "0" * 64])
def test_the_body_is_hashed_whatever_the_request_says(said: str):
    """A body that is not signed, or is said to be another one, is refused."""
    with pytest.raises(InvalidSignatureError):
        verify(signed(headers={"X-Amz-Content-SHA256": said}), KEYS, now())
    right = hashlib.sha256(BODY).hexdigest()
    assert verify(signed(headers={"X-Amz-Content-SHA256": right}), KEYS, now())


@pytest.mark.parametrize(
    ("header", "error", "words"),
    [
        ("AWS4-HMAC-SHA256", IncompleteSignatureError, "requires 'Credential' parameter"),
        ("AWS4-HMAC-SHA256 Credential", IncompleteSignatureError, "missing equal-sign"),
        ("AWS4-HMAC-SHA256 Credential=a/b", IncompleteSignatureError, "requires 'Signature'"),
        ("Bearer token", IncompleteSignatureError, "Unsupported algorithm"),
        ("AWS4-ECDSA-P256-SHA256 Credential=x", IncompleteSignatureError, "Unsupported"),
        (f"{SIGNED.replace('/rekognition', '')}{'0' * 64}", IncompleteSignatureError, "exactly 5"),
        (f"{SIGNED}zz", IncompleteSignatureError, "64 hexadecimal digits"),
        (f"{SIGNED.replace('=host', '=x-a;host')}{'0' * 64}", InvalidSignatureError, "sorted"),
        (f"{SIGNED.replace('aws4', 'aws3')}{'0' * 64}", InvalidSignatureError, "terminator"),
    ],
)
def test_a_broken_header_says_what_is_wrong_with_it(
    header: str, error: type[ServiceError], words: str
):
    """What can't be a signature is told from one that is wrong."""
    with pytest.raises(error, match=words):
        verify(changed(signed(), authorization=header), KEYS, now())


def test_what_decides_must_be_signed():
    """The target, the type and the host can't be left out of what is signed."""
    for name, words in (("x-amz-target", "x-amz-target"), ("host", "'Host'")):
        request = signed()
        parts = authorization(request)
        shorter = parts.replace(f";{name}", "").replace(f"{name};", "")
        assert shorter != parts
        with pytest.raises(InvalidSignatureError, match=words):
            verify(changed(request, authorization=shorter), KEYS, now())
    with pytest.raises(InvalidSignatureError, match="must be signed: x-amz-added"):
        verify(changed(signed(), x_amz_added="1"), KEYS, now())


def test_the_day_of_the_scope_is_the_day_of_the_request():
    """A signing key for another day is refused before anything is computed."""
    request = signed()
    day = f"{now():%Y%m%d}"
    other = authorization(request).replace(day, "20200101")
    with pytest.raises(InvalidSignatureError, match="Date in Credential scope does not match"):
        verify(changed(request, authorization=other), KEYS, now())


def test_a_request_without_a_time_is_refused():
    """There must be a date, in a form that is read."""
    with pytest.raises(IncompleteSignatureError, match="'X-Amz-Date' or a 'Date'"):
        verify(changed(signed(), x_amz_date=None), KEYS, now())
    with pytest.raises(IncompleteSignatureError, match="basic format"):
        verify(changed(signed(), x_amz_date="2026-11-22T10:00:00Z"), KEYS, now())


def test_a_header_that_comes_twice_is_refused():
    """Two Authorization headers are one too many."""
    request = signed()
    twice = dataclasses.replace(
        request, headers=(*request.headers, ("authorization", authorization(request)))
    )
    with pytest.raises(IncompleteSignatureError, match="more than once"):
        verify(twice, KEYS, now())


@given(header=st.text(max_size=200))
def test_no_header_brings_it_down(header: str):
    """Whatever stands in the header, the answer is one of the service's errors."""
    with pytest.raises(ServiceError):
        verify(changed(signed(), authorization=f"AWS4-HMAC-SHA256 {header}"), KEYS, now())
