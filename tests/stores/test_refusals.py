"""What S3's answers mean, through both libraries, against a server that gives them all."""

from __future__ import annotations

import http.server
import os
import threading
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import pytest

from bucketlens.errors import BucketlensError, ConfigError, InputError, MissingError, TransientError
from bucketlens.stores.base import (
    ClockError,
    ConflictError,
    ForbiddenError,
    Store,
    ThrottledError,
)
from bucketlens.stores.reach import S3Options
from bucketlens.stores.retries import NO_RETRIES
from bucketlens.stores.s3 import S3Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ANSWERS = {
    "SlowDown": 503,
    "InternalError": 500,
    "RequestTimeout": 400,
    "TooManyRequests": 429,
    "ConditionalRequestConflict": 409,
    "AccessDenied": 403,
    "InvalidObjectState": 403,
    "SignatureDoesNotMatch": 403,
    "ExpiredToken": 400,
    "RequestTimeTooSkewed": 403,
    "NoSuchKey": 404,
    "NoSuchBucket": 404,
    "PermanentRedirect": 301,
    "AuthorizationHeaderMalformed": 400,
    "KeyTooLongError": 400,
    "PreconditionFailed": 412,
    "NotImplemented": 501,
    "SomethingNew": 400,
    "Unauthorized": 401,
}


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers with the error that the key names, and remembers the requests."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[tuple[str, str, dict[str, str]]]] = []

    def log_message(self, *_args: object) -> None:
        """Say nothing."""

    def answer(self) -> None:
        """The error of this name; without a body to a HEAD, as S3 does."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append((self.command, self.path, dict(self.headers)))
        code = self.path.partition("?")[0].rsplit("/", 1)[1]
        if code == "cut-off.jpg":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.send_header("ETag", '"x"')
            self.send_header("Last-Modified", "Wed, 21 Oct 2015 07:28:00 GMT")
            self.end_headers()
            self.wfile.write(b"abc")
            self.close_connection = True
            return
        if "list-type" in self.path:
            code = self.path.partition("prefix=")[2].partition("&")[0]
        body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
        self.send_response(ANSWERS.get(code, 404))  # boto3 also asks where the bucket is
        self.send_header("Content-Length", str(0 if self.command == "HEAD" else len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Every method is answered alike."""
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The server's URL."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["obstore", "boto3"])
def store(request: pytest.FixtureRequest, endpoint: str, credentials: None) -> Store:
    """A bucket, reached by plain keys through obstore or below an odd prefix through boto3."""
    del credentials
    prefix = "" if request.param == "obstore" else "odd//"
    options = S3Options(endpoint=endpoint, region="us-east-1")
    return S3Store("bucket", prefix, options=options, retry=NO_RETRIES)


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials in the environment and nothing else of AWS."""
    for variable in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def raised(function: Callable[[], object]) -> type[Exception]:
    """The class of what a call raises."""
    with pytest.raises(BucketlensError) as caught:
        function()
    return caught.type


READS = [
    ("SlowDown", ThrottledError),
    ("InternalError", TransientError),
    ("RequestTimeout", TransientError),
    ("TooManyRequests", ThrottledError),
    ("SomethingNew", TransientError),
    ("AccessDenied", ForbiddenError),
    ("Unauthorized", ForbiddenError),
    ("KeyTooLongError", ForbiddenError),
    ("InvalidObjectState", InputError),
    ("NoSuchKey", MissingError),
    ("NoSuchBucket", ConfigError),
    ("SignatureDoesNotMatch", ConfigError),
    ("ExpiredToken", ConfigError),
    ("RequestTimeTooSkewed", ClockError),
    ("PermanentRedirect", ConfigError),
    ("AuthorizationHeaderMalformed", ConfigError),
]


@pytest.mark.parametrize(("code", "error"), READS)
def test_a_failed_read_says_what_to_do(store: Store, code: str, error: type[Exception]) -> None:
    """Get and head raise the same class, though the answer to a HEAD tells nothing."""
    assert raised(lambda: store.get(code)) is error
    assert raised(lambda: store.head(code)) is error


@pytest.mark.parametrize(
    ("code", "plain", "conditional"),
    [
        ("SlowDown", ThrottledError, ThrottledError),
        ("ConditionalRequestConflict", TransientError, TransientError),
        ("PreconditionFailed", ConflictError, ConflictError),
        ("NoSuchKey", ConfigError, ConflictError),
        ("NoSuchBucket", ConfigError, ConfigError),
        ("AccessDenied", ConfigError, ConfigError),
        ("ExpiredToken", ConfigError, ConfigError),
        ("NotImplemented", ConfigError, ConfigError),
        ("KeyTooLongError", InputError, InputError),
    ],
)
def test_a_failed_put_says_what_to_do(
    store: Store, code: str, plain: type[Exception], conditional: type[Exception]
) -> None:
    """A put that is refused stops the run, loses the race, or is tried again."""
    assert raised(lambda: store.put(code, b"")) is plain
    assert raised(lambda: store.put(code, b"", if_match="x")) is conditional


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("SlowDown", ThrottledError),
        ("AccessDenied", ConfigError),
        ("NoSuchBucket", ConfigError),
        ("ExpiredToken", ConfigError),
    ],
)
def test_a_failed_listing_says_what_to_do(
    endpoint: str, credentials: None, code: str, error: type[Exception]
) -> None:
    """A listing that is refused is never an empty one."""
    del credentials
    options = S3Options(endpoint=endpoint, region="us-east-1")
    store = S3Store("bucket", options=options, retry=NO_RETRIES)
    assert raised(lambda: list(store.list(code))) is error


def test_a_delete_of_what_is_gone_is_fine(store: Store) -> None:
    """Deleting no object is no error; deleting in no bucket is."""
    store.delete("NoSuchKey")
    assert raised(lambda: store.delete("NoSuchBucket")) is ConfigError
    assert raised(lambda: store.delete("AccessDenied")) is ConfigError


def test_an_answer_that_is_cut_off_is_tried_again(store: Store) -> None:
    """Fewer bytes than were promised are never content."""
    assert raised(lambda: store.get("cut-off.jpg")) is TransientError


def test_no_server_is_tried_again(credentials: None) -> None:
    """A connection that is refused may work later."""
    del credentials
    options = S3Options(endpoint="http://127.0.0.1:9", region="us-east-1")
    for prefix in ("", "odd//"):
        store = S3Store("bucket", prefix, options=options, retry=NO_RETRIES)
        assert raised(partial(store.get, "a")) is TransientError
        assert raised(partial(store.put, "a", b"")) is TransientError


@pytest.mark.parametrize("key", ["", "x" * 1025, "\udcff.jpg"])
def test_names_that_s3_can_not_hold_are_not_sent(store: Store, key: str) -> None:
    """Such an object is missing and can't be put, and no server is asked."""
    Answering.seen.clear()
    assert raised(lambda: store.get(key)) is MissingError
    assert raised(lambda: store.head(key)) is MissingError
    assert raised(lambda: store.put(key, b"")) is InputError
    store.delete(key)
    assert Answering.seen == []


