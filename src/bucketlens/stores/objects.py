"""Any object store that obstore knows, with plain keys.

Google Cloud Storage and Azure come this way and are untested. S3 takes its bytes from here and
adds what obstore can't do: see :mod:`bucketlens.stores.s3`.
"""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from bucketlens.errors import InputError
from bucketlens.stores import refusals
from bucketlens.stores.base import Blob, check_size, missing
from bucketlens.types import ObjectInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from obstore import PutMode
    from obstore.store import ObjectStore as Backend

    from bucketlens.errors import BucketlensError
    from bucketlens.stores.refusals import Refusal

_NOT_PLAIN = re.compile(r"(?:\A|/)\.{0,2}(?:/|\Z)|[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Keys that obstore refuses or, worse, changes: empty segments, ``.``, ``..``, control characters.

A leading or trailing slash it takes away without a word.
"""

MAX_KEY_BYTES = 1024
"""Of S3 and Google; Azure counts characters."""

_STATUS_OF = {
    "AlreadyExistsError": 412,
    "PreconditionError": 412,
    "NotModifiedError": 304,
    "FileNotFoundError": 404,
    "PermissionDeniedError": 403,
    "UnauthenticatedError": 401,
    "NotSupportedError": 501,
}
"""The HTTP statuses that obstore's classes stand for."""


def is_plain(key: str) -> bool:
    """Whether obstore holds an object of this name, and under exactly this name."""
    return not _NOT_PLAIN.search(key) and len(key.encode()) <= MAX_KEY_BYTES


def bare_etag(etag: str | None) -> str:
    """An etag as events and records have it, without its quotes; weak ones stay as they are."""
    return (etag or "").removeprefix('"').removesuffix('"') if etag != '""' else ""


def quoted_etag(etag: str) -> str:
    """The etag as requests want it."""
    return etag if etag.endswith('"') else f'"{etag}"'


class ObjectStore:
    """Objects below a prefix of a bucket.

    Args:
        backend: The bucket.
        location: The prefix as a URL, for messages.
        prefix: Of all keys, with its trailing slash.
    """

    def __init__(self, backend: Backend, *, location: str, prefix: str = "") -> None:
        """Keep the bucket; nothing is asked of it yet."""
        self._backend = backend
        self._location = location
        self._prefix = prefix

    @property
    def location(self) -> str:
        """The prefix as a URL."""
        return self._location

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """The objects whose keys begin with ``prefix``; one odd key makes obstore fail."""
        import obstore  # noqa: PLC0415 - only where a bucket is used

        start = self._prefix + prefix
        folder = start.rpartition("/")[0] or None  # obstore takes whole segments
        with self._errors(lambda refusal: refusals.list_error(refusal, location=self._location)):
            for page in obstore.list(self._backend, prefix=folder):
                for meta in page:
                    if meta["path"].startswith(start) and meta["path"] != self._prefix:
                        yield _info(meta["path"].removeprefix(self._prefix), meta)

    def head(self, key: str) -> ObjectInfo:
        """The facts of one object."""
        import obstore  # noqa: PLC0415
        from obstore.exceptions import BaseError  # noqa: PLC0415

        with self._read_errors(key):
            try:
                return _info(key, obstore.head(self._backend, self._prefix + key))
            except (BaseError, FileNotFoundError) as exc:
                if refusals.parse_refusal(str(exc)).status not in refusals.UNEXPLAINED:
                    raise
                return _info(key, obstore.get(self._backend, self._prefix + key).meta)

    def get(self, key: str, *, max_bytes: int | None = None) -> Blob:
        """The object's bytes and facts, from one answer."""
        import obstore  # noqa: PLC0415

        with self._read_errors(key):
            answer = obstore.get(self._backend, self._prefix + key)
            info = _info(key, answer.meta)
            check_size(key, info.size, max_bytes)
            return Blob(bytes(answer.bytes()), info)

    def put(
        self,
        key: str,
        data: bytes,
        *,
        if_match: str | None = None,
        if_absent: bool = False,
        content_type: str | None = None,
        cache_control: str | None = None,
    ) -> str:
        """Write the object in one request, which its store takes whole or not at all."""
        import obstore  # noqa: PLC0415

        if not is_plain(self._prefix + key):
            raise InputError(f"{self._location} can't hold an object named {key!r}")
        mode: PutMode = "overwrite"
        if if_absent:
            mode = "create"
        elif if_match is not None:
            mode = {"e_tag": quoted_etag(if_match)}
        given = {"Content-Type": content_type, "Cache-Control": cache_control}
        conditional = mode != "overwrite"
        with self._errors(
            lambda refusal: refusals.write_error(
                refusal, key=key, location=self._location, conditional=conditional
            )
        ):
            result = obstore.put(
                self._backend,
                self._prefix + key,
                data,
                attributes={name: value for name, value in given.items() if value},
                mode=mode,
                use_multipart=False,  # conditions and readers need one whole object
            )
            return bare_etag(result["e_tag"])

    def delete(self, key: str) -> None:
        """Remove the object if it is there."""
        import obstore  # noqa: PLC0415

        if not is_plain(self._prefix + key):
            return
        with (
            suppress(InputError),
            self._errors(lambda r: refusals.delete_error(r, key=key, location=self._location)),
        ):
            obstore.delete(self._backend, self._prefix + key)

    def url(self, key: str) -> str:
        """The location and the key, as tools of object stores write it: not percent-encoded."""
        return f"{self._location.rstrip('/')}/{key}"

    @contextmanager
    def _read_errors(self, key: str) -> Iterator[None]:
        if not is_plain(self._prefix + key):
            raise missing(key, self._location)
        with self._errors(
            lambda refusal: refusals.read_error(refusal, key=key, location=self._location)
        ):
            yield

    @contextmanager
    def _errors(self, meaning: Callable[[Refusal], BucketlensError]) -> Iterator[None]:
        from obstore.exceptions import BaseError  # noqa: PLC0415

        try:
            yield
        except (BaseError, FileNotFoundError) as exc:
            status = _STATUS_OF.get(type(exc).__name__)
            raise meaning(refusals.parse_refusal(str(exc), status)) from exc


def _info(key: str, meta: Any) -> ObjectInfo:  # noqa: ANN401 - obstore's type is for checkers only
    return ObjectInfo(
        key=key,
        etag=bare_etag(meta["e_tag"]),
        size=meta["size"],
        modified=meta["last_modified"].timestamp(),
        version=meta["version"],
    )
