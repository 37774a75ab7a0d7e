"""How S3 is reached: endpoint, region and credentials, the same for obstore and boto3."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from bucketlens.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from obstore.store import S3Config, S3Credential
    from obstore.store import S3Store as Backend

_CONNECT_SECONDS = 5
_READ_SECONDS = 30
_REQUEST_SECONDS = 900
"""For a whole request: a large catalog over a slow line is not a failure."""
_REFRESH = timedelta(minutes=5)
"""How long obstore keeps credentials before it asks boto3 again, which knows when they end."""

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")

_ENDPOINT = re.compile(
    r"https?://(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,4}|:[1-5][0-9]{4}|:6[0-4][0-9]{3}"
    r"|:65[0-4][0-9]{2})?(?:/[A-Za-z0-9._~/-]*)?"
)
"""What obstore takes for a URL; it panics at anything else."""

_NATIVE_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)
"""Where these are set (Lambda, containers, CI), obstore finds credentials without boto3."""


class S3Options(msgspec.Struct, frozen=True, kw_only=True):
    """How S3 is reached. What is None follows AWS's own variables and files, as its tools do.

    Attributes:
        endpoint: URL of a server that speaks S3.
        region: Name of the region.
        path_style: Whether the bucket stands in the path, not in the host name. By default it
            does with an endpoint of one's own and for buckets with dots.
        anonymous: Send requests without credentials.
        requester_pays: Say that who asks pays.
    """

    endpoint: str | None = None
    region: str | None = None
    path_style: bool | None = None
    anonymous: bool = False
    requester_pays: bool = False


class Reach:
    """One set of options for one bucket, as obstore and as boto3 want them."""

    def __init__(self, bucket: str, options: S3Options) -> None:
        """Fill in what the options leave to AWS's own variables and files.

        Raises:
            ConfigError: The bucket or the endpoint can't be one, which obstore would die of; or
                boto3 is needed to find credentials and is not installed.
        """
        if not _BUCKET.fullmatch(bucket):
            raise ConfigError(f"{bucket!r} is not the name of a bucket")
        self.bucket = bucket
        self.options = options
        # AWS's own variables, read here once so that both libraries follow them alike.
        variables = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
        self.endpoint = options.endpoint or _first_variable(*variables)
        if self.endpoint and not _ENDPOINT.fullmatch(self.endpoint):
            raise ConfigError(
                f"{self.endpoint!r} is no endpoint; write http://host:port or https://host",
                setting="s3_endpoint",
            )
        region = options.region or _first_variable("AWS_REGION", "AWS_DEFAULT_REGION")
        self.session: Any = None
        if not options.anonymous and not _first_variable(*_NATIVE_CREDENTIALS):
            self.session = _boto3().session.Session(region_name=region)
            region = region or self.session.region_name
        self.region = region or "us-east-1"
        self.path_style = options.path_style
        if self.path_style is None:
            self.path_style = bool(self.endpoint) or "." in bucket

    def backend(self) -> Backend:
        """The bucket for obstore.

        Raises:
            ConfigError: There are no credentials, or an option makes no sense.
        """
        from obstore.exceptions import BaseError  # noqa: PLC0415
        from obstore.store import S3Store as Backend  # noqa: PLC0415 - only where S3 is used

        config: S3Config = {
            "region": self.region,
            "virtual_hosted_style_request": not self.path_style,
            "skip_signature": self.options.anonymous,
            "request_payer": self.options.requester_pays,
            "disable_bulk_delete": True,  # not every server has it, and we delete one by one
        }
        if self.endpoint:
            config["endpoint"] = self._bucket_endpoint(self.endpoint)
        try:
            return Backend(
                self.bucket,
                config=config,
                client_options={
                    "allow_http": (self.endpoint or "").startswith("http://"),
                    "connect_timeout": timedelta(seconds=_CONNECT_SECONDS),
                    "read_timeout": timedelta(seconds=_READ_SECONDS),
                    "timeout": timedelta(seconds=_REQUEST_SECONDS),
                },
                retry_config={"max_retries": 0},
                credential_provider=self._credentials(),
            )
        except (BaseError, ValueError) as exc:
            reason = str(exc).partition("\n")[0]
            raise ConfigError(f"s3://{self.bucket} can't be opened: {reason}") from exc

    def client(self) -> Any:  # noqa: ANN401 - boto3 makes its classes as it goes
        """A client of boto3."""
        boto3 = _boto3()
        from botocore import UNSIGNED  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        session = self.session or boto3.session.Session(region_name=self.region)
        return session.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=self.region,
            config=Config(
                signature_version=UNSIGNED if self.options.anonymous else None,
                s3={"addressing_style": "path" if self.path_style else "virtual"},
                retries={"total_max_attempts": 1},
                connect_timeout=_CONNECT_SECONDS,
                read_timeout=_READ_SECONDS,
                max_pool_connections=32,
            ),
        )

    def _bucket_endpoint(self, endpoint: str) -> str:
        """The endpoint as obstore wants it: with the bucket in the host if that is the style."""
        if self.path_style:
            return endpoint
        parts = urlsplit(endpoint)
        return urlunsplit(parts._replace(netloc=f"{self.bucket}.{parts.netloc}"))

    def _credentials(self) -> Callable[[], S3Credential] | None:
        if self.session is None:
            return None
        found = self.session.get_credentials()
        if found is None:
            raise ConfigError(
                f"no AWS credentials were found for s3://{self.bucket}; configure some, or set "
                "s3_anonymous for a public bucket",
                setting="s3_anonymous",
            )

        def credentials() -> S3Credential:
            frozen = found.get_frozen_credentials()
            return {
                "access_key_id": frozen.access_key,
                "secret_access_key": frozen.secret_key,
                "token": frozen.token,
                "expires_at": datetime.now(UTC) + _REFRESH if frozen.token else None,
            }

        return credentials


def _first_variable(*names: str) -> str | None:
    return next((os.environ[name] for name in names if os.environ.get(name)), None)


def _boto3() -> Any:  # noqa: ANN401
    try:
        import boto3  # noqa: PLC0415
        import boto3.session  # noqa: PLC0415
    except ImportError as exc:
        raise ConfigError("S3 needs boto3: pip install 'bucketlens[s3]'") from exc
    return boto3