def test_the_reason_of_an_archived_object_is_in_the_message(store: Store) -> None:
    """The failure record of such an image says what to do."""
    with pytest.raises(InputError, match=r"archive class .* restore"):
        store.get("InvalidObjectState")


@pytest.mark.parametrize("prefix", ["", "odd//"])
@pytest.mark.parametrize("anonymous", [True, False])
def test_options_reach_the_requests(
    endpoint: str, credentials: None, prefix: str, *, anonymous: bool
) -> None:
    """Who pays, or that nothing is signed, stands in the requests of both libraries."""
    del credentials
    options = S3Options(endpoint=endpoint, anonymous=anonymous, requester_pays=not anonymous)
    store = S3Store("bucket", prefix, options=options, retry=NO_RETRIES)
    Answering.seen.clear()
    raised(partial(store.get, "SlowDown"))
    raised(partial(store.head, "SlowDown"))
    raised(lambda: list(store.list("SlowDown")))
    assert len(Answering.seen) == 3
    for _, _, headers in Answering.seen:
        lower = {name.lower(): value for name, value in headers.items()}
        assert lower.get("x-amz-request-payer") == (None if anonymous else "requester")
        assert ("authorization" in lower) is not anonymous


def test_without_credentials_the_operator_is_told(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No credentials anywhere is a mistake that names the setting for public buckets."""
    for variable in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for variable in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(variable, f"{tmp_path}/none")
    with pytest.raises(ConfigError, match="no AWS credentials") as caught:
        S3Store("bucket")
    assert caught.value.setting == "s3_anonymous"


def test_profiles_of_awss_files_are_followed(
    endpoint: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without credentials in the environment, the profile's keys and region sign the requests."""
    for variable in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(variable)
    for variable in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(variable, f"{tmp_path}/aws")
    with open(f"{tmp_path}/aws", "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(
            "[profile work]\nregion = eu-north-1\n"
            "[work]\naws_access_key_id = FROMFILE\naws_secret_access_key = x\n"
        )
    monkeypatch.setenv("AWS_PROFILE", "work")
    store = S3Store("bucket", options=S3Options(endpoint=endpoint), retry=NO_RETRIES)
    Answering.seen.clear()
    raised(lambda: store.get("SlowDown"))
    raised(lambda: list(store.list("SlowDown")))
    for _, _, headers in Answering.seen:
        lower = {name.lower(): value for name, value in headers.items()}
        assert "FROMFILE/" in lower["authorization"]
        assert "/eu-north-1/s3/" in lower["authorization"]
