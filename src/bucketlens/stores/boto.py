"""What only boto3 can do with S3: list buckets that hold odd keys, and reach such objects.

boto3 takes a quarter of a second to import and seven times obstore's processor time a request, so
it is imported with the first listing or the first odd key, and by nothing else.
"""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from bucketlens.errors import ConfigError, InputError, TransientError
from bucketlens.stores import refusals
from bucketlens.stores.base import Blob, check_size
from bucketlens.stores.objects import bare_etag, quoted_etag
from bucketlens.stores.refusals import Refusal
from bucketlens.stores.strain import STRAIN
from bucketlens.types import ObjectInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.exceptions import ClientError

    from bucketlens.errors import BucketlensError
    from bucketlens.stores.retries import RetryPolicy


class BotoObjects:
    """Objects below a prefix of a bucket of S3, through boto3.

    Args:
        connect: Makes the client.
        bucket: Its name.
        prefix: Of all keys, with its trailing slash.
        retry: For the pages of listings.
        requester_pays: Whether requests say that their sender pays.
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        *,
        bucket: str,
        prefix: str,
        retry: RetryPolicy,
        requester_pays: bool = False,
    ) -> None:
        """Keep how to connect; that is done with the first request."""
        self._connect = connect
        self._bucket = bucket
        self._prefix = prefix
        self._location = f"s3://{bucket}/{prefix}"
        self._retry = retry
        self._paid = {"RequestPayer": "requester"} if requester_pays else {}
        self._lock = threading.Lock()
        self._made: Any = None

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """The objects whose keys begin with ``prefix``, a thousand to a request."""
        client = self._client()
        arguments = {"Bucket": self._bucket, "Prefix": self._prefix + prefix, **self._paid}
        while True:
            page = self._retry.call(partial(self._page, client, arguments), told=STRAIN.failed)
            for entry in page.get("Contents", ()):
                if entry["Key"] != self._prefix:  # the marker of the folder itself
                    yield ObjectInfo(
                        key=entry["Key"].removeprefix(self._prefix),
                        etag=bare_etag(entry.get("ETag")),
                        size=entry["Size"],
                        modified=entry["LastModified"].timestamp(),
                    )
            if not page.get("IsTruncated"):
                return
            arguments = {**arguments, "ContinuationToken": page["NextContinuationToken"]}

    def head(self, key: str) -> ObjectInfo:
        """The facts of one object."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 - see the module

        with _errors(self._reading(key)):
            try:
                answer = self._client().head_object(**self._object(key), **self._paid)
            except ClientError as exc:
                if _refusal(exc).status not in refusals.UNEXPLAINED:
                    raise
                answer = self._client().get_object(**self._object(key), **self._paid)
                answer["Body"].close()
        return _info(key, answer)

    def get(self, key: str, *, max_bytes: int | None = None) -> Blob:
        """The object's bytes and facts, from one answer."""
        with _errors(self._reading(key)):
            answer = self._client().get_object(**self._object(key), **self._paid)
            info = _info(key, answer)
            with closing(answer["Body"]) as body:
                check_size(key, info.size, max_bytes)
                return Blob(body.read(), info)

    def put(self, key: str, data: bytes, headers: dict[str, str | None]) -> str:
        """Write the object; ``headers`` are arguments of PutObject, those that are None not sent.

        Conditions are ``IfMatch`` (an etag without quotes) and ``IfNoneMatch``.
        """
        given = {name: value for name, value in headers.items() if value is not None}
        conditional = bool({"IfMatch", "IfNoneMatch"} & set(given))
        if "IfMatch" in given:
            given["IfMatch"] = quoted_etag(given["IfMatch"])
        with _errors(
            lambda refusal: refusals.write_error(
                refusal, key=key, location=self._location, conditional=conditional
            )
        ):
            answer = self._client().put_object(
                **self._object(key), Body=data, **given, **self._paid
            )
        return bare_etag(answer.get("ETag"))

    def delete(self, key: str) -> None:
        """Remove the object if it is there."""
        with (
            suppress(InputError),
            _errors(lambda r: refusals.delete_error(r, key=key, location=self._location)),
        ):
            self._client().delete_object(**self._object(key), **self._paid)

    def _client(self) -> Any:  # noqa: ANN401 - boto3 makes its classes as it goes
        with self._lock:
            if self._made is None:
                self._made = self._connect()
            return self._made

    def _object(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + key}

    def _page(self, client: Any, arguments: dict[str, str]) -> Any:  # noqa: ANN401
        with _errors(lambda refusal: refusals.list_error(refusal, location=self._location)):
            return client.list_objects_v2(**arguments)

    def _reading(self, key: str) -> Callable[[Refusal], BucketlensError]:
        return lambda refusal: refusals.read_error(refusal, key=key, location=self._location)


@contextmanager
def _errors(meaning: Callable[[Refusal], BucketlensError]) -> Iterator[None]:
    from botocore import exceptions  # noqa: PLC0415 - see the module

    try:
        yield
    except exceptions.ClientError as exc:
        raise meaning(_refusal(exc)) from exc
    except exceptions.ParamValidationError as exc:
        raise InputError(f"S3 takes no such request: {exc}") from exc
    except exceptions.NoCredentialsError as exc:
        raise ConfigError(
            "no AWS credentials were found; public buckets need s3_anonymous"
        ) from exc
    except (exceptions.HTTPClientError, exceptions.ConnectionError) as exc:
        raise TransientError(f"S3 gave no whole answer: {exc}") from exc
    except exceptions.BotoCoreError as exc:
        raise ConfigError(f"S3 can't be asked: {exc}") from exc


def _refusal(exc: ClientError) -> Refusal:
    status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    code = exc.response.get("Error", {}).get("Code", "")
    return Refusal(status, "" if code.isdigit() else code, str(exc))


def _info(key: str, answer: dict[str, Any]) -> ObjectInfo:
    return ObjectInfo(
        key=key,
        etag=bare_etag(answer.get("ETag")),
        size=answer["ContentLength"],
        modified=answer["LastModified"].timestamp(),
        version=answer.get("VersionId"),
    )
